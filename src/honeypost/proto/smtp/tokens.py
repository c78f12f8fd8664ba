"""
A command line cut into words, as Postfix cuts it.

Blanks separate words, but not within ``<...>`` or ``"..."``; a backslash takes the next
byte as it is.  ``FROM:`` and ``TO:`` end a word without a blank after them, so that
``MAIL FROM:<a@b>`` has three words.  Measured on Postfix 3.7.11.
"""

from __future__ import annotations

from dataclasses import dataclass

BLANKS = b" \t\n\v\f\r"
OPENING = {ord("<"): ord(">"), ord('"'): ord('"')}
BACKSLASH, COLON, QUOTE, LESS, GREATER = b'\\:"<>'
PATH_KEYWORDS = (b"from:", b"to:")


@dataclass(frozen=True, slots=True)
class Token:
    """One word; ``whole`` is false when a quote or bracket in it never ends."""

    text: bytes
    whole: bool = True


def tokenize(line: bytes) -> list[Token]:
    """
    Cut a command line into words.

    >>> [token.text for token in tokenize(b"MAIL FROM:<a b@c> SIZE=1")]
    [b'MAIL', b'FROM:', b'<a b@c>', b'SIZE=1']
    """
    tokens = []
    at = 0
    while (at := _skip_blanks(line, at)) < len(line):
        token, at = _next(line, at)
        tokens.append(token)
    return tokens


def _skip_blanks(line: bytes, at: int) -> int:
    while at < len(line) and line[at] in BLANKS:
        at += 1
    return at


def _next(line: bytes, at: int) -> tuple[Token, int]:
    start, whole = at, True
    while at < len(line) and line[at] not in BLANKS:
        byte = line[at]
        at += 1
        if byte in OPENING:
            at, closed = _quoted(line, at, OPENING[byte])
            whole = whole and closed
        elif byte == BACKSLASH:
            at = min(at + 1, len(line))
        elif byte == COLON and line[start:at].lower() in PATH_KEYWORDS:
            break
    return Token(line[start:at], whole), at


def _quoted(line: bytes, at: int, closing: int) -> tuple[int, bool]:
    """Skip to behind the closing byte; quotes nest in brackets, brackets in brackets."""
    wanted = [closing]
    while at < len(line):
        byte = line[at]
        at += 1
        if byte == BACKSLASH:
            at = min(at + 1, len(line))
        elif byte == wanted[-1]:
            wanted.pop()
            if not wanted:
                return at, True
        elif byte == QUOTE:
            wanted.append(QUOTE)
        elif byte == LESS and wanted[-1] == GREATER:
            wanted.append(GREATER)
    return at, False
