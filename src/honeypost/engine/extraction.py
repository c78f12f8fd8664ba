"""
Taking captures apart, one after the other, whatever one of them does to its reader.

A message is given to a dissector that may fail (it runs in a process that may be killed).
It is tried once more, alone, in a fresh one, because the first failure may have been the
fault of what came before.  Then it is marked: the capture stays, the report says why it is
empty, and the next message has its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from honeypost.errors import ExtractError
from honeypost.events import CaptureExtracted
from honeypost.extract.report import Report
from honeypost.ports import Capture

ATTEMPTS: Final = 2


class Mark(StrEnum):
    """Why a report is empty."""

    TIMEOUT = "timeout"
    """It took more than its time."""
    MEMORY = "memory"
    """It took more than its memory."""
    CRASH = "crash"
    """It ended its reader."""
    UNREADABLE = "unreadable"
    """The stored body does not check out."""


class DissectorFailed(ExtractError):
    """The message ended or outstayed its reader; the next call finds a fresh one."""

    def __init__(self, mark: Mark, detail: str = "") -> None:
        self.mark = mark
        super().__init__(detail or str(mark))


class Dissector(Protocol):
    """Takes one message apart, somewhere safe."""

    async def take_apart(self, raw: bytes, *, file: str, envelope: Sequence[bytes] = ()) -> Report:
        """
        Give the report on one message.

        :raises DissectorFailed: when it could not be had; the next call is a fresh start.
        """


async def examine(
    dissector: Dissector, raw: bytes, *, file: str, envelope: Sequence[bytes] = ()
) -> Report:
    """Give the report on one message; a marked, empty one when it cannot be had."""
    mark = Mark.CRASH
    for _ in range(ATTEMPTS):
        try:
            return await dissector.take_apart(raw, file=file, envelope=envelope)
        except DissectorFailed as failure:
            mark = failure.mark
    return Report(file=file, errors=(str(mark),))


def extracted(capture: Capture, report: Report) -> CaptureExtracted:
    """Say what came of a capture."""
    return CaptureExtracted(
        capture=capture.id,
        account=capture.envelope.account,
        links=len(report.links),
        recipients=len(report.recipients),
        attachments=len(report.attachments),
        errors=report.errors,
    )
