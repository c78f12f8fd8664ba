"""
What waits in Postfix's queue for a late bounce, as ``postqueue -j`` lists it.

Whoever takes the late bounce off must know: once its routes are gone, Postfix would hand these
messages to the real mailboxes' server, which refuses them, and the bounce would go to senders whom
nobody has judged.  Each line of the list is one message (postqueue(1), "JSON OBJECT FORMAT").
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message with recipients that wait for a late bounce."""

    queue_id: str
    sender: str
    """As Postfix writes it: ``MAILER-DAEMON`` for the null sender."""
    recipients: tuple[str, ...]
    """Those that wait for us."""
    others: int
    """Recipients that wait for something else; a message with some must not be deleted."""


def waiting_for_us(lines: Iterable[str], token: str) -> list[WaitingMessage]:
    """
    Find the messages that wait for a late bounce.

    :param lines: what ``postqueue -j`` prints.
    :param token: of :class:`~honeypost.beside.postfix.limbo_config.LimboConfig`; it begins the
        reason of every recipient that has been tried.
    :raises ValueError: a line is no JSON.
    """
    found: list[WaitingMessage] = []
    for line in filter(str.strip, lines):
        message = json.loads(line)
        recipients = message["recipients"]
        ours = tuple(each["address"] for each in recipients if _is_ours(each, token))
        if ours:
            others = len(recipients) - len(ours)
            found.append(WaitingMessage(message["queue_id"], message["sender"], ours, others))
    return found


def _is_ours(recipient: dict[str, str], token: str) -> bool:
    return token in recipient.get("delay_reason", "").split()
