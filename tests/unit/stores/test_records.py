import zlib

import pytest

from honeypost.errors import StoreCorrupt
from honeypost.model import Client, Envelope, Recipient
from honeypost.ports import Capture
from honeypost.stores.records import (
    Brief,
    Kind,
    Meta,
    RecordHead,
    pack_meta,
    pack_segment_head,
    segment_name,
    segment_number,
    unpack_meta,
    unpack_record_head,
    unpack_segment_head,
)
from support.storage import WHO, envelope

MARKER = b"m4rk3r!!"
HEAD = RecordHead(Kind.MESSAGE, 10, 1 << 33, 1, 2)


def test_a_record_head_comes_back():
    packed = HEAD.pack(MARKER)
    assert unpack_record_head(packed, MARKER) == HEAD
    assert HEAD.record_bytes == len(packed) + 10 + (1 << 33)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        HEAD.pack(MARKER)[:-1],
        HEAD.pack(b"anothers"),
        HEAD.pack(MARKER)[:20] + b"\xff" + HEAD.pack(MARKER)[21:],
        RecordHead(Kind.MESSAGE, 1 << 31, 0, 0, 0).pack(MARKER),
        RecordHead(9, 0, 0, 0, 0).pack(MARKER),  # type: ignore[arg-type]
    ],
    ids=["empty", "short", "other marker", "damaged", "too long a meta", "unknown kind"],
)
def test_what_is_no_sound_record_head_is_none(raw):
    assert unpack_record_head(raw, MARKER) is None


def test_a_segment_head_comes_back():
    assert unpack_segment_head(pack_segment_head(7, MARKER)) == MARKER


@pytest.mark.parametrize("change", [lambda h: h[:-1], lambda h: b"X" + h[1:], lambda h: b""])
def test_what_is_no_segment_head_is_said_so(change):
    with pytest.raises(StoreCorrupt):
        unpack_segment_head(change(pack_segment_head(7, MARKER)))


def test_a_segment_of_another_version_is_said_so(monkeypatch):
    monkeypatch.setattr("honeypost.stores.records.MAGIC", b"HPSEG\x00\x02\n")
    other = pack_segment_head(7, MARKER)
    monkeypatch.undo()
    with pytest.raises(StoreCorrupt, match="another version"):
        unpack_segment_head(other)


def test_names_and_numbers():
    assert segment_number(segment_name(12)) == 12
    for other in ("lock", "x.seg", "00000001", "-1.seg", "1.seg.new", "١.seg"):
        assert segment_number(other) is None


def test_every_byte_of_an_envelope_comes_back():
    odd = bytes(range(256))
    full = Envelope(
        odd,
        (Recipient(odd, odd, odd), Recipient(b"")),
        "info@example.org",
        odd,
        odd,
        "3fXyZ",
        Client("2001:db8::1", 65535),
    )
    meta = Meta(capture=Capture("id", 1.25, full, WHO, 3, "ab"), body_of="other")
    raw = pack_meta(meta)
    head = RecordHead(Kind.REFERENCE, len(raw), 0, zlib.crc32(raw), 0)
    assert unpack_meta(raw, head, Meta) == meta
    brief = unpack_meta(raw, head, Brief)
    assert brief is not None
    assert (brief.capture.id, brief.capture.time, brief.capture.size) == ("id", 1.25, 3)


def test_a_meta_of_another_shape_is_none():
    raw = b'{"capture": {}}'
    head = RecordHead(Kind.MESSAGE, len(raw), 0, zlib.crc32(raw), 0)
    assert unpack_meta(raw, head, Meta) is None
    assert unpack_meta(raw[:-1], head, Meta) is None
    assert envelope().queue_id == ""
