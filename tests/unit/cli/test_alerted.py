"""What ``status`` says about alerts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from honeypost.cli import alerted
from honeypost.cli.shapes import Alert
from honeypost.config.schema import Alerts
from honeypost.engine.alert_mail import Answer, Mail, Reply
from honeypost.engine.alerts import DAY, QUIET, Ledger
from honeypost.model import AlertKind
from honeypost.stores.alerts import AlertBook
from honeypost.stores.intel import IntelStore

NOON = 1_772_366_400.0
TOLD = Alerts(to=("root",))
MAIL = Mail("0" * 32, NOON + 60, ("budget",), "subject", "text")
TAKEN, REFUSED = Answer(Reply.TAKEN), Answer(Reply.REFUSED, "Connection refused")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intel.db"


def written(path: Path, *ledgers: Ledger, mail: Mail | None = None) -> None:
    with IntelStore(path) as intel:
        book = AlertBook(intel)
        for ledger in ledgers:
            book.write(ledger)
        if mail:
            book.step(mail)


def shown(alerts: list[Alert]) -> str:
    screen = Console(file=io.StringIO(), width=80)
    alerted.show(screen, alerts)
    return " ".join(screen.file.getvalue().split())


def test_nothing_is_nothing(path: Path) -> None:
    assert alerted.collect(path, TOLD, NOON) == []
    written(path)
    assert alerted.collect(path, TOLD, NOON) == []
    assert shown([]) == ""


def test_what_is_old_and_over_is_no_news(path: Path) -> None:
    written(
        path,
        Ledger(AlertKind.BUDGET).happened(NOON - QUIET),
        Ledger(AlertKind.EDGE).begun(NOON - 2 * QUIET).told(NOON - DAY),
    )
    assert [alert.kind for alert in alerted.collect(path, TOLD, NOON)] == ["edge"]


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        (MAIL.attempted().answered(TAKEN, NOON), "mail sent 03-01 12:01"),
        (MAIL.attempted().answered(REFUSED, NOON), "mail waits for Postfix 03-01 12:01: Connection refused"),
        (MAIL.attempted(), "mail is being sent 03-01 12:01"),
    ],
)  # fmt: skip
def test_when_mail_about_it_went_out(path: Path, mail: Mail, said: str) -> None:
    written(path, Ledger(AlertKind.BUDGET).happened(NOON).told(NOON + 60), mail=mail)
    (alert,) = alerted.collect(path, TOLD, NOON + 90)
    assert (alert.text, alert.standing, alert.time) == (
        "a budget is used up", False, "2026-03-01T12:00:00Z",
    )  # fmt: skip
    assert shown([alert]) == f"alert a budget is used up (03-01 12:00); {said}"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (TOLD, "no mail yet"),
        (Alerts(), "alerts.to names nobody"),
        (Alerts(to=("root",), mute=("containment",)), "muted"),
    ],
)
def test_why_there_is_no_mail(path: Path, settings: Alerts, said: str) -> None:
    # An earlier mail was about an earlier time.
    earlier = Mail("0" * 32, NOON - DAY, ("containment",), "s", "t").answered(TAKEN, NOON)
    written(path, Ledger(AlertKind.CONTAINMENT).begun(NOON), mail=earlier)
    (alert,) = alerted.collect(path, settings, NOON + 1)
    assert alert.mailed == ""
    assert shown([alert]) == (
        f"alert the containment is not what was attached (since 03-01 12:00); {said}"
    )
