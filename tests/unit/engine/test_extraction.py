"""One bad message costs itself and no other."""

from __future__ import annotations

import pytest

from honeypost.engine.extraction import ATTEMPTS, DissectorFailed, Mark, examine, extracted
from honeypost.extract.report import Addressee, Report
from honeypost.model import Client, Envelope, Identity, Protocol
from honeypost.ports import Capture

WHO = Identity("s", Client("192.0.2.1"), "submission", Protocol.SUBMISSION)


class Scripted:
    """A dissector that fails as often as it is told."""

    def __init__(self, *marks: Mark) -> None:
        self.marks = list(marks)
        self.asked: list[tuple[bytes, str, tuple[bytes, ...]]] = []

    async def take_apart(self, raw, *, file, envelope=()):
        self.asked.append((raw, file, tuple(envelope)))
        if self.marks:
            raise DissectorFailed(self.marks.pop(0))
        return Report(file=file, errors=("text-cut",))


async def test_a_good_message_is_asked_once():
    dissector = Scripted()
    report = await examine(dissector, b"x", file="f", envelope=[b"a@b"])
    assert report == Report(file="f", errors=("text-cut",))
    assert dissector.asked == [(b"x", "f", (b"a@b",))]


async def test_a_failure_is_tried_once_more():
    dissector = Scripted(Mark.CRASH)
    assert (await examine(dissector, b"x", file="f")).errors == ("text-cut",)
    assert len(dissector.asked) == ATTEMPTS


@pytest.mark.parametrize("mark", [Mark.TIMEOUT, Mark.MEMORY, Mark.CRASH])
async def test_then_it_is_marked(mark):
    dissector = Scripted(Mark.CRASH, mark)
    assert await examine(dissector, b"x", file="f") == Report(file="f", errors=(str(mark),))
    assert len(dissector.asked) == ATTEMPTS


def test_what_came_of_a_capture():
    envelope = Envelope(b"", (), account="a@b")
    capture = Capture("c-1", 1.0, envelope, WHO, 3, "00")
    event = extracted(capture, Report("c-1", recipients=(Addressee("x@y", "to"),), errors=("e",)))
    assert (event.capture, event.account, event.recipients) == ("c-1", "a@b", 1)
    assert (event.links, event.attachments, event.errors) == (0, 0, ("e",))


def test_a_failure_says_what_it_is():
    assert str(DissectorFailed(Mark.TIMEOUT)) == "timeout"
    assert str(DissectorFailed(Mark.CRASH, "why")) == "why"
