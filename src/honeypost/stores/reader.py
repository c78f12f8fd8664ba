"""
Reading captures while another process writes them.

The worker and the commands read the edge's segments directly; nobody needs to be asked and
no lock is taken.  That is safe because segments are only appended to, records tell their own
length and checksum, and an erased record keeps its place.  What the newest segment has not
finished yet is simply not there yet; an older segment never grows again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from honeypost.errors import StoreCorrupt, StoreError
from honeypost.ports import Capture
from honeypost.stores.files import DISK, Files, own_errors
from honeypost.stores.records import Kind, Meta, segment_name, segment_number
from honeypost.stores.segment import Place, Segment, open_segment

PLACES_REMEMBERED: Final = 1024
"""So many captures last given out are found again without looking."""


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """How far somebody has read: keep it as text, ``str(cursor)`` and :meth:`parse`."""

    segment: int = 0
    offset: int = 0

    def __str__(self) -> str:
        return f"{self.segment}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """
        Read it back.

        >>> Cursor.parse("3:1024")
        Cursor(segment=3, offset=1024)
        """
        segment, _, offset = text.partition(":")
        return cls(int(segment), int(offset))


START: Final = Cursor()


@dataclass(frozen=True, slots=True)
class Kept:
    """A capture and the cursor behind it."""

    capture: Capture
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Joined:
    """One message as its sender saw it; Postfix may have handed it over in parts."""

    capture: Capture
    """The first part, with the recipients of all parts in order."""
    parts: tuple[str, ...]
    """Ids of the captures that it is made of."""


@dataclass(slots=True)
class Damage:
    """What could not be read so far."""

    corrupt_records: int = 0
    unreadable_segments: int = 0
    torn_bytes: int = 0
    """Behind the last sound record of segments that no longer grow."""

    def __bool__(self) -> bool:
        return bool(self.corrupt_records or self.unreadable_segments or self.torn_bytes)


@dataclass(slots=True)
class SegmentReader:
    """
    The captures in a directory of segments, for reading only.

    Not for use by two threads at once.
    """

    directory: Path
    files: Files = DISK
    damage: Damage = field(default_factory=Damage)
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def after(self, cursor: Cursor = START, *, verify: bool = True) -> Iterator[Kept]:
        """
        Captures behind the cursor that are completely there, oldest first.

        :param verify: step over (and count) captures whose body is damaged; costs reading it.
        :raises StoreError: when the disk cannot be read.
        """
        # Listed before reading: all that the older ones will ever hold is there by now.
        numbers = [number for number in self.numbers() if number >= cursor.segment]
        for number in numbers:
            offset = cursor.offset if number == cursor.segment else 0
            with self._segment(number) as segment:
                if segment is None:
                    continue
                for place, meta in segment.metas(Meta, offset, verify=verify):
                    self._remember(meta.capture.id, number, place.offset)
                    yield Kept(meta.capture, Cursor(number, place.end))
                self.damage.corrupt_records += segment.corrupt_records
                if number != numbers[-1] and not offset:
                    self.damage.torn_bytes += segment.torn_bytes

    def captures(self) -> Iterator[Capture]:
        """All captures, oldest first; bodies are not looked at."""
        return (kept.capture for kept in self.after(verify=False))

    def joined(self) -> Iterator[Joined]:
        """
        All messages, oldest first, each with all its recipients.

        Postfix hands a message of 1,000 recipients over in several LMTP transactions of the
        same queue id and body.
        """
        groups: dict[tuple[str, ...], list[Capture]] = {}
        for capture in self.captures():
            groups.setdefault(join_key(capture), []).append(capture)
        return map(_join, groups.values())

    def read(self, capture_id: str) -> bytes:
        """
        The body, byte-exact.

        :raises KeyError: when there is none. :raises StoreCorrupt: when its hash differs.
        """
        number, offset = self._places.get(capture_id) or self._find(capture_id)
        with self._segment(number) as segment:
            found = next(segment.metas(Meta, offset), None) if segment else None
            if segment is None or found is None or found[1].capture.id != capture_id:
                raise KeyError(capture_id)
            place, meta = found
            if place.head.kind is Kind.REFERENCE:
                place = self._place(segment, meta.body_of)
            body = b"".join(segment.body(place))
        if hashlib.sha256(body).hexdigest() != meta.capture.sha256:
            raise StoreCorrupt(f"capture {capture_id}: the body is not what was captured")
        return body

    def capture(self, capture_id: str) -> Capture:
        """
        The index entry of one capture.

        :raises KeyError: when there is none.
        """
        number, offset = self._find(capture_id)
        with self._segment(number) as segment:
            assert segment is not None, "found in it just now"
            _, meta = next(segment.metas(Meta, offset))
            return meta.capture

    def numbers(self) -> list[int]:
        """Numbers of all segments, oldest first."""
        with own_errors(str(self.directory)):
            names = self.files.names(self.directory)
        return sorted(number for name in names if (number := segment_number(name)) is not None)

    @contextmanager
    def _segment(self, number: int) -> Iterator[Segment | None]:
        """Open a segment; ``None`` when it is gone (retention) or cannot be read."""
        try:
            with own_errors(segment_name(number)):
                file = self.files.open(self.directory / segment_name(number))
        except StoreError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            yield None
            return
        try:
            with own_errors(segment_name(number)):
                segment = open_segment(file)
            if segment is None:
                self.damage.unreadable_segments += 1
            with own_errors(segment_name(number)):
                yield segment
        finally:
            file.close()

    def _find(self, capture_id: str) -> tuple[int, int]:
        """Look for a capture from the newest segment back."""
        for number in reversed(self.numbers()):
            with self._segment(number) as segment:
                if segment is None:
                    continue
                try:
                    return number, self._place(segment, capture_id).offset
                except KeyError:
                    continue
        raise KeyError(capture_id)

    def _place(self, segment: Segment, capture_id: str) -> Place:
        wanted = capture_id.encode()
        for place in segment.places():
            # Most are passed over without parsing them.
            if wanted not in segment.raw_meta(place):
                continue
            found = next(segment.metas(Meta, place.offset), None)
            if found is not None and found[0] == place and found[1].capture.id == capture_id:
                return place
        raise KeyError(capture_id)

    def _remember(self, capture_id: str, number: int, offset: int) -> None:
        if len(self._places) >= PLACES_REMEMBERED:
            self._places.clear()
        self._places[capture_id] = (number, offset)


def join_key(capture: Capture) -> tuple[str, ...]:
    """Captures with the same key are parts of one message."""
    envelope = capture.envelope
    if not envelope.queue_id:
        return (capture.id,)
    return (envelope.account, envelope.queue_id, capture.sha256)


def _join(parts: list[Capture]) -> Joined:
    first = parts[0]
    recipients = tuple(recipient for part in parts for recipient in part.envelope.recipients)
    whole = replace(first, envelope=replace(first.envelope, recipients=recipients))
    return Joined(whole, tuple(part.id for part in parts))
