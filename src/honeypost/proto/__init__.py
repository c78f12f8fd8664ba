"""Protocol cores: bytes and verdicts in, effects out.  No sockets, clocks or chance here."""
