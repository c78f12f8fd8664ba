"""
What the operator was told and is to be told: tables in the worker's file.

A ledger for each kind, the lines that the next mail will hold, and the mails themselves.  What
decides whether a mail goes out once or twice (:mod:`honeypost.engine.alert_mail`) is on the disk
before the next step is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from honeypost.engine.alert_mail import Mail
from honeypost.engine.alerts import LINES_MOST, MAILS_A_DAY, Ledger
from honeypost.model import AlertKind
from honeypost.stores.findings import IntelView
from honeypost.stores.intel import IntelStore

_LINE: Final = """
    INSERT INTO alert_lines SELECT ?1, ?2, 1, ?3 WHERE EXISTS (
        SELECT 1 FROM alert_lines WHERE text = ?1 AND kind = ?2)
        OR (SELECT count(*) FROM alert_lines WHERE kind = ?2) < ?4
    ON CONFLICT (text, kind) DO UPDATE SET times = times + 1, last = max(last, excluded.last)
    """
_MAIL: Final = "INSERT OR REPLACE INTO alert_mails VALUES (?, ?, ?, ?)"
_LEDGER: Final = "INSERT OR REPLACE INTO alert_ledgers VALUES (?, ?)"

Ask = Callable[[str, Collection[Any]], list[Any]]


class AlertBook:
    """For the worker, which writes it; one thread at a time."""

    def __init__(self, intel: IntelStore) -> None:
        self._intel = intel

    def ledgers(self) -> list[Ledger]:
        """One ledger for each kind, the gravest first."""
        return _ledgers(self._intel.ask)

    def write(self, ledger: Ledger) -> None:
        """Keep a ledger, in the batch that it stands in."""
        self._intel.change(_LEDGER, [(str(ledger.kind), _json(ledger))])

    def add_line(self, kind: AlertKind, text: str, at: float) -> None:
        """Keep a line for the next mail; above ``LINES_MOST`` of a kind new ones are left out."""
        self._intel.change(_LINE, [(text, str(kind), at, LINES_MOST)])

    def lines(self, kind: AlertKind) -> list[str]:
        """Lines for the next mail, the latest last; one that came again says how often."""
        rows = self._intel.ask(
            "SELECT text, times FROM alert_lines WHERE kind = ? ORDER BY last, text", (str(kind),)
        )
        return [text if times == 1 else f"{text} ({times} times)" for text, times in rows]

    def put_down(self, mail: Mail, told: Sequence[Ledger]) -> None:
        """Keep a new mail, and that it tells of all that these kinds had to say; durable."""
        with self._intel.durably(), self._intel.batch():
            self.keep(mail)
            for ledger in told:
                self.write(ledger)
            self._intel.change(
                "DELETE FROM alert_lines WHERE kind = ?", [(str(ledger.kind),) for ledger in told]
            )

    def step(self, mail: Mail) -> None:
        """Keep what became of a mail; durable."""
        with self._intel.durably():
            self.keep(mail)

    def keep(self, mail: Mail) -> None:
        """Keep a mail, in the batch that it stands in."""
        self._intel.change(_MAIL, [(mail.id, mail.time, mail.open, _json(mail))])

    def open_mail(self) -> Mail | None:
        """The mail that is on its way; there is never more than one."""
        rows = self._intel.ask("SELECT state FROM alert_mails WHERE open ORDER BY time", ())
        return _mail(rows[0]) if rows else None

    def mailed(self) -> list[float]:
        """When the latest mails were written, as many as may be in a day."""
        return [mail.time for mail in _mails(self._intel.ask, MAILS_A_DAY)]


class AlertView(IntelView):
    """Reads it, while the worker writes or not."""

    def ledgers(self) -> list[Ledger]:
        """See :meth:`AlertBook.ledgers`."""
        return _ledgers(self.ask)

    def mails(self, limit: int) -> list[Mail]:
        """The latest mails, the newest first."""
        return _mails(self.ask, limit)


def open_alerts(path: Path) -> AlertView | None:
    """
    Open what the worker keeps; ``None`` when there is nothing, or of an older version only.

    :raises StoreError: it cannot be read.
    """
    if not path.exists():
        return None
    view = AlertView(path)
    if view.ask("SELECT 1 FROM sqlite_schema WHERE name = 'alert_mails'"):
        return view
    view.close()
    return None


def _ledgers(ask: Ask) -> list[Ledger]:
    known = dict(ask("SELECT kind, state FROM alert_ledgers", ()))
    return [
        msgspec.json.decode(known[kind], type=Ledger) if kind in known else Ledger(kind)
        for kind in AlertKind
    ]


def _mails(ask: Ask, limit: int) -> list[Mail]:
    rows = ask("SELECT state FROM alert_mails ORDER BY time DESC, id DESC LIMIT ?", (limit,))
    return [_mail(row) for row in rows]


def _mail(row: Sequence[Any]) -> Mail:
    return msgspec.json.decode(row[0], type=Mail)


def _json(value: Ledger | Mail) -> str:
    return msgspec.json.encode(value).decode()
