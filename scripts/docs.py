"""
Write the manual's pages that come from the code; ``--check`` only says whether they are right.

configuration.md and the sample honeypost.toml from the schema, commands.md from each command's
own help, events.md from the vocabulary, findings.md from the kinds of findings.  A test runs the
check, so these pages cannot lie.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from honeypost import events
from honeypost.beside.survey.findings import THEMES, Part
from honeypost.cli.main import VERBS, main
from honeypost.cli.schema import SHAPES
from honeypost.config.load import SECTIONS
from honeypost.config.sample import sample
from honeypost.config.schema import help_text

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH = "90"
NOTE = "<!-- written by scripts/docs.py from the code; change it there -->"


def configuration() -> Iterator[str]:
    """Every setting with its default and what it is for."""
    yield "# Configuration"
    yield NOTE
    yield "One TOML file, named with `--config`. Whatever it does not set has the default below."
    yield "The environment wins over it: `HONEYPOST__BUDGETS__CONNECTIONS=200` sets"
    yield "`budgets.connections`. All mistakes are told at once, with file and key. Units stand in"
    yield "the names. [honeypost.toml](honeypost.toml) has all of it, to begin from."
    for name, section in SECTIONS.items():
        yield ""
        yield f"## [{name}]"
        if not (section.__doc__ or "").startswith(f"{section.__name__}("):
            yield plain(section.__doc__ or "")
            yield ""
        yield "| setting | default | what it is for |"
        yield "|---|---|---|"
        for setting in fields(section):
            text = " ".join(help_text(setting).split()).replace("|", "\\|")
            yield f"| `{setting.name}` | `{shown(setting.default)}` | {text} |"


def shown(default: object) -> str:
    """Give a default as TOML writes it."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return "[" + ", ".join(shown(part) for part in default) + "]"
    return f'"{default}"' if isinstance(default, str) else str(default)


def commands() -> Iterator[str]:
    """Every command's own help."""
    yield "# Commands"
    yield NOTE
    yield "Exit codes: 0 it worked, 1 there is a problem, 2 the command line is wrong. What"
    yield "`--json` prints has a JSON Schema: `honeypost schema COMMAND`, also in `schemas/`."
    for name, verb in VERBS.items():
        yield ""
        yield f"## honeypost {name}"
        yield verb.summary
        if name in SHAPES:
            yield f"Its output has a schema: `schemas/{name}.json`."
        yield "```"
        yield helped(name)
        yield "```"


def helped(verb: str) -> str:
    """Give what ``honeypost VERB --help`` prints."""
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen):
        main([verb, "--help"])
    return "\n".join(line.rstrip() for line in screen.getvalue().strip().splitlines())


def vocabulary() -> Iterator[str]:
    """Every event with its fields."""
    yield "# Events"
    yield NOTE
    yield "What can have happened, as the edge's journal keeps it; what the worker notes stands in"
    yield "its own file. Time, session, client and listener are bound by the journal and are not"
    yield "repeated here. `bytes` are what an attacker chose; in JSON they are base64."
    texts = attribute_texts(Path(str(events.__file__)))
    for kind, event in events.all_events().items():
        yield ""
        yield f"## {kind}"
        yield plain(event.__doc__ or "")
        if fields(event):
            yield ""
            yield "| field | type | meaning |"
            yield "|---|---|---|"
        for field in fields(event):
            meaning = texts.get((event.__name__, field.name), "").replace("|", "\\|")
            yield f"| `{field.name}` | {field.type} | {plain(meaning)} |"


def attribute_texts(module: Path) -> dict[tuple[str, str], str]:
    """Read the strings that stand under attributes: ``(class, attribute)`` -> text."""
    found = {}
    for node in ast.parse(module.read_text()).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for above, below in zip(node.body, node.body[1:], strict=False):
            match above, below:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                    found[node.name, name] = text
    return found


def plain(text: str) -> str:
    """Take reStructuredText's roles off: ``:class:`~a.b.C``` becomes ```C```."""
    words = " ".join(text.split()).replace("``", "`").split(":class:`~")
    return words[0] + "".join(
        "`" + part.partition("`")[0].rpartition(".")[2] + "`" + part.partition("`")[2]
        for part in words[1:]
    )


def site_findings() -> Iterator[str]:
    """Every finding about a mail host, by theme."""
    yield "# Findings about a mail host"
    yield NOTE
    yield "Before anything is attached, Postfix and Dovecot are looked at, without changing a byte."
    yield "Each line below was seen to go wrong on the real daemons, or cannot be told for sure,"
    yield "which counts the same. *refuse*: nothing is attached until you have mended it. *mend*:"
    yield "the attaching takes care of it. *warn*: it goes on, and you know. Those marked"
    yield "*late bounce* stand only against that; decoys are not touched by them. What is in braces"
    yield "is filled in."
    for theme in THEMES:
        yield ""
        yield f"## {plain(theme.__doc__ or '').rstrip('.')}"
        yield ""
        yield "| finding | does | what and why | what to do | known from |"
        yield "|---|---|---|---|---|"
        for kind in theme.KINDS:
            does = kind.severity + (f" ({kind.part})" if kind.part is not Part.DECOYS else "")
            cells = (f"`{kind.code}`", does, kind.text, kind.mend, kind.source)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


PAGES = {
    "configuration.md": configuration,
    "commands.md": commands,
    "events.md": vocabulary,
    "findings.md": site_findings,
    "honeypost.toml": lambda: iter(sample().splitlines()),
}


def run(arguments: Sequence[str]) -> int:
    """Write or check all pages; gives the exit code."""
    os.environ["COLUMNS"] = WIDTH
    os.environ.pop("HONEYPOST_DATA", None)
    stale = []
    for name, page in PAGES.items():
        text = "\n".join(page()) + "\n"
        path = DOCS / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
        if "--check" not in arguments:
            path.write_text(text)
    if stale and "--check" in arguments:
        print(f"docs: stale: {', '.join(stale)}; run scripts/docs.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
