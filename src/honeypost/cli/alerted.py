"""What ``honeypost status`` says about alerts: what is news, and whether a mail went out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from honeypost.cli import screen, shapes
from honeypost.config.schema import Alerts
from honeypost.engine.alert_mail import Mail
from honeypost.engine.alert_text import WORDS
from honeypost.engine.alerts import QUIET, Ledger
from honeypost.stores.alerts import open_alerts

MAILS_LOOKED_AT = 50

MAIL_WORDS = {
    "sent": "mail sent",
    "waiting": "mail waits for Postfix",
    "sending": "mail is being sent",
    "unknown": "mail sent, perhaps",
    "failed": "mail given up",
    "muted": "muted",
    "nobody": "alerts.to names nobody",
    "due": "no mail yet",
}


def collect(path: Path, settings: Alerts, now: float) -> list[shapes.Alert]:
    """
    Give what stands and what happened lately, the gravest first.

    :param path: the worker's file.
    """
    view = open_alerts(path)
    if view is None:
        return []
    with view:
        ledgers, mails = view.ledgers(), view.mails(MAILS_LOOKED_AT)
    news = (each for each in ledgers if each.standing or now - each.last < QUIET)
    return [_alert(ledger, mails, settings) for ledger in news]


def _alert(ledger: Ledger, mails: list[Mail], settings: Alerts) -> shapes.Alert:
    # What is pending no mail has told of yet; an earlier one was about an earlier time.
    about = (mail for mail in mails if ledger.kind in mail.kinds and not ledger.pending)
    latest = next(about, None)
    return shapes.Alert(
        kind=ledger.kind,
        text=WORDS[ledger.kind].title,
        standing=ledger.standing,
        time=screen.timestamp(ledger.since if ledger.standing else ledger.last),
        mail=str(latest.outcome) if latest else _without_mail(ledger, settings),
        mailed=screen.timestamp(latest.time) if latest else "",
        said=latest.said if latest else "",
    )


def _without_mail(ledger: Ledger, settings: Alerts) -> str:
    if not settings.to:
        return "nobody"
    return "muted" if ledger.kind in settings.mute else "due"


def show(out: Console, alerts: list[shapes.Alert]) -> None:
    """Print them for people."""
    for alert in alerts:
        style = "bold yellow" if alert.standing else ""
        out.print(screen.label("alert", Text("; ".join(_words(alert)), style)))


def _words(alert: shapes.Alert) -> Iterator[str]:
    when = alert.time[5:16].replace("T", " ")
    yield f"{alert.text} ({'since ' if alert.standing else ''}{when})"
    mailed = f" {alert.mailed[5:16].replace('T', ' ')}" if alert.mailed else ""
    yield MAIL_WORDS[alert.mail] + mailed + (f": {alert.said}" if alert.said else "")
