r"""
Inline tables of the containment, taken out into files for Postfix before 3.7.

``regexp:{{/pattern/ ACTION}}`` becomes ``regexp:/etc/postfix/honeypost-1.regexp``, a line a rule.
In the configuration a dollar is written twice and in a file once, and braces fall away.
The files are part of the containment, so the manifest holds their hashes as well.

Not run on such a Postfix: the text is compared with golden files, and 3.7 has run it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

_BEGIN = "regexp:{"


class Tables:
    """
    Collects the tables of one site; equal ones share a file.

    :param directory: where main.cf is.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, Path] = {}

    def taken_out(self, options: Mapping[str, str]) -> dict[str, str]:
        """Give options with files in place of inline tables."""
        return {name: self._mended(value) for name, value in options.items()}

    def files(self) -> dict[Path, str]:
        """Give the files that are needed, with their text."""
        return {path: text for text, path in self._files.items()}

    def _mended(self, value: str) -> str:
        before, begin, rest = value.partition(_BEGIN)
        if not begin:
            return value
        rules, end = _rules("{" + rest)
        text = "".join(f"{rule.replace('$$', '$')}\n" for rule in rules)
        name = f"honeypost-{len(self._files) + 1}.regexp"
        path = self._files.setdefault(text, self._directory / name)
        return f"{before}regexp:{path}{self._mended(rest[end - 1 :])}"


def _rules(text: str) -> tuple[list[str], int]:
    """Give the rules of ``{{a}, {b}}...`` and where that ends."""
    rules, depth, begin = [], 0, 0
    for place, letter in _braces(text):
        depth += 1 if letter == "{" else -1
        if depth == 2 and letter == "{":  # noqa: PLR2004 - a rule within the table
            begin = place + 1
        elif depth == 1 and letter == "}":
            rules.append(text[begin:place].strip())
        elif not depth:
            return rules, place + 1
    raise ValueError(f"a table has no end: {text}")


def _braces(text: str) -> Iterator[tuple[int, str]]:
    return ((place, letter) for place, letter in enumerate(text) if letter in "{}")
