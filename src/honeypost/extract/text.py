"""
URLs in plain text: recognised where a mail program would make them clickable.

Bare addresses (``www.example.com/x``) need the recogniser, which is slow and not linear;
it is given small pieces and a bounded whole.  What is beyond is searched for ``scheme://``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from honeypost.extract import limits

SCHEMED = re.compile(r"(?:https?|ftp):[/\\]{1,4}[^\s\"'<>\x00-\x1f]{1,8192}", re.IGNORECASE)
SCHEMED_BYTES = re.compile(rb"(?:https?|ftp)://[^\s\"'<>\x00-\x1f]{1,8192}", re.IGNORECASE)
TRAILING = ".,;:!?)]}*_|\\"
DEFANGED = re.compile(r"\bhxxp(?=s?:)|\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE)
LIKELY = re.compile(r"://|\bwww\.|\.[a-z]{2,24}/", re.IGNORECASE)


def preload() -> None:
    """Have the recogniser in memory."""
    list(_recognised("see www.example.com/x"))


def in_text(text: str, budget: int) -> tuple[list[str], int]:
    """Find URLs in what a reader sees; gives them and the budget of characters left."""
    urls: list[str] = []
    for line in DEFANGED.sub(_refanged, text).splitlines():
        if not LIKELY.search(line):
            continue
        for piece in _pieces(line):
            if budget >= len(piece):
                budget -= len(piece)
                urls += _recognised(piece)
            else:
                urls += schemed(piece)
            if len(urls) >= limits.CANDIDATES:
                return urls, budget
    return urls, budget


def schemed(text: str) -> list[str]:
    """Find what begins with a scheme; linear, for what nobody is shown or is too much."""
    found: list[str] = []
    for match in SCHEMED.finditer(text):
        found.append(match[0].rstrip(TRAILING))
        if len(found) >= limits.CANDIDATES:
            break
    return found


def schemed_in_bytes(data: bytes) -> list[str]:
    """Find the same in bytes that were never decoded."""
    found: list[str] = []
    for match in SCHEMED_BYTES.finditer(data):
        found.append(match[0].decode("utf-8", "replace").rstrip(TRAILING))
        if len(found) >= limits.CANDIDATES:
            break
    return found


def _refanged(found: re.Match[str]) -> str:
    return "http" if found[0][0] in "hH" else "."


def _pieces(line: str) -> Iterator[str]:
    """Cut a line at blanks into pieces the recogniser can bear; a longer word is cut."""
    at = 0
    while at < len(line):
        end = at + limits.LINKIFY_CHUNK
        blank = line.rfind(" ", at, end) if end < len(line) else -1
        end = blank + 1 if blank >= at else end
        yield line[at:end]
        at = end


def _recognised(piece: str) -> list[str]:
    matches = _recogniser().match(piece) or ()
    return [match.raw for match in matches if _is_meant(match)]


def _is_meant(match: Any) -> bool:
    # "sign.in" and "3.Energy" are words.  A bare host needs www. or a path to be meant.
    if match.schema:
        return str(match.schema) != "mailto:"
    raw = str(match.raw).lower()
    return raw.startswith("www.") or "/" in raw


@functools.cache
def _recogniser() -> Any:
    from linkify_it import LinkifyIt  # noqa: PLC0415  (heavy: only the child needs it)

    return LinkifyIt(None, {"fuzzy_email": False})
