"""
The man page and the completion of bash, from what the commands say about themselves.

``PYTHONPATH=... python3 packaging/manual.py SHARE`` writes them below that folder, gzipped
without a time stamp, so the same program gives the same bytes.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from os import environ
from pathlib import Path

import honeypost
from honeypost.cli.main import VERBS, main

WIDTH = "76"
FILES = {
    "/etc/honeypost/honeypost.toml": "the configuration; whatever it does not set has a default",
    "/var/lib/honeypost": "all data, one folder a process",
    "/usr/share/honeypost/lua": "the two scripts that an attached Dovecot runs",
}
COMPLETION = """\
# Completes the commands of honeypost(1), their options, and file names.
_honeypost() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} options=""
    if [[ $COMP_CWORD -eq 1 && $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "{verbs}" -- "$word")
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$word")
    fi
}}
complete -o bashdefault -o default -F _honeypost honeypost
"""


def helped(verb: str) -> str:
    """Give what ``honeypost VERB --help`` prints."""
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen):
        main([verb, "--help"])
    return "\n".join(line.rstrip() for line in screen.getvalue().strip().splitlines())


def verbatim(text: str) -> str:
    """Give text as roff prints it unaltered."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").splitlines()
    return "\n".join(rf"\&{line}" if line[:1] in {".", "'"} else line for line in lines)


def page(day: str) -> Iterator[str]:
    """Write honeypost(1)."""
    yield f'.TH HONEYPOST 1 "{day}" "Honeypost {honeypost.__version__}" "User Commands"'
    yield ".SH NAME"
    yield r"honeypost \- deception for mail servers that botnets probe and guess at"
    yield ".SH SYNOPSIS"
    yield r".B honeypost"
    yield r".I COMMAND"
    yield r"[\fIOPTION\fR...]"
    yield ".SH DESCRIPTION"
    yield r"Exit codes: 0 it worked, 1 there is a problem, 2 the command line is wrong."
    yield ".SH COMMANDS"
    for name in VERBS:
        yield f".SS {name}"
        yield ".nf"
        yield verbatim(helped(name))
        yield ".fi"
    yield ".SH FILES"
    for path, what in FILES.items():
        yield ".TP"
        yield f".I {verbatim(path)}"
        yield verbatim(what)


def options(verb: str) -> list[str]:
    """Name the long options of a command."""
    return sorted(set(re.findall(r"--[a-z][a-z-]+", helped(verb))))


def completion() -> str:
    """Write the completion of bash."""
    cases = [f'        {name}) options="{" ".join(options(name))}" ;;' for name in VERBS]
    return COMPLETION.format(verbs=" ".join(VERBS), cases="\n".join(cases))


def write(share: Path, day: str) -> None:
    """Write both below a share folder."""
    manual = share / "man" / "man1" / "honeypost.1.gz"
    manual.parent.mkdir(parents=True, exist_ok=True)
    manual.write_bytes(gzip.compress("\n".join([*page(day), ""]).encode(), 9, mtime=0))
    complete = share / "bash-completion" / "completions" / "honeypost"
    complete.parent.mkdir(parents=True, exist_ok=True)
    complete.write_text(completion())


if __name__ == "__main__":
    environ.update(COLUMNS=WIDTH, TERMINAL_WIDTH=WIDTH, NO_COLOR="1")
    made = datetime.fromtimestamp(int(environ["SOURCE_DATE_EPOCH"]), UTC)
    write(Path(sys.argv[1]), made.strftime("%Y-%m-%d"))
