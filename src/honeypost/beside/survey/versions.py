"""Read version numbers as the daemons write them."""

from __future__ import annotations

import re

Version = tuple[int, ...]
"""As far as it is numbers: ``(3, 7, 11)``, ``(2, 3, 19, 1)``; ``()`` where none was told."""


def numbers(text: str) -> Version:
    """
    Give the numbers that a version begins with, ``()`` when there are none.

    >>> numbers("2.3.19.1 (9b53102964)"), numbers("3.10-20250101")
    ((2, 3, 19, 1), (3, 10))
    """
    match = re.match(r"\d+(?:\.\d+)*", text.strip())
    return tuple(map(int, match[0].split("."))) if match else ()
