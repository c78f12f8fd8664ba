"""The sample configuration file, written from the schema so that it cannot go stale."""

from __future__ import annotations

import json
import textwrap
from dataclasses import fields
from typing import Any

from honeypost.config.load import SECTIONS
from honeypost.config.schema import help_text

_WIDTH = 78
_HEAD = """\
# Honeypost's configuration.  Every setting stands here with its default; take
# away the "#" before its name to change one.  The environment wins over it:
# HONEYPOST__BUDGETS__CONNECTIONS=200 sets budgets.connections.
"""


def sample() -> str:
    """Give a TOML file with every setting, its help text and its default, commented out."""
    return "\n".join([_HEAD, *(_section(name, kind) for name, kind in SECTIONS.items())])


def _section(name: str, kind: type) -> str:
    lines = [f"[{name}]"]
    if _has_text(kind):
        lines += _comment(str(kind.__doc__).replace("``", ""))
    for field in fields(kind):
        lines += _comment(help_text(field))
        lines.append(f"#{field.name} = {_toml(field.default)}")
    return "\n".join(lines) + "\n"


def _has_text(kind: type) -> bool:
    """Has the section a text of its own, other than the signature that dataclass writes?"""
    return not str(kind.__doc__).startswith(f"{kind.__name__}(")


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _toml(value: Any) -> str:
    # TOML's basic strings and arrays of strings are written as JSON writes them.
    if isinstance(value, int):
        return f"{value:_}" if value >= 10_000 else str(value)  # noqa: PLR2004 - readability
    return json.dumps(value, ensure_ascii=False)
