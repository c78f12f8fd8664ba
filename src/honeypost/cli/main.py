"""
The ``honeypost`` command: a list of verbs, each loaded only when it is called.

One module per verb, named in ``VERBS``; the list itself imports none of them, so that
``--help`` and a verb on a small host start fast.  Exit codes are a contract: 0 it worked,
1 there is a problem, 2 the command line is wrong, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

import honeypost
from honeypost.errors import HoneypostError, UsageError

OK: Final = 0
PROBLEM: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a command lives and what the list says about it."""

    module: str
    attribute: str
    summary: str


ELSEWHERE: Final = {"import": ("imports", "import_logs")}
"""Module and function of a verb that is a word of Python's own."""


def _verb(name: str, summary: str) -> Verb:
    module, attribute = ELSEWHERE.get(name, (name, name))
    return Verb(f"honeypost.cli.{module}", attribute, summary)


VERBS: Final = {
    name: _verb(name, summary)
    for name, summary in {
        "demo": "Watch a whole attack in a minute; nothing leaves.",
        "up": "Run the decoys in the foreground.",
        "status": "Is it running, what did it cost, what did it see?",
        "accounts": "Decoys that were won, and accounts under fire.",
        "captures": "Mail that decoys sent and that never left.",
        "explain": "Why an address, account, message or session was treated so.",
        "extract": "Take messages apart: links, recipients, attachments.",
        "replay": "What would have happened on yesterday's mail log.",
        "import": "Learn from older logs who works here.",
        "attach": "Put it beside this host's Postfix and Dovecot.",
        "detach": "Take it off again, without a trace.",
        "rollback": "Undo an attachment that broke off.",
        "mode": "Only look, or deceive.",
        "doctor": "Does all that was promised hold now?",
        "recipe": "What other programs beside the mail server are to be told.",
        "gc": "Delete what is older than its retention.",
        "penalties": "Networks that are kept away now.",
        "allow": "Networks that never have a penalty.",
        "forget": "Erase everything about one address.",
        "schema": "Print the JSON Schema of a command's --json output.",
    }.items()
}
"""In the order in which a newcomer meets them."""


class LazyGroup(TyperGroup):
    """Lists verbs from the table and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give a stand-in that knows name and summary: enough for help and completion."""
        del ctx
        verb = VERBS.get(cmd_name)
        return verb and TyperCommand(cmd_name, help=verb.summary, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb that is called and load it."""
        self.commands = {name: self.get_command(ctx, name) for name in VERBS}
        name, _, rest = super().resolve_command(ctx, args)
        return name, name and loaded(name), rest


def loaded(name: str) -> Any:
    """Import a verb and give its command; the module holds a function or a Typer group."""
    verb = VERBS[name]
    target = getattr(import_module(verb.module), verb.attribute)
    if isinstance(target, typer.Typer):
        target.info.name = name
        return typer.main.get_command(target)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name=name)(target)
    return typer.main.get_command(single)


app = typer.Typer(
    name="honeypost",
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"honeypost {honeypost.__version__}")
        raise typer.Exit


@app.callback()
def honeypost_command(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Deception for mail servers that botnets probe and guess at."""


def main(arguments: Sequence[str]) -> int:
    """
    Run one command line and give its exit code; never raises for what an operator can cause.

    Without arguments the list of commands is shown, as a usage problem.
    """
    try:
        code = app(list(arguments) or ["--help"], prog_name="honeypost", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _hang_up()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (TyperException, HoneypostError, OSError) as problem:
        text, exit_code = explained(problem)
        return _complain(text, exit_code)
    if not arguments:
        return USAGE
    return code if isinstance(code, int) else OK


def explained(problem: TyperException | HoneypostError | OSError) -> tuple[str, int]:
    """Give what to tell the operator, and the exit code."""
    if isinstance(problem, TyperException):
        return f"{problem.format_message()} (honeypost --help)", USAGE
    if isinstance(problem, OSError):
        where = f"{problem.filename}: " if problem.filename else ""
        return f"{where}{problem.strerror or problem}", PROBLEM
    return str(problem), USAGE if isinstance(problem, UsageError) else PROBLEM


def run() -> None:
    """Be the ``honeypost`` program."""
    sys.exit(main(sys.argv[1:]))


def _complain(text: str, code: int) -> int:
    for line in text.splitlines():
        print(f"honeypost: {line}", file=sys.stderr)  # noqa: T201 - the operator's screen
    return code


def _hang_up() -> int:
    """Whoever read our output has seen enough; say nothing, also not while Python exits."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
    return PROBLEM


if __name__ == "__main__":
    run()
