"""
Run the programs that say what a mail server is: ``postconf``, ``postmap -q``, ``doveconf``.

All of them only read.  Each has a limit of time, since a map behind a dead database server may
hang, and of output; a program that is not there or fails is a :class:`SurveyError` with its own
first words.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from honeypost.errors import SurveyError

SECONDS = 10.0
"""Longest run of one program; ``postconf`` takes 12 ms, a map over a network some more."""

OUTPUT_CHARACTERS = 16 * 1024 * 1024
"""Longest output that is taken; ``postconf`` writes 60 KB, a map as much as was asked."""

WHERE = os.pathsep.join(("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin"))
"""Where programs are looked for, whatever the caller's PATH is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program wrote."""

    out: str
    err: str
    code: int

    @property
    def complaint(self) -> str:
        """The first line on standard error, ``""`` when it said nothing."""
        return next(iter(self.err.splitlines()), "")


Run = Callable[[Sequence[str], str], Answer]
"""Runs a command with that standard input."""


def run_program(command: Sequence[str], given: str = "") -> Answer:
    """
    Run a program to its end.

    :param given: its standard input.
    :raises SurveyError: it is not installed, ran longer than ``SECONDS``, or said too much.
    """
    program = shutil.which(command[0], path=WHERE)
    if program is None:
        raise SurveyError(f"{command[0]} is not installed")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [program, *command[1:]],
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
            cwd="/",
            env={"LC_ALL": "C", "PATH": WHERE},
        )
    except subprocess.TimeoutExpired as error:
        raise SurveyError(f"{' '.join(command)} did not end within {SECONDS:.0f} s") from error
    except OSError as error:
        raise SurveyError(f"{program}: {error.strerror or error}") from error
    if len(done.stdout) > OUTPUT_CHARACTERS:
        raise SurveyError(f"{' '.join(command)} wrote more than {OUTPUT_CHARACTERS} characters")
    return Answer(done.stdout, done.stderr, done.returncode)


def output_of(run: Run, *command: str) -> str:
    """
    Give what a program printed.

    :raises SurveyError: it could not be run, or ended with an error.
    """
    answer = run(command, "")
    if answer.code != 0:
        reason = answer.complaint or f"exit code {answer.code}"
        raise SurveyError(f"{' '.join(command)}: {reason}")
    return answer.out
