"""Segments: whatever is kept comes back, from every cursor, past any damage."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from honeypost.model import Client, Envelope, Recipient
from honeypost.stores.reader import SegmentReader
from support.storage import keep, make_store

LIMITED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

octets = st.binary(max_size=40)
recipients = st.builds(Recipient, octets, octets, octets)
envelopes = st.builds(
    Envelope,
    octets,
    st.lists(recipients, max_size=3).map(tuple),
    st.sampled_from(["", "info@example.org"]),
    octets,
    octets,
    st.sampled_from(["", "Q1", "Q2"]),
    st.none() | st.just(Client("2001:db8::7", 25)),
)
bodies = st.sampled_from([b"", b"a", b"b" * 300]) | st.binary(max_size=2000)
messages = st.lists(st.tuples(envelopes, bodies), min_size=1, max_size=12)


def kept_in(directory: Path, wanted):
    """Keep them all, some of them at the same time."""

    async def run():
        store = make_store(directory, segment_bytes=1500)
        store.open()
        captures = await asyncio.gather(
            *(keep(store, body, to=envelope) for envelope, body in wanted)
        )
        store.close()
        return captures

    return asyncio.run(run())


@given(messages)
@LIMITED
def test_everything_comes_back_from_every_cursor(wanted):
    with tempfile.TemporaryDirectory() as directory:
        captures = kept_in(Path(directory), wanted)
        reader = SegmentReader(Path(directory) / "segments")
        assert [(c.envelope, reader.read(c.id)) for c in captures] == wanted
        kept = list(reader.after())
        assert [k.capture for k in kept] == list(captures)
        for position, one in enumerate(kept):
            rest = [k.capture for k in reader.after(one.cursor)]
            assert rest == list(captures[position + 1 :])
        assert not reader.damage


@given(messages)
@LIMITED
def test_joining_loses_no_recipient_and_no_message(wanted):
    with tempfile.TemporaryDirectory() as directory:
        captures = kept_in(Path(directory), wanted)
        joined = list(SegmentReader(Path(directory) / "segments").joined())
        assert sorted(part for one in joined for part in one.parts) == sorted(
            capture.id for capture in captures
        )
        for one in joined:
            parts = [capture for capture in captures if capture.id in one.parts]
            named = [r for part in parts for r in part.envelope.recipients]
            assert list(one.capture.envelope.recipients) == named
            assert len({part.sha256 for part in parts}) == 1


somewhere = st.floats(0, 1, exclude_max=True)
"""Part of the way: how many files there are and how long they are hangs on the writer's pace."""


@given(messages, somewhere, somewhere, somewhere, st.binary(min_size=1, max_size=30))
@LIMITED
def test_no_damage_raises_or_passes_for_a_capture(wanted, which, where, left, change):
    with tempfile.TemporaryDirectory() as directory:
        captures = kept_in(Path(directory), wanted)
        paths = sorted((Path(directory) / "segments").glob("*.seg"))
        path = paths[int(which * len(paths))]
        raw = bytearray(path.read_bytes())
        at = int(where * len(raw))
        raw[at : at + len(change)] = change
        path.write_bytes(raw[: at + int(left * (len(raw) + 1 - at))])

        store = make_store(Path(directory))
        store.open()
        store.close()
        read = [k.capture for k in SegmentReader(Path(directory) / "segments").after()]
        assert all(capture in captures for capture in read)
        assert read == sorted(read, key=lambda capture: capture.id)
