"""
Taking captures out of a segment so that nothing of them is left on the disk.

A record is overwritten where it lies.  Rewriting the segment would need room (the disk may be
full), would move the records behind (readers have cursors), and would leave the old blocks to
chance; on a file system that writes in place nothing remains.  Its room is given back when
retention takes the segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from honeypost.engine.traces import Trace
from honeypost.stores.files import File
from honeypost.stores.reader import join_key
from honeypost.stores.records import Kind, Meta
from honeypost.stores.segment import CHUNK_BYTES, Place, open_segment

Keys = set[tuple[str, ...]]
"""What joins the parts of messages, see :func:`honeypost.stores.reader.join_key`."""


def erase(file: File, places: Sequence[Place], marker: bytes) -> None:
    """
    Overwrite records in place; they keep their length, so no other record moves.

    Three steps, each durable before the next: whoever finds a record that is marked as being
    erased knows that the work must be done again.

    :raises OSError: the disk is broken; call it again.
    """
    for place in places:
        file.write(place.offset, replace(place.head, kind=Kind.ERASING).pack(marker))
    file.sync()
    for place in places:
        for offset in range(place.meta_offset, place.end, CHUNK_BYTES):
            file.write(offset, bytes(min(CHUNK_BYTES, place.end - offset)))
    file.sync()
    for place in places:
        gone = replace(place.head, kind=Kind.ERASED, meta_crc=0, body_crc=0)
        file.write(place.offset, gone.pack(marker))
    file.sync()


def trace_keys(file: File, trace: Trace) -> Keys:
    """What joins the captures of a segment that name an address."""
    segment = open_segment(file)
    if segment is None:
        return set()
    return {
        join_key(meta.capture)
        for place, meta in segment.metas(Meta)
        if trace.in_capture(meta.capture) or trace.in_body(segment.body(place))
    }


def erase_keys(file: File, keys: Keys) -> int:
    """Erase the captures of a segment that have one of these keys; how many there were."""
    segment = open_segment(file)
    if segment is None:
        return 0
    places = [place for place, meta in segment.metas(Meta) if join_key(meta.capture) in keys]
    if places:
        erase(file, places, segment.marker)
    return len(places)


def finish_erasing(file: File) -> None:
    """Erase what a crash left half erased."""
    segment = open_segment(file)
    if segment is None:
        return
    places = [place for place in segment.places() if place.head.kind is Kind.ERASING]
    if places:
        erase(file, places, segment.marker)
