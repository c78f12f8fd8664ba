"""Real users log in while our edge stands still."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from honeypost.beside.doctor.case import Account, Case
from honeypost.beside.doctor.logins import try_login
from honeypost.beside.doctor.results import Check, Result, not_proven, ok, red, skipped
from honeypost.errors import SurveyError

STOP_SECONDS = 2
LOOKS, LOOK_SECONDS = 100, 0.005
SLOWER_SECONDS = 0.5
"""More than that is our doing; a login differs by far less from one time to the next."""


def look(case: Case) -> Iterator[Result]:
    """Stop the edge for two seconds and log in to the operator's own account meanwhile."""
    if not case.stop_edge:
        yield skipped("our edge was not stopped", "--stop-edge does so for two seconds")
    elif case.account is None or case.account.password is None:
        yield not_proven("no real account may be tried", "name one of yours with --test-account")
    elif not case.edge_pid:
        yield not_proven("our edge does not run", "systemctl start honeypost-edge")
    else:
        yield _tried(case, case.account)


def _tried(case: Case, account: Account) -> Result:
    secret = account.password
    assert secret is not None
    usual = try_login(case, account.name, secret, case.outsider())
    if not usual.succeeded:
        return not_proven(f"{account.name} is refused anyway", "is it the right password?")
    with _stopped(case.edge_pid):
        meanwhile = try_login(case, account.name, secret, case.outsider())
    took = f"{meanwhile.seconds * 1000:.0f} ms, usually {usual.seconds * 1000:.0f} ms"
    if not meanwhile.succeeded or meanwhile.seconds > usual.seconds + SLOWER_SECONDS:
        word = "let in late" if meanwhile.succeeded else "refused"
        return red(f"with our edge stopped {account.name} is {word}: {took}", "honeypost detach")
    return ok(f"with our edge stopped {account.name} is let in: {took}")


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    """
    Stop a process for ``STOP_SECONDS`` at most.

    A child in a session of its own wakes it, so it goes on whatever becomes of us.
    """
    waker = subprocess.Popen(  # noqa: S603 - a fixed program
        ["/bin/sh", "-c", f'sleep {STOP_SECONDS}; kill -CONT "$0"', str(pid)],
        start_new_session=True,
    )
    try:
        os.kill(pid, signal.SIGSTOP)
        _until_it_stands(pid)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        waker.kill()
        waker.wait()


def _until_it_stands(pid: int) -> None:
    """Wait for the kernel: a signal is sent at once and takes effect a moment later."""
    for _ in range(LOOKS):
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        if state == "T":
            return
        time.sleep(LOOK_SECONDS)
    raise SurveyError(f"process {pid} does not stop")


CHECK = Check(
    "fail-open",
    "A real user logs in as fast as ever while our edge stands still.",
    "With --stop-edge: the edge is stopped for 2 s, and the test account logs in meanwhile.",
    look,
)
