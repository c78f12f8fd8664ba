"""
What is looked at on the live daemons after an attachment; a failure undoes it.

Nothing is looked up for a real user and no wrong password is tried on one: the name is invented.
"""

from __future__ import annotations

import secrets
import subprocess
import time
from pathlib import Path

from honeypost.beside.attach.dovecot_text import NAMES_SOCKET
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.survey.programs import WHERE
from honeypost.beside.survey.site import MailSite

UP_SECONDS = 20.0
"""Dovecot goes on with its old auth process for 6 s; its penalty for failures adds to it."""

LOGIN_SECONDS = 20.0
LOOK_SECONDS = 0.2
REFUSED = 77
"""Exit code of ``doveadm auth test`` when the password is wrong (EX_NOPERM)."""


def run_probes(site: MailSite) -> None:
    """
    Look at the live daemons.

    :raises AttachFailed: what is not as it should be.
    """
    run = Path(site.dovecot.settings.get("base_dir", "/run/dovecot"))
    _until_there(run / NAMES_SOCKET)
    _refuses_unknown(site)
    _runs_postfix(site)


def _until_there(socket: Path) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while not socket.exists():
        if time.monotonic() > deadline:
            raise AttachFailed(f"Dovecot did not take our part in: there is no {socket}")
        time.sleep(LOOK_SECONDS)


def _refuses_unknown(site: MailSite) -> None:
    """
    An unknown login must be refused, in words, by the chain that is live.

    A script that does not load leaves no auth process at all, which says something else.
    """
    name = f"q{secrets.token_hex(6)}x"
    command = ["doveadm", "-c", str(site.dovecot.config), "auth", "test",
               "-x", "rip=192.0.2.1", "-x", "service=imap", name, secrets.token_hex(8)]  # fmt: skip
    deadline, said = time.monotonic() + UP_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program
                command, check=False, capture_output=True, text=True, timeout=LOGIN_SECONDS,
                env={"PATH": WHERE, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise AttachFailed(f"a login took more than {LOGIN_SECONDS:.0f} s") from None
        said = f"{done.stdout}{done.stderr}".strip()
        if done.returncode == REFUSED and "temp" not in said:
            return
        time.sleep(LOOK_SECONDS)
    raise AttachFailed(f"an unknown login is not refused as it should be: {said[-300:]}")


def _runs_postfix(site: MailSite) -> None:
    done = subprocess.run(  # noqa: S603 - a fixed program
        ["postfix", "-c", site.postfix.config_directory, "status"],  # noqa: S607
        check=False, capture_output=True, text=True, timeout=LOGIN_SECONDS,
        env={"PATH": WHERE, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise AttachFailed(f"Postfix does not run any more: {done.stderr.strip()[-300:]}")
