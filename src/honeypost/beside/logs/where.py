"""
Where this host's mail log is.

Debian 12 has no rsyslog any more: Postfix and Dovecot write to the journal, unless the
operator installed rsyslog or set ``maillog_file``.  A ``mail.log`` that an upgrade left
behind is not written any more, so a file counts only while it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from honeypost.beside.logs.follow import FileFollower
from honeypost.beside.logs.follow_journal import JOURNAL, JournalFollower
from honeypost.beside.logs.reader import LogSource

AUTO = "auto"
MAIL_LOGS = ("var/log/mail.log", "var/log/maillog")
"""Of Debian's and of Red Hat's rsyslog; Postfix's own ``maillog_file`` is mostly one of them."""

STALE_SECONDS = 7 * 86_400.0
"""A log without a line for so long is not written any more; a busy week is one rotation."""


def logs_meant(wanted: Sequence[str], now: float, root: Path = Path("/")) -> tuple[str, ...]:
    """
    Say which logs are meant: files, or the journal.

    :param wanted: ``observe.log``; ``auto`` becomes the mail log that is written, else the
        journal.
    """
    if AUTO not in wanted:
        return tuple(wanted)
    written = (root / name for name in MAIL_LOGS)
    return tuple(str(log) for log in written if _is_written(log, now))[:1] or (JOURNAL,)


def _is_written(log: Path, now: float) -> bool:
    try:
        status = log.stat()
    except OSError:
        return False
    return status.st_size > 0 and now - status.st_mtime < STALE_SECONDS


def follow(
    logs: Sequence[str],
    cursors: Mapping[str, str],
    zone: tzinfo,
    clock: Callable[[], float],
    since: float,
) -> dict[str, LogSource]:
    """
    Follow logs from where it was left off.

    :param cursors: of each log, by its name; one without begins with its older files.
    :param since: how far back that reaches, seconds since 1970.
    """
    return {
        log: JournalFollower(zone, clock, cursors.get(log, ""), since)
        if log == JOURNAL
        else FileFollower(Path(log), zone, clock, cursors.get(log, ""), since)
        for log in logs
    }
