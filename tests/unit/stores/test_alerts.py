"""What the operator was told, on disk: ledgers, lines, mails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from honeypost.engine.alert_mail import Answer, Mail, Outcome, Reply
from honeypost.engine.alerts import LINES_MOST, MAILS_A_DAY, Ledger
from honeypost.engine.traces import Trace
from honeypost.model import AlertKind
from honeypost.stores.alerts import AlertBook, open_alerts
from honeypost.stores.intel import IntelStore

NOON = 1_772_366_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intel.db"


@pytest.fixture
def intel(path: Path) -> Iterator[IntelStore]:
    with IntelStore(path) as store:
        yield store


@pytest.fixture
def book(intel: IntelStore) -> AlertBook:
    return AlertBook(intel)


def mail(number: int, text: str = "text") -> Mail:
    return Mail(f"{number:032x}", NOON + number, ("budget",), "subject", text)


def done(number: int) -> Mail:
    return mail(number).attempted().answered(Answer(Reply.TAKEN), NOON)


def test_there_is_a_ledger_for_each_kind(book: AlertBook) -> None:
    assert book.ledgers() == [Ledger(kind) for kind in AlertKind]
    ledger = Ledger(AlertKind.EDGE).begun(NOON)
    book.write(ledger)
    assert [each for each in book.ledgers() if each.pending] == [ledger]


def test_lines_are_counted_and_bounded(book: AlertBook) -> None:
    for number in range(LINES_MOST + 5):
        book.add_line(AlertKind.BUDGET, f"line {number:02}", NOON + number)
    book.add_line(AlertKind.BUDGET, "line 03", NOON + 999)
    book.add_line(AlertKind.DECOY, "another kind", NOON)
    lines = book.lines(AlertKind.BUDGET)
    assert len(lines) == LINES_MOST
    assert lines[-1] == "line 03 (2 times)"
    assert book.lines(AlertKind.DECOY) == ["another kind"]


def test_a_mail_takes_lines_and_ledgers_with_it(book: AlertBook) -> None:
    book.write(Ledger(AlertKind.BUDGET).happened(NOON))
    book.add_line(AlertKind.BUDGET, "gone", NOON)
    book.add_line(AlertKind.DECOY, "stays", NOON)
    told = Ledger(AlertKind.BUDGET).happened(NOON).told(NOON)
    book.put_down(mail(1), [told])
    assert book.open_mail() == mail(1)
    assert told in book.ledgers()
    assert (book.lines(AlertKind.BUDGET), book.lines(AlertKind.DECOY)) == ([], ["stays"])
    book.step(done(1))
    assert book.open_mail() is None
    assert book.mailed() == [NOON + 1]


def test_only_the_latest_mails_count(book: AlertBook) -> None:
    for number in range(MAILS_A_DAY + 3):
        book.step(done(number))
    assert len(book.mailed()) == MAILS_A_DAY
    assert book.mailed()[0] == NOON + MAILS_A_DAY + 2


def test_others_read_it(path: Path, book: AlertBook) -> None:
    book.write(Ledger(AlertKind.EDGE).begun(NOON))
    book.step(done(1))
    book.step(mail(2))
    with open_alerts(path) as view:
        assert [each.kind for each in view.ledgers() if each.standing] == [AlertKind.EDGE]
        assert [each.outcome for each in view.mails(9)] == [Outcome.WAITING, Outcome.SENT]


def test_a_store_of_before_has_none(path: Path, intel: IntelStore, tmp_path: Path) -> None:
    assert open_alerts(tmp_path / "none.db") is None
    intel.ask("DROP TABLE alert_mails")
    assert open_alerts(path) is None


async def test_an_address_is_forgotten(intel: IntelStore, book: AlertBook) -> None:
    book.add_line(AlertKind.WITHHELD, "c1 to x@example.org, from eve@example.net: why", NOON)
    book.add_line(AlertKind.WITHHELD, "c2 to y@example.org, from bob@example.net: why", NOON)
    book.step(mail(1, "from eve@example.net"))
    book.step(mail(2, "from bob@example.net"))
    assert await intel.forget(Trace("eve@example.net")) == 2
    assert len(book.lines(AlertKind.WITHHELD)) == 1
    assert book.open_mail() == mail(2, "from bob@example.net")


async def test_old_mails_go_when_they_are_done(intel: IntelStore, book: AlertBook) -> None:
    book.step(mail(1))
    book.step(done(2))
    await intel.prune(NOON + 100)
    assert book.mailed() == [NOON + 1]
