"""
Give Postfix a message for somebody on this host, through its own ``sendmail``.

The sender is the null sender: should it not be deliverable, the notice goes to the postmaster and
to nobody outside.
"""

from __future__ import annotations

import subprocess
from typing import Final

from honeypost.errors import HoneypostError

PROGRAM: Final = "/usr/sbin/sendmail"
SECONDS: Final = 60.0
"""Longest time that it may take; it only queues."""


def hand_in(
    message: bytes, to: str, *, postfix_directory: str = "", program: str = PROGRAM
) -> None:
    """
    Queue a message for one recipient, whatever its own header says.

    :param to: an address of the site; that it is one is the caller's business.
    :param postfix_directory: of another instance than the host's own.
    :raises HoneypostError: it could not be queued; nothing was sent.
    """
    where = ["-C", postfix_directory] if postfix_directory else []
    command = [program, *where, "-i", "-f", "", "--", to]
    try:
        done = subprocess.run(  # noqa: S603 - the host's own program, and no shell
            command, input=message, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HoneypostError(f"{program}: {error}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise HoneypostError(f"{program}: {said[-1] if said else done.returncode}")
