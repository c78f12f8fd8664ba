"""
URLs in plain text: recognised where a mail program would make them clickable.

Two patterns, both linear: what begins with a scheme, and a bare host (``www.example.com``,
``example.com/x``).  Every repetition in them is bounded or cannot overlap its neighbour.
(A published recogniser, linkify-it-py 2.2.0, took 28 ms for 512 characters of ``|a.`` and
grows with the cube.)  A bare host needs ``www.`` or a path to be meant: ``sign.in`` and
``3.Energy`` are words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from honeypost.extract import limits

ENDS = '\\s"<>|\x00-\x1f\x7f\u2018\u2019\u201c\u201d\u00ab\u00bb\u300c\u300d\uff5c'
"""What no URL in running text goes beyond."""
SCHEMED = re.compile(
    rf"(?:https?|ftp):[/\\]{{1,4}}(?:(?![,;]https?:)[^{ENDS}]){{1,{limits.URL_CHARS}}}",
    re.IGNORECASE,
)
SCHEMED_BYTES = re.compile(rb"(?:https?|ftp)://[^\s\"'<>\x00-\x1f]{1,8192}", re.IGNORECASE)
BARE = re.compile(
    rf"(?<![\w@./:\\%=&-])(?=www\.|[\w.-]{{1,250}}(?::\d{{1,5}})?/)"
    rf"(?:[\w-]{{1,63}}\.){{1,10}}[a-z][a-z0-9-]{{1,62}}(?![\w@.-])(?::\d{{1,5}})?"
    rf"(?:[/?#][^{ENDS}]{{0,{limits.URL_CHARS}}})?",
    re.IGNORECASE,
)
DEFANGED = re.compile(r"\bhxxp(?=s?:)|\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE)
TRAILING = ".,;:!?'*_|\\…)]}"
PAIRS = {")": "(", "]": "[", "}": "{"}


def in_text(text: str) -> list[str]:
    """Find URLs in what a reader sees, schemed ones first; bounded by ``limits.CANDIDATES``."""
    plain = DEFANGED.sub(_refanged, text)
    rest = SCHEMED.sub(" ", plain)
    return [*schemed(plain), *_bounded(trimmed(found[0]) for found in BARE.finditer(rest))]


def schemed(text: str) -> list[str]:
    """Find what begins with a scheme, in text that nobody may be shown."""
    return _bounded(trimmed(found[0]) for found in SCHEMED.finditer(text))


def schemed_in_bytes(data: bytes) -> list[str]:
    """Find the same in bytes that were never decoded."""
    matches = SCHEMED_BYTES.finditer(data)
    return _bounded(trimmed(found[0].decode("utf-8", "replace")) for found in matches)


def trimmed(url: str) -> str:
    """
    Take off what belongs to the sentence around a URL.

    >>> trimmed("http://a.example/x_(y))."), trimmed("http://a.example/).")
    ('http://a.example/x_(y)', 'http://a.example/')
    """
    surplus = {close: url.count(close) - url.count(opened) for close, opened in PAIRS.items()}
    end = len(url)
    while end and (last := url[end - 1]) in TRAILING:
        if last in PAIRS:
            if surplus[last] <= 0:
                break
            surplus[last] -= 1
        end -= 1
    return url[:end]


def _bounded(found: Iterator[str]) -> list[str]:
    return [url for url, _ in zip(found, range(limits.CANDIDATES), strict=False)]


def _refanged(found: re.Match[str]) -> str:
    return "http" if found[0][0] in "hH" else "."
