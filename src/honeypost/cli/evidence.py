"""
Turns stored events into evidence: what happened, what was said, why, and is it still so?

Every answer that a rule gave is computed again from what is stored (guesses from the
account's whole history, probes from the site's key, captures from their bytes) and compared
with what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from honeypost.cli.archive import Archive
from honeypost.cli.screen import timestamp
from honeypost.cli.shapes import Evidence
from honeypost.decide.decoys import Rules
from honeypost.decide.evidence import Finding, recompute
from honeypost.errors import StoreCorrupt
from honeypost.events import (
    DecoyAdopted,
    DecoyEntered,
    Event,
    LoginRefused,
    LoginReported,
    MessageCaptured,
    MessageRefused,
    PenaltyImposed,
    RecipientProbed,
    SessionRejected,
)
from honeypost.model import Protocol, printable
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.personality.replies import fill
from honeypost.ports import Decoy, Entry
from honeypost.questions import Acceptance

AGREES, DISAGREES, GAP = "agrees", "disagrees", "gap"

GUESSES = (LoginRefused, DecoyAdopted, DecoyEntered)
TOLD = (
    *GUESSES,
    LoginReported,
    RecipientProbed,
    MessageCaptured,
    MessageRefused,
    SessionRejected,
    PenaltyImposed,
)
"""Events that are an answer to somebody; the others only set the scene."""


@dataclass(slots=True)
class Witness:
    """Explains entries; remembers the histories that it has computed."""

    archive: Archive
    rules: Rules
    _decoys: dict[str, Decoy] | None = None
    _findings: dict[str, dict[str, Finding]] = field(default_factory=dict)

    @property
    def decoys(self) -> dict[str, Decoy]:
        """All decoys by account."""
        if self._decoys is None:
            self._decoys = {decoy.account: decoy for decoy in self.archive.decoys()}
        return self._decoys

    def evidence(self, entries: Iterable[Entry]) -> Iterator[Evidence]:
        """Give one piece for every entry that is an answer to somebody."""
        for entry in entries:
            if isinstance(entry.event, TOLD):
                yield self._piece(entry)

    def _piece(self, entry: Entry) -> Evidence:
        event, who = entry.event, entry.who
        finding = self._finding(entry) if isinstance(event, GUESSES) else None
        reason, because, recomputed = (
            _from_finding(finding) if finding else self._without_finding(event)
        )
        return Evidence(
            time=timestamp(entry.time),
            kind=event.kind(),
            session=who.session if who else "",
            client=who.client.address if who else "",
            account=_about(event),
            answer=answer(entry),
            reason=reason,
            because=because,
            distinct_failures=finding.distinct_failures if finding else 0,
            needed_failures=finding.needed_failures if finding else 0,
            recomputed=recomputed,
        )

    def _finding(self, entry: Entry) -> Finding | None:
        account = getattr(entry.event, "account", "")
        if not account:
            return next(iter(recompute((entry,), self.rules)), None)
        if account not in self._findings:
            kinds = [kind.kind() for kind in GUESSES]
            history = self.archive.entries(account=account, kinds=kinds)
            found = recompute(history, self.rules, self.decoys.get(account))
            self._findings[account] = {finding.entry.id: finding for finding in found}
        return self._findings[account].get(entry.id)

    def _without_finding(self, event: Event) -> tuple[str, str, str]:
        """Give reason, words and the outcome of the recomputation."""
        match event:
            case RecipientProbed():
                return self._probe(event)
            case MessageCaptured():
                return self._capture(event)
            case MessageRefused():
                return event.budget, "It was over a budget, or could not be kept safely.", ""
            case SessionRejected():
                return event.budget, "The budget of connections was used up.", ""
            case PenaltyImposed():
                return _penalty(event)
            case _:
                return "", "Dovecot reported it; nothing was asked of Honeypost.", ""

    def _probe(self, event: RecipientProbed) -> tuple[str, str, str]:
        account = self.rules.account(event.recipient)
        exists = bool(account) and (account in self.decoys or self.rules.exists(account))
        if event.answer == Acceptance.ACCEPTED:
            words = "By the site's key a mailbox of this name is there."
            return "exists", words, AGREES if exists else DISAGREES
        if event.answer == Acceptance.UNKNOWN and exists:
            return "real-name", "The name is real or near to a real one; it is not lent out.", ""
        if event.answer == Acceptance.UNKNOWN:
            return "absent", "By the site's key no mailbox of this name exists.", AGREES
        return event.answer, "The domain is not ours, or nobody could say.", ""

    def _capture(self, event: MessageCaptured) -> tuple[str, str, str]:
        words = "What a decoy sends is kept and goes nowhere."
        try:
            size = len(self.archive.segments.read(event.capture))
        except KeyError:
            return "captured", f"{words} The message itself is no longer stored.", ""
        except StoreCorrupt:
            return "captured", f"{words} Its bytes are damaged on disk.", DISAGREES
        return "captured", words, AGREES if size == event.size else DISAGREES


def _from_finding(finding: Finding) -> tuple[str, str, str]:
    if not finding.agrees:
        words = f"recorded {finding.recorded}, recomputed {finding.recomputed}: {finding.words}"
        return str(finding.recorded), words, DISAGREES
    return str(finding.recorded), finding.words, GAP if finding.gap else AGREES


def _penalty(event: PenaltyImposed) -> tuple[str, str, str]:
    """Say why a network was kept away; that it failed so often was noted when it did."""
    done = "" if event.carried_out else " It was only observed: nothing was done."
    words = f"{event.failures} different wrong logins of {event.network}; rung {event.rung}."
    return "penalty", words + done, ""


def _about(event: Event) -> str:
    """Name the account, or what was typed where it is nobody's."""
    if isinstance(event, RecipientProbed):
        return printable(event.recipient)
    if isinstance(event, LoginRefused | LoginReported) and not event.account:
        return printable(event.login)
    return str(getattr(event, "account", ""))


def answer(entry: Entry) -> str:
    """Say what the client was told; behind real servers they said it in their own words."""
    if isinstance(entry.event, PenaltyImposed):
        return f"nothing: no new mail session is answered for {entry.event.seconds:.0f} s"
    if entry.who is not None and entry.who.protocol in (Protocol.LOOKUP, Protocol.AUTHPOLICY):
        return _in_dovecots_words(entry.event)
    return printable(_reply(entry.event))


def _in_dovecots_words(event: Event) -> str:
    refused = isinstance(event, LoginRefused)
    granted = event.success if isinstance(event, LoginReported) else not refused
    return f"{'let in' if granted else 'refused'}, in Dovecot's own words"


def _reply(event: Event) -> bytes:
    reply, value = b"", b""
    match event:
        case LoginRefused():
            reply = PROFILE.auth.refused
        case DecoyEntered() | DecoyAdopted():
            reply = PROFILE.auth.granted
        case RecipientProbed(recipient=value, answer=said):
            reply = PROFILE.mail.recipient[Acceptance(said)]
        case MessageCaptured(queue_id=queue_id):
            reply, value = PROFILE.data.queued, queue_id.encode()
        case MessageRefused(answer=said):
            reply = PROFILE.data.message.get(Acceptance(said), b"")
        case SessionRejected():
            reply, value = PROFILE.session.too_many_connections, b"(its address)"
    return fill(reply, b"(our name)", value)
