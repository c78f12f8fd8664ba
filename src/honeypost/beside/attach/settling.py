"""
Settle what waits in Postfix's queue for a late bounce, before its routes go.

Once the routes are gone Postfix would hand these messages to the mailboxes' server, which refuses
them, and senders whom nobody has judged would get the bounce.  Unknown names are refused again by
now, so nothing new comes in.  The operator says what becomes of the rest:

* ``tell``: everybody is answered at once, as judged.  Our edge answers without the delay as long
  as a flag lies there, and Postfix tries its whole queue every two seconds.
* ``delete``: the messages go, and nobody hears of them; our copies stay.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.record import Attachment
from honeypost.beside.postfix.waiting import WaitingMessage, waiting_for_us
from honeypost.beside.survey.programs import Run, run_program

TELL_SECONDS = 60.0
"""Our worker judges in a second, or as long as DNS takes; Postfix tries again at each flush."""

FLUSH_SECONDS = 2.0
TRIED_SECONDS = 10.0
"""What was accepted last must have been tried once, so that it is known to wait for us."""

SHOWN = 20
"""Messages that a sentence names."""


class Waiting(StrEnum):
    """What becomes of messages that wait for a late bounce."""

    STOP = "stop"
    """Nothing; the operator is told what waits."""
    TELL = "tell"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Settle:
    """
    Settles one host.

    :param flag: while it is there, our edge answers without the delay.
    """

    choice: Waiting
    flag: Path
    run: Run = run_program
    tell_seconds: float = TELL_SECONDS
    tried_seconds: float = TRIED_SECONDS
    flush_seconds: float = FLUSH_SECONDS

    def __call__(self, record: Attachment) -> list[str]:
        """
        Settle everything that waits.

        :returns: sentences about what became of it.
        :raises AttachFailed: something still waits; names it, and says how to go on.
        """
        if record.limbo is None:
            return []
        self._have_tried(record)
        found = self.waiting(record)
        if not found:
            return []
        match self.choice:
            case Waiting.TELL:
                return self._tell(record, found)
            case Waiting.DELETE:
                return self._delete(record, found)
        raise AttachFailed(
            f"{named(found)}: answer them now as judged (--waiting tell), or delete them without"
            " a word (--waiting delete)"
        )

    def waiting(self, record: Attachment) -> list[WaitingMessage]:
        """Give the messages that wait."""
        return waiting_for_us(self._queue(record), record.limbo.token) if record.limbo else []

    def _have_tried(self, record: Attachment) -> None:
        self._flush(record)
        self._until(lambda: not self._untried(record), self.tried_seconds, lambda: None)
        if left := self._untried(record):
            raise AttachFailed(
                f"mail to {', '.join(left[:SHOWN])} was not tried yet, so whether it waits for a"
                " late bounce cannot be told: run it again"
            )

    def _untried(self, record: Attachment) -> list[str]:
        domains = set(record.limbo.domains if record.limbo else ())
        return list(_untried(self._queue(record), domains))

    def _tell(self, record: Attachment, found: Sequence[WaitingMessage]) -> list[str]:
        self.flag.touch()
        try:
            self._until(
                lambda: not self.waiting(record), self.tell_seconds, lambda: self._flush(record)
            )
            left = self.waiting(record)
        finally:
            self.flag.unlink(missing_ok=True)
        if left:
            raise AttachFailed(
                f"{named(left)}, and nobody could be judged or our processes do not run: start"
                " them and run it again, or delete these (--waiting delete)"
            )
        said = "proven senders got the bounce, the others no word"
        return [f"{_messages(found)} that waited for a late bounce: {said}"]

    def _delete(self, record: Attachment, found: Sequence[WaitingMessage]) -> list[str]:
        if shared := [message for message in found if message.others]:
            raise AttachFailed(
                f"{named(shared)}, and for others too, so it cannot be deleted: wait until those"
                " have it, or use --waiting tell"
            )
        given = "".join(f"{message.queue_id}\n" for message in found)
        self.run(("postsuper", "-c", record.postfix_directory, "-d", "-"), given)
        if left := self.waiting(record):
            raise AttachFailed(f"{named(left)} and could not be deleted: run it again")
        return [f"deleted: {named(found)}"]

    def _until(
        self, condition: Callable[[], bool], seconds: float, between: Callable[[], None]
    ) -> None:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            between()
            time.sleep(min(self.flush_seconds, seconds))

    def _queue(self, record: Attachment) -> list[str]:
        return self.run(("postqueue", "-c", record.postfix_directory, "-j"), "").out.splitlines()

    def _flush(self, record: Attachment) -> None:
        self.run(("postqueue", "-c", record.postfix_directory, "-f"), "")


def named(messages: Sequence[WaitingMessage]) -> str:
    """Name messages in words."""
    each = "; ".join(
        f"{m.queue_id} from {m.sender} to {', '.join(m.recipients[:SHOWN])}"
        for m in messages[:SHOWN]
    )
    more = f"; and {len(messages) - SHOWN} more" if len(messages) > SHOWN else ""
    return f"{_messages(messages)} wait for a late bounce ({each}{more})"


def _messages(found: Sequence[WaitingMessage]) -> str:
    return "1 message" if len(found) == 1 else f"{len(found)} messages"


def _untried(lines: Iterable[str], domains: set[str]) -> Iterator[str]:
    """Give recipients in these domains that Postfix has not tried to deliver to."""
    for line in filter(str.strip, lines):
        for recipient in json.loads(line)["recipients"]:
            domain = recipient["address"].rpartition("@")[2].lower()
            if domain in domains and not recipient.get("delay_reason"):
                yield recipient["address"]
