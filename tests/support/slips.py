"""Every name one slip of the keyboard away, to hold the rules about near-misses against."""

from __future__ import annotations

from collections.abc import Iterator

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789._-"
"""What the local part of a decoy may consist of."""


def near_misses(local: str) -> Iterator[str]:
    """Give them all, a few twice."""
    for place in range(len(local) + 1):
        head, tail = local[:place], local[place:]
        yield from (head + letter + tail for letter in ALPHABET)
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in ALPHABET if letter != tail[0])
        if len(tail) > 1 and tail[0] != tail[1]:
            yield head + tail[1] + tail[0] + tail[2:]
