r"""
Inline tables of the containment, taken out into files for Postfix before 3.7.

``regexp:{{/pattern/ ACTION}}`` becomes ``regexp:/etc/postfix/honeypost-1.regexp`` with one line.
In the configuration a dollar is written twice and in a file once, and braces fall away.
The files are part of the containment, so the manifest holds their hashes as well.

Not run on such a Postfix: the text is compared with golden files, and 3.7 has run it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_INLINE = re.compile(r"regexp:\{\{(.*?)\}\}")


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
        return {name: _INLINE.sub(self._reference, value) for name, value in options.items()}

    def files(self) -> dict[Path, str]:
        """Give the files that are needed, with their text."""
        return {path: line for line, path in self._files.items()}

    def _reference(self, found: re.Match[str]) -> str:
        line = found[1].replace("$$", "$") + "\n"
        name = f"honeypost-{len(self._files) + 1}.regexp"
        return f"regexp:{self._files.setdefault(line, self._directory / name)}"
