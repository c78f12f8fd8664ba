"""
Writing one segment: append, make durable, take back.

A record counts from the moment at which ``sync`` returned; what was appended after that can be
taken back by ``truncate``, so a message that did not fit leaves nothing behind.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from honeypost.errors import StoreError
from honeypost.stores.files import File, Files, own_errors
from honeypost.stores.records import (
    META_LIMIT,
    SEGMENT_HEAD_BYTES,
    Kind,
    Meta,
    RecordHead,
    pack_meta,
    pack_segment_head,
    segment_name,
)

JOIN_BYTES: Final = 64 * 1024
"""Bodies up to this leave in one write together with their head."""


class Appender:
    """The segment that is being written; for the writer thread only."""

    def __init__(self, file: File, number: int, marker: bytes) -> None:
        self._file = file
        self.number = number
        self._marker = marker
        self.size = SEGMENT_HEAD_BYTES
        """Bytes of the file, records not yet synced included."""
        self.newest = 0.0
        """Time of the newest capture."""
        self.records = 0
        self.bodies: dict[tuple[str, ...], str] = {}
        """Captures whose body lies here, by what makes a later one the same message."""

    def append(self, meta: Meta, body: Iterable[bytes], body_bytes: int, body_crc: int) -> None:
        """
        Append a record; it is not durable yet.  When it fails nothing of it remains.

        :raises StoreFull: no room. :raises StoreError: another trouble with the disk.
        """
        raw = pack_meta(meta)
        if len(raw) > META_LIMIT:
            raise StoreError(f"an envelope of {len(raw)} bytes is too long to keep")
        kind = Kind.REFERENCE if meta.body_of else Kind.MESSAGE
        head = RecordHead(kind, len(raw), body_bytes, zlib.crc32(raw), body_crc)
        offset = self.size
        try:
            with own_errors(segment_name(self.number)):
                for part in _joined(head.pack(self._marker) + raw, body):
                    self._file.write(offset, part)
                    offset += len(part)
        except BaseException:
            self.take_back(self.size)
            raise
        self.size = offset
        self.records += 1
        self.newest = max(self.newest, meta.capture.time)

    def sync(self) -> None:
        """
        Make all records durable.

        :raises StoreError: they are not; what the disk holds of them is unknown.
        """
        with own_errors(segment_name(self.number)):
            self._file.sync()

    def take_back(self, size: int) -> None:
        """Cut off what was appended behind this size."""
        self.size = size
        with own_errors(segment_name(self.number)):
            self._file.truncate(size)

    def close(self) -> None:
        self._file.close()


def begin_segment(files: Files, directory: Path, number: int, marker: bytes) -> Appender:
    """
    Make a segment, its name durable before the first record goes in.

    :raises StoreFull: no room. :raises StoreError: another trouble with the disk.
    """
    path = directory / segment_name(number)
    with own_errors(path.name):
        file = files.create(path)
        try:
            # The head becomes durable with the first record; without one nobody misses it.
            file.write(0, pack_segment_head(number, marker))
            files.sync_directory(directory)
        except BaseException:
            file.close()
            files.unlink(path)
            raise
    return Appender(file, number, marker)


def _joined(head: bytes, body: Iterable[bytes]) -> Iterator[bytes]:
    """Save a system call for all but the large messages."""
    for part in body:
        if head and len(part) <= JOIN_BYTES:
            yield head + part
        elif head:
            yield head
            yield part
        else:
            yield part
        head = b""
    if head:
        yield head
