"""
Header fields: the block, parameters (RFC 2045, 2231) and encoded words (RFC 2047).

As lenient as mail programs: a line that is no field ends the block, the first of several
equal fields counts, a parameter may be quoted, split or charset-tagged.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from honeypost.extract import limits
from honeypost.extract.charset import text_of
from honeypost.extract.marks import Marks

LINE = re.compile(rb"[^\r\n]*(\r\n|\r|\n|\Z)")
FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]{0,200}:")
BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r)(?:\r\n|\n|\r)")
PARAMETER = re.compile(
    r";\s*([^\s=;]{1,200})\s*=\s*(?:\"((?:[^\"\\]|\\.)*)(?:\"|\Z)|([^;]*))", re.DOTALL
)
ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
BETWEEN_WORDS = re.compile(r"(\?=)\s{1,200}(?==\?)")
SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")
Fields = dict[str, list[bytes]]


def read_fields(data: bytes, start: int, end: int, marks: Marks) -> tuple[Fields, int]:
    """Read the header block at ``start``; gives the fields and where the body begins."""
    lines: list[tuple[bytes, list[bytes]]] = []
    at = start
    for count in range(limits.HEADER_LINES + 1):
        if count == limits.HEADER_LINES or at - start > limits.HEADER_BYTES:
            marks.add("headers-cut")
            found = BLANK_LINE.search(data, at, end)
            at = found.end() if found else end
            break
        match = LINE.match(data, at, end)
        if match is None or match.end() == at:
            break
        line = data[at : min(match.start(1), at + limits.ADDRESS_FIELD_BYTES)]
        if not line:
            at = match.end()
            break
        if not _take_line(line, lines, first=count == 0):
            break
        at = match.end()
    fields: Fields = {}
    for name, pieces in lines:
        fields.setdefault(name.decode("ascii").lower(), []).append(b"".join(pieces).strip())
    return fields, at


def _take_line(line: bytes, lines: list[tuple[bytes, list[bytes]]], *, first: bool) -> bool:
    if line[:1] in b" \t" and lines:
        lines[-1][1].append(b" " + line.lstrip())
        return True
    found = FIELD.match(line)
    if found:
        lines.append((found[1], [line[found.end() :]]))
        return True
    # An mbox separator, or what a spool put there: not ours to stumble over.
    return first and line.startswith((b"From ", b">From "))


def first_of(fields: Fields, name: str, limit: int = limits.FIELD_BYTES) -> str:
    """Give the first field of a name as text, cut to ``limit`` bytes; ``""`` without one."""
    values = fields.get(name)
    return text_of(values[0][:limit], "") if values else ""


def parameters_of(value: str) -> dict[str, str]:
    """
    Read ``; name=value`` pairs; pieces (``name*0``) are joined, charsets decoded.

    >>> parameters_of('text/plain; charset="utf-8"; name*0=a; name*1=.pdf')
    {'charset': 'utf-8', 'name': 'a.pdf'}
    """
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in PARAMETER.finditer(value):
        name = SECTION.match(found[1].lower())
        if name is None:
            continue
        raw = found[3].strip() if found[2] is None else re.sub(r"\\(.)", r"\1", found[2])
        pieces = sections.setdefault(name[1], {})
        pieces.setdefault(int(name[2] or 0), (raw, bool(name[3])))
    return {name: _joined(pieces) for name, pieces in sections.items()}


def _joined(pieces: dict[int, tuple[str, bool]]) -> str:
    values = [pieces[number] for number in sorted(pieces)]
    if not any(tagged for _, tagged in values):
        return "".join(value for value, _ in values)
    charset, quote, rest = values[0][0].partition("'")
    if quote:
        values[0] = (rest.partition("'")[2], values[0][1])
    data = b"".join(
        unquote_to_bytes(value) if tagged else value.encode() for value, tagged in values
    )
    return text_of(data, charset if quote else "")


def words_of(value: str) -> str:
    """
    Decode the encoded words of a field.

    >>> words_of("=?utf-8?q?caf=C3=A9?= =?utf-8?b?LnBkZg==?=")
    'café.pdf'
    """
    return ENCODED_WORD.sub(_word, BETWEEN_WORDS.sub(r"\1", value))


def _word(found: re.Match[str]) -> str:
    data = found[3].encode("utf-8", "replace")
    if found[2] in "qQ":
        decoded = binascii.a2b_qp(data, header=True)
    else:
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        whole = len(kept) - (len(kept) % 4 == 1)
        decoded = binascii.a2b_base64(kept[:whole] + b"=" * (-whole % 4))
    return text_of(decoded, found[1].partition("*")[0])
