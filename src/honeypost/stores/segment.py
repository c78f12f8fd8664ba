"""
Reading one segment: record by record, past whatever is damaged.

Nothing here raises for what it finds in the file.  A damaged record is stepped over (by its
lengths, or by looking for the next marker when those are damaged too) and counted; an end
that was never finished is where the reading stops.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from honeypost.errors import StoreCorrupt
from honeypost.stores.files import File
from honeypost.stores.records import (
    MARKER_BYTES,
    RECORD_HEAD_BYTES,
    SEGMENT_HEAD_BYTES,
    AnyMeta,
    Kind,
    RecordHead,
    unpack_meta,
    unpack_record_head,
    unpack_segment_head,
)

CHUNK_BYTES: Final = 256 * 1024
"""How much of a segment is in memory at once."""

KEPT: Final = (Kind.MESSAGE, Kind.REFERENCE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies within its segment."""

    offset: int
    head: RecordHead

    @property
    def meta_offset(self) -> int:
        return self.offset + RECORD_HEAD_BYTES

    @property
    def body_offset(self) -> int:
        return self.meta_offset + self.head.meta_bytes

    @property
    def end(self) -> int:
        return self.offset + self.head.record_bytes


class Segment:
    """
    An open segment file, up to the size that it had when this was made.

    :raises StoreCorrupt: when the file is not a segment.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._size = file.size()
        self.marker = unpack_segment_head(file.read(0, SEGMENT_HEAD_BYTES))
        self.corrupt_records = 0
        """Damaged records stepped over so far."""
        self.good_end = SEGMENT_HEAD_BYTES
        """Behind the last sound record seen so far; what follows is torn, if anything."""

    @property
    def torn_bytes(self) -> int:
        """After all was read: bytes behind the last sound record."""
        return max(0, self._size - self.good_end)

    def places(self, offset: int = 0) -> Iterator[Place]:
        """
        Every record with a sound head from there on, erased ones too.

        An offset in the middle of a record leads to the next one.
        """
        offset = max(offset, SEGMENT_HEAD_BYTES)
        while offset < self._size:
            head = unpack_record_head(self._file.read(offset, RECORD_HEAD_BYTES), self.marker)
            if head is None:
                found = self._next_marker(offset + 1)
                if found is None:
                    return
                self.corrupt_records += 1
                offset = found
            elif offset + head.record_bytes > self._size:
                return
            else:
                yield Place(offset, head)
                offset += head.record_bytes

    def metas(
        self, form: type[AnyMeta], offset: int = 0, *, verify: bool = False
    ) -> Iterator[tuple[Place, AnyMeta]]:
        """
        Every kept record from there on, with its meta.

        :param verify: also read the bodies and step over damaged ones.
        """
        for place in self.places(offset):
            if place.head.kind not in KEPT:
                self.good_end = place.end
                continue
            meta = unpack_meta(self.raw_meta(place), place.head, form)
            if meta is None or (verify and not self.body_is_sound(place)):
                self.corrupt_records += 1
                continue
            self.good_end = place.end
            yield place, meta

    def raw_meta(self, place: Place) -> bytes:
        return self._file.read(place.meta_offset, place.head.meta_bytes)

    def body(self, place: Place) -> Iterator[bytes]:
        """The body in pieces."""
        for offset in range(place.body_offset, place.end, CHUNK_BYTES):
            yield self._file.read(offset, min(CHUNK_BYTES, place.end - offset))

    def body_is_sound(self, place: Place) -> bool:
        """Does its checksum hold?"""
        crc = 0
        for chunk in self.body(place):
            crc = zlib.crc32(chunk, crc)
        return crc == place.head.body_crc

    def _next_marker(self, offset: int) -> int | None:
        """Find the next record behind a damaged one."""
        while offset + RECORD_HEAD_BYTES <= self._size:
            chunk = self._file.read(offset, min(CHUNK_BYTES, self._size - offset))
            at = chunk.find(self.marker)
            if at >= 0:
                return offset + at
            offset += max(1, len(chunk) - MARKER_BYTES + 1)
        return None


def open_segment(file: File) -> Segment | None:
    """Read a segment's head; ``None`` when it has none that is sound."""
    try:
        return Segment(file)
    except StoreCorrupt:
        return None
