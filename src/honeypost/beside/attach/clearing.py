"""
Clear what decoys left behind, while containment still holds.

Theory of operation
===================

* Mailbox sessions of marker users are kicked.
* An SMTP session that logged in as a decoy keeps its smtpd, and that smtpd keeps the containment,
  for as long as the client likes.  Mail of such a session would meet a Postfix without a decoy
  transport: deferred, expired, and the notice would leave.  So Postfix is reloaded once
  while it is still contained, and every smtpd from before must be gone.
* Queue entries of marker users are deleted.  They are known by the login that Postfix noted in
  the envelope (``sasl_username``), which no client can choose, so a real user's mail that merely
  quotes something of ours is never among them.
* Then those who wait for a late bounce are settled.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.record import Attachment
from honeypost.beside.attach.reloading import Reloading, attempted
from honeypost.beside.postfix.instance import (
    boot_offset,
    list_children,
    read_master,
    read_process,
)
from honeypost.beside.survey.programs import Run, output_of, run_program
from honeypost.errors import SurveyError

ENTRIES_AT_ONCE = 100
"""Queue entries that one ``postcat`` reads."""

ROUNDS = 5
"""How often the queue is gone through: mail on its way may enter it after we looked."""

EMPTY_LOOKS = 2
"""So many in a row: mail that pickup takes in changes its id and queue, and a look may miss it."""

LOOK_SECONDS = 0.2
CLOCK_SECONDS = 0.05

_ENTRY = re.compile(r"^\*\*\* ENVELOPE RECORDS (?:.*/)?(?P<id>\w+) \*\*\*$", re.MULTILINE)


class Clear:
    """
    Clears one host.

    :param settle: settles what waits for a late bounce.
    :param sessions_seconds: how long open SMTP sessions are waited for.
    """

    def __init__(
        self,
        reloading: Reloading,
        settle: Callable[[Attachment], Sequence[str]],
        sessions_seconds: float,
        run: Run = run_program,
    ) -> None:
        self._reloading, self._settle, self._run = reloading, settle, run
        self._sessions_seconds = sessions_seconds

    def clear(self, record: Attachment) -> list[str]:
        """
        Clear it; see :class:`~honeypost.beside.attach.undo.Clearing`.

        :raises AttachFailed: SMTP sessions from before are still open, or somebody waits for a
            late bounce.
        """
        return list(self._all(record))

    def _all(self, record: Attachment) -> Iterator[str]:
        kicked = self._kick(record)
        if kicked:
            yield f"{kicked} mailbox sessions of decoys were ended"
        self.wait_for_sessions(Path(record.queue_directory))
        deleted = self._empty_queue(record)
        if deleted:
            yield f"{deleted} messages of decoys were deleted from the queue"
        yield from self._settle(record)

    def _kick(self, record: Attachment) -> int:
        command = ("doveadm", "-c", record.dovecot_config)
        try:
            who = output_of(self._run, *command, "who", "-1").splitlines()[1:]
        except SurveyError:
            return 0  # Dovecot does not run, so it has no sessions
        names = [line.split()[0] for line in who if line.split()]
        decoys = [name for name in names if name.endswith(f"@{record.marker_domain}")]
        for name in dict.fromkeys(decoys):
            self._run((*command, "kick", name), "")
        return len(decoys)

    def wait_for_sessions(self, queue: Path) -> None:
        """
        Reload Postfix and wait until every smtpd from before is gone.

        :raises AttachFailed: SMTP sessions from before are still open.
        """
        if attempted(self._reloading.postfix):
            return  # not running: no sessions
        reloaded = time.time() - boot_offset()
        deadline = time.monotonic() + self._sessions_seconds
        while old := _older_sessions(queue, reloaded):
            if time.monotonic() > deadline:
                raise AttachFailed(
                    f"{len(old)} SMTP sessions from before are still open, and a decoy may be among"
                    " them; containment stays until they end: run it again"
                )
            time.sleep(LOOK_SECONDS)

    def _empty_queue(self, record: Attachment) -> int:
        deleted = empty = 0
        for _ in range(ROUNDS):
            found = self._of_decoys(record)
            empty = 0 if found else empty + 1
            if empty == EMPTY_LOOKS:
                return deleted
            if not found:
                time.sleep(LOOK_SECONDS)
                continue
            given = "".join(f"{entry}\n" for entry in found)
            self._run(("postsuper", "-c", record.postfix_directory, "-d", "-"), given)
            deleted += len(found)
        raise AttachFailed("mail of decoys keeps coming into the queue; run honeypost detach again")

    def _of_decoys(self, record: Attachment) -> list[str]:
        directory = record.postfix_directory
        listed = self._run(("postqueue", "-c", directory, "-j"), "").out.splitlines()
        entries = [str(json.loads(line)["queue_id"]) for line in listed]
        return [
            entry
            for begin in range(0, len(entries), ENTRIES_AT_ONCE)
            for entry in self._marked(entries[begin : begin + ENTRIES_AT_ONCE], record)
        ]

    def _marked(self, entries: Sequence[str], record: Attachment) -> Iterator[str]:
        # An entry that is gone by now makes postcat complain, and the rest is still printed.
        text = self._run(("postcat", "-c", record.postfix_directory, "-qe", *entries), "").out
        parts = _ENTRY.split(text)
        mark = re.compile(
            rf"^named_attribute: sasl_username=.*@{re.escape(record.marker_domain)}$", re.MULTILINE
        )
        for name, envelope in zip(parts[1::2], parts[2::2], strict=False):
            if mark.search(envelope):
                yield name


def _older_sessions(queue: Path, reloaded: float) -> list[int]:
    """Give the smtpd processes that were started before that time (seconds since boot)."""
    try:
        children = list_children(read_master(queue).pid)
    except (OSError, ValueError):
        return []  # Postfix does not run
    found = (read_process(pid) for pid in children)
    return [
        p.pid
        for p in found
        if p is not None and p.name == "smtpd" and p.started <= reloaded + CLOCK_SECONDS
    ]
