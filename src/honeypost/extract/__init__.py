"""
Bytes of a captured mail in, links, recipients and attachments out.

Everything here is pure, iterative and bounded: no recursion over what an attacker nests, no
step whose cost grows faster than the input, and every list has its limit in ``limits``.
What was cut or broken is named in the report's ``errors``; nothing is dropped in silence.
The worker runs it in a limited child process (``app.extract_child``) all the same.
"""
