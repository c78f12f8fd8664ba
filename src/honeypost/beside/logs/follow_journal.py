"""
The journal, read as it grows, by a ``journalctl`` of our own.

``journalctl --follow --output=export`` says of each entry where it stands (``__CURSOR``), and
``--after-cursor`` goes on behind it: over restarts of ours, and over rotation, which is the
journal's own business.  Only mail programs' entries are asked for, by their facility: what
other programs write on a busy host never reaches us.

Since systemd 250 ``--follow`` gives entries of the running boot alone, and an explicit ``--boot``
before 257 does not help (systemd issue 36102; seen on 252): last week would end at the last
reboot, and what was written between our end and that of the machine would be lost.  ``--merge``
does give all boots.  It would also give what other hosts have sent here, so this machine is
named.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import IO

from honeypost.beside.logs.journal import Entry, ExportReader
from honeypost.beside.logs.reader import Counts, LogLine, Reader
from honeypost.beside.logs.splitting import BLOCK_BYTES
from honeypost.beside.logs.times import Calendar

PROGRAM = ("journalctl",)
MAIL_FACILITY = "SYSLOG_FACILITY=2"
"""Postfix, Dovecot and an Exim that logs to syslog all write there."""

MACHINE = Path("/etc/machine-id")
"""Names this machine, as each of its entries does (machine-id(5))."""

JOURNAL = "journal"
"""What its lines have for a file's name."""

BLOCKS_A_POLL = 8
RESTART_SECONDS = 10.0
"""So long after its end the program is started again."""

COMPLAINT_BYTES = 500
"""Of what it said last, for our own complaint."""

STOP_SECONDS = 5.0


class JournalFollower:
    """
    Gives what is new in the journal; see :class:`honeypost.beside.logs.reader.LogSource`.

    :param cursor: ``cursor`` of the follower before this one, ``""`` when there was none.
    :param since: without a cursor: entries written since then (seconds since 1970); ``None``
        begins with what is written from now on.
    :param program: what is started in place of ``journalctl``, with arguments of its own.
    :param machine: file with this machine's id; where there is none every machine is meant.
    """

    def __init__(
        self,
        zone: tzinfo,
        clock: Callable[[], float],
        cursor: str = "",
        since: float | None = None,
        program: Sequence[str] = PROGRAM,
        *,
        machine: Path = MACHINE,
    ) -> None:
        self._clock = clock
        self._since = clock() if since is None else since
        self._program = tuple(program)
        self._machine = machine
        self.cursor = cursor
        """Behind which entry the next poll goes on, as text to be kept."""
        self.counts = Counts()
        self._reader = Reader(JOURNAL, Calendar(zone, clock()), self.counts)
        self._entries = ExportReader()
        self._child: subprocess.Popen[bytes] | None = None
        self._complaint = b""
        self._not_before = clock()

    def command(self) -> list[str]:
        """Give what is started now."""
        options = ["--no-pager", "--quiet", "--follow", "--merge", "--no-tail", "--output=export"]
        since = f"--since=@{int(self._since)}"
        start = f"--after-cursor={self.cursor}" if self.cursor else since
        return [*self._program, *options, start, MAIL_FACILITY, *_of_machine(self._machine)]

    def poll(self) -> list[LogLine]:
        """
        Give the new lines about clients; never waits.

        :raises OSError: ``journalctl`` could not be started or came to an end, and what it
            said; later polls start it again.
        """
        child = self._child or self._start()
        if child is None:
            return []
        told: list[LogLine] = []
        for _ in range(BLOCKS_A_POLL):
            block = _available(child.stdout)
            self._complaint += _available(child.stderr) or b""
            self._complaint = self._complaint[-COMPLAINT_BYTES:]
            if not block:
                # What it gave before its end is handed out first; the next poll complains.
                if block is not None and not told:
                    self._ended(child)
                break
            told += self._told(self._entries.feed(block))
        return told

    def close(self) -> None:
        """Stop the program; the cursor stays."""
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        _close(child)

    def _told(self, entries: list[Entry]) -> list[LogLine]:
        told = self._reader.entries(entries)
        if entries and entries[-1].cursor:
            self.cursor = entries[-1].cursor
        return told

    def _start(self) -> subprocess.Popen[bytes] | None:
        if self._clock() < self._not_before:
            return None
        self._not_before = self._clock() + RESTART_SECONDS
        child = subprocess.Popen(  # noqa: S603 - no shell; the program is ours to name
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        for pipe in (child.stdout, child.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        self._entries, self._complaint, self._child = ExportReader(), b"", child
        return child

    def _ended(self, child: subprocess.Popen[bytes]) -> None:
        self.close()
        said = self._complaint.decode("utf-8", "backslashreplace").strip().rpartition("\n")[2]
        reason = said or f"exit code {child.returncode}"
        raise OSError(f"{self._program[0]} ended: {reason}")


def _of_machine(file: Path) -> Iterator[str]:
    """Give what an entry of this machine says of it."""
    try:
        yield f"_MACHINE_ID={file.read_text('ascii').strip()}"
    except OSError:
        return


def _available(pipe: IO[bytes] | None) -> bytes | None:
    """Give what the child wrote: ``None`` for nothing yet, ``b""`` for its end."""
    assert pipe is not None
    try:
        return os.read(pipe.fileno(), BLOCK_BYTES)
    except BlockingIOError:
        return None


def _close(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdout, child.stderr):
        assert pipe is not None
        pipe.close()
