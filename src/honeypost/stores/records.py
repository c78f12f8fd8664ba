"""
How a capture lies on the disk: the format of a segment, and nothing that moves.

::

    segment   magic(8) marker(8) number(8) crc(4)             then records until the end
    record    marker(8) kind(1) 0(3) meta length(4) body length(8)
              meta crc(4) body crc(4) head crc(4)             then meta (JSON), then body (raw)

The marker is drawn at random for each segment.  It is what a reader looks for when it has
lost its way behind a damaged record, and a sender cannot plant it in a body, so nobody can
forge a record.  Numbers are big-endian, checksums CRC-32: they find torn writes; that a body
is the one that was sent is for the SHA-256 in the meta to say.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

import msgspec

from honeypost.errors import StoreCorrupt
from honeypost.ports import Capture

MAGIC: Final = b"HPSEG\x00\x01\n"
MARKER_BYTES: Final = 8
SUFFIX: Final = ".seg"
META_LIMIT: Final = 4 * 1024 * 1024
"""Longest meta believed when read: 1,000 recipients of the longest kind are 1 MB."""

_SEGMENT: Final = struct.Struct(">8s8sQ")
_RECORD: Final = struct.Struct(">8sB3xIQII")
_CRC: Final = struct.Struct(">I")
SEGMENT_HEAD_BYTES: Final = _SEGMENT.size + _CRC.size
RECORD_HEAD_BYTES: Final = _RECORD.size + _CRC.size


class Kind(IntEnum):
    """What a record is; an erased one keeps its place, so that no cursor ever moves."""

    MESSAGE = 1
    REFERENCE = 2
    """The body is that of an earlier record of the same segment."""
    ERASING = 3
    """Being overwritten; whoever opens the segment for writing finishes it."""
    ERASED = 4


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says about its body."""

    version: int = 1
    capture: Capture
    body_of: str = ""
    """Id of the capture whose body this is; ``""``: the body follows."""


class _CaptureBrief(msgspec.Struct, frozen=True):
    id: str
    time: float
    size: int


class Brief(msgspec.Struct, frozen=True):
    """The part of a meta that counting needs; five times as fast to read."""

    capture: _CaptureBrief


@dataclass(frozen=True, slots=True)
class RecordHead:
    """The fixed part of a record."""

    kind: Kind
    meta_bytes: int
    body_bytes: int
    meta_crc: int
    body_crc: int

    @property
    def record_bytes(self) -> int:
        return RECORD_HEAD_BYTES + self.meta_bytes + self.body_bytes

    def pack(self, marker: bytes) -> bytes:
        fixed = _RECORD.pack(
            marker, self.kind, self.meta_bytes, self.body_bytes, self.meta_crc, self.body_crc
        )
        return fixed + _CRC.pack(zlib.crc32(fixed))


def segment_name(number: int) -> str:
    """
    Name the file of a segment.

    >>> segment_name(7)
    '00000007.seg'
    """
    return f"{number:08d}{SUFFIX}"


def segment_number(name: str) -> int | None:
    """Give the number of a segment's file, ``None`` when the name is not one of ours."""
    stem = name.removesuffix(SUFFIX)
    return int(stem) if stem != name and stem.isascii() and stem.isdigit() else None


def pack_segment_head(number: int, marker: bytes) -> bytes:
    fixed = _SEGMENT.pack(MAGIC, marker, number)
    return fixed + _CRC.pack(zlib.crc32(fixed))


def unpack_segment_head(raw: bytes) -> bytes:
    """
    Give the marker of a segment.

    :raises StoreCorrupt: when this is not the head of a segment.
    """
    if len(raw) != SEGMENT_HEAD_BYTES or not _checks_out(raw, _SEGMENT.size):
        raise StoreCorrupt("not the head of a segment")
    magic, marker, _ = _SEGMENT.unpack_from(raw)
    if magic != MAGIC:
        raise StoreCorrupt("a segment of another version")
    return bytes(marker)


def unpack_record_head(raw: bytes, marker: bytes) -> RecordHead | None:
    """Give the head of a record, ``None`` when there is no sound one here."""
    if len(raw) != RECORD_HEAD_BYTES or not _checks_out(raw, _RECORD.size):
        return None
    found, kind, meta_bytes, body_bytes, meta_crc, body_crc = _RECORD.unpack_from(raw)
    if found != marker or kind not in list(Kind) or meta_bytes > META_LIMIT:
        return None
    return RecordHead(Kind(kind), meta_bytes, body_bytes, meta_crc, body_crc)


def pack_meta(meta: Meta) -> bytes:
    return msgspec.json.encode(meta)


AnyMeta = TypeVar("AnyMeta", Meta, Brief)


def unpack_meta(raw: bytes, head: RecordHead, form: type[AnyMeta]) -> AnyMeta | None:
    """Give the meta of a record, ``None`` when it is damaged or of a later version."""
    if len(raw) != head.meta_bytes or zlib.crc32(raw) != head.meta_crc:
        return None
    try:
        return msgspec.json.decode(raw, type=form)
    except msgspec.MsgspecError:
        return None


def _checks_out(raw: bytes, size: int) -> bool:
    return bool(_CRC.unpack_from(raw, size)[0] == zlib.crc32(raw[:size]))
