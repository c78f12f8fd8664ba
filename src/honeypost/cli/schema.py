"""``honeypost schema``: the JSON Schema (2020-12) of a command's ``--json`` output."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Annotated, Any, Final

import msgspec
import typer

from honeypost.errors import UsageError

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SHAPES: Final = {
    "status": ("honeypost.cli.shapes", "Status"),
    "accounts": ("honeypost.cli.shapes", "Account"),
    "captures": ("honeypost.cli.shapes", "Capture"),
    "explain": ("honeypost.cli.shapes", "Explanation"),
    "attach": ("honeypost.cli.shapes", "Attached"),
    "detach": ("honeypost.cli.shapes", "Detached"),
    "rollback": ("honeypost.cli.shapes", "Detached"),
    "mode": ("honeypost.cli.shapes", "Mode"),
    "doctor": ("honeypost.cli.shapes", "Checked"),
    "recipe": ("honeypost.cli.shapes", "RecipeFile"),
    "gc": ("honeypost.cli.shapes", "Swept"),
    "penalties": ("honeypost.cli.shapes", "Penalty"),
    "allow": ("honeypost.cli.shapes", "AllowedLine"),
    "forget": ("honeypost.cli.shapes", "Forgotten"),
    "up": ("honeypost.cli.shapes", "Up"),
    "demo": ("honeypost.cli.shapes", "DemoResult"),
    "extract": ("honeypost.extract.report", "Report"),
    "replay": ("honeypost.engine.replay", "ReplayedLine"),
    "import": ("honeypost.cli.shapes", "Imported"),
}
"""Module and class of one line of each command's output."""


def schema(
    command: Annotated[str, typer.Argument(help=f"One of: {', '.join(SHAPES)}.")],
) -> None:
    """Print the JSON Schema of a command's --json output."""
    if command not in SHAPES:
        raise UsageError(f"no schema for {command!r}; there is one for {', '.join(SHAPES)}")
    sys.stdout.write(rendered(command))


def rendered(command: str) -> str:
    """Give the schema as the text of ``schemas/COMMAND.json``."""
    return json.dumps(described(command), indent=2, ensure_ascii=False) + "\n"


def described(command: str) -> dict[str, Any]:
    """Give the schema of one line of the command's output."""
    module, name = SHAPES[command]
    shape = getattr(import_module(module), name)
    (reference,), definitions = msgspec.json.schema_components([shape])
    return {
        "$schema": DIALECT,
        "title": f"One line of honeypost {command} --json",
        **reference,
        "$defs": {name: _plain(part) for name, part in definitions.items()},
    }


def _plain(part: Any) -> Any:
    """Take the signature that ``dataclass`` writes as a docstring out of a description."""
    if isinstance(part, dict):
        return {
            key: _plain(value)
            for key, value in part.items()
            if not (key == "description" and str(value).startswith(f"{part.get('title')}("))
        }
    return [_plain(item) for item in part] if isinstance(part, list) else part
