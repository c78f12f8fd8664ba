"""
Take apart what ``doveconf`` prints: blocks within blocks, one setting a line.

Both dialects are read: 2.3 (``passdb {``, ``driver``, ``args``) and 2.4 (``passdb NAME {``,
settings that may carry their block's name in front, lists written as a block of ``name = yes``).
What doveconf hides (``# hidden, use -P to show it``) stays hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_OPEN = re.compile(r'([\w.-]+)(?:\s+("[^"]*"|\S+))?\s*\{')
_HIDDEN = "# hidden"


@dataclass(slots=True)
class Block:
    """A block with its settings; the whole output is one without kind."""

    kind: str = ""
    name: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def of_kind(self, kind: str) -> Iterator[Block]:
        """Blocks of a kind, in order."""
        return (block for block in self.blocks if block.kind == kind)

    def listed(self, name: str) -> tuple[str, ...]:
        """Give the members of a list, written in one line or as a block of yes and no."""
        plain = self.settings.get(name, "").split()
        switched = (b.settings.items() for b in self.of_kind(name) if not b.name)
        return (*plain, *(key for pairs in switched for key, value in pairs if value == "yes"))


def parse(text: str) -> Block:
    """Read the output of ``doveconf``, ``-a`` or ``-n``."""
    top = Block()
    open_blocks = [top]
    for line in map(str.strip, text.splitlines()):
        opening = _OPEN.fullmatch(line)
        if opening:
            block = Block(opening[1], _unquoted(opening[2] or ""))
            open_blocks[-1].blocks.append(block)
            open_blocks.append(block)
        elif line == "}":
            open_blocks = open_blocks[:-1] or [top]
        elif "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            block = open_blocks[-1]
            block.settings[name.strip().removeprefix(f"{block.kind or '{'}_")] = _value(
                value.strip()
            )
    return top


def _value(text: str) -> str:
    return "" if text.startswith(_HIDDEN) else _unquoted(text)


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\") if quoted else text
