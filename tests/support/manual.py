"""The commands of a page of the manual, so that page and test cannot drift apart."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
INDENT = "    "


def commands(page: str, heading: str) -> str:
    """
    Give the command lines of one section as a shell script.

    :param heading: as on the page, without its marks; commands are what is indented there.
    """
    parts = re.split(r"^#+ (.*)$", (DOCS / page).read_text(), flags=re.MULTILINE)
    below = dict(zip(parts[1::2], parts[2::2], strict=True))[heading]
    lines = [line for line in below.splitlines() if line.startswith(INDENT)]
    assert lines, f"{page} has no commands below {heading!r}"
    return "".join(f"{line.removeprefix(INDENT)}\n" for line in lines)


def headings(page: str, first: str) -> list[str]:
    """Give the headings of one section's own sections, in their order."""
    text = (DOCS / page).read_text().partition(f"\n## {first}\n")[2].partition("\n## ")[0]
    return re.findall(r"^### (.*)$", text, re.MULTILINE)
