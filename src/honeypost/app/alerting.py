"""
The worker's rounds for alerts: what is there to tell, and is it time to?

One thing after the other: first what is new is counted, then at most one mail goes on its way.
While Postfix takes none, everything gathers for the next one.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from honeypost.app.alert_watch import Watch
from honeypost.app.aside import aside
from honeypost.config.endpoints import endpoint
from honeypost.config.schema import Alerts, Config, Paths
from honeypost.engine.alert_mail import Answer, Mail, Outcome, Reply
from honeypost.engine.alert_text import Told, body, subject
from honeypost.engine.alerts import to_tell
from honeypost.engine.ids import Ids
from honeypost.ports import Chance, Clock
from honeypost.stores.alerts import AlertBook
from honeypost.stores.intel import IntelStore

LOOK_SECONDS: Final = 5.0
"""Between two looks."""

Send = Callable[[Mail], Awaitable[Answer]]
"""Hands a mail in; never raises for what a server can cause."""

INTERRUPTED: Final = Answer(Reply.DOUBT, "we ended while it was handed in")


class Alerting:
    """
    Looks and tells.

    :param send: ``None`` where nobody is told; what happens is counted all the same.
    """

    def __init__(
        self,
        watch: Watch,
        book: AlertBook,
        settings: Alerts,
        host: str,
        *,
        send: Send | None,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._watch = watch
        self._book = book
        self._mute = frozenset(settings.mute)
        self._host = host
        self._send = send
        self._clock = clock
        self._ids = Ids(chance)
        self._next = float("-inf")

    async def look(self) -> int:
        """
        Take in what is new and send what is due; how many mails were handed in.

        :raises StoreError: a store cannot be read or written; nothing is lost by that.
        """
        now = self._clock()
        if 0 < self._next - now <= LOOK_SECONDS:
            return 0
        self._next = now + LOOK_SECONDS
        self._watch.look()
        return 0 if self._send is None else await self._post(self._send, now)

    async def _post(self, send: Send, now: float) -> int:
        mail = self._book.open_mail() or self._new_mail(now)
        if mail is None:
            return 0
        if mail.outcome is Outcome.SENDING:
            mail = mail.answered(INTERRUPTED, now)
            self._book.step(mail)
        if not mail.due(now):
            return 0
        mail = mail.attempted()
        self._book.step(mail)
        answer = await send(mail)
        self._book.step(mail.answered(answer, self._clock()))
        return 1

    def _new_mail(self, now: float) -> Mail | None:
        """Write a mail, when there is something to tell and it is time to."""
        heard = [each for each in self._book.ledgers() if each.kind not in self._mute]
        ledgers = to_tell(heard, now, self._book.mailed())
        if not ledgers:
            return None
        told = [Told(ledger, self._book.lines(ledger.kind)) for ledger in ledgers]
        kinds = tuple(str(ledger.kind) for ledger in ledgers)
        text = body(self._host, told)
        mail = Mail(self._ids.at(now), now, kinds, subject(self._host, told), text)
        self._book.put_down(mail, [ledger.told(now) for ledger in ledgers])
        return mail


def open_alerting(config: Config, paths: Paths, intel: IntelStore, chance: Chance) -> Alerting:
    """Make the worker's part."""
    return Alerting(
        Watch(config, paths, intel, clock=time.time, ticks=time.monotonic),
        AlertBook(intel),
        config.alerts,
        config.site.hostname,
        send=_sending(config) if config.alerts.to else None,
        clock=time.time,
        chance=chance,
    )


def _sending(config: Config) -> Send:
    from honeypost.outbound.local_mail import Addresses, hand_in, written  # noqa: PLC0415 - heavy

    alerts = config.alerts
    addresses = Addresses(config.site.hostname, alerts.to, alerts.sender)
    server = endpoint(alerts.server)

    async def send(mail: Mail) -> Answer:
        message = written(mail, addresses)
        return await aside(lambda: hand_in(server, message, addresses), "alert")

    return send
