"""The byte stream and its end."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from honeypost.net.channel import LINGER_SECONDS, PIECE_BYTES, WRITE_BYTES, Channel
from support.net_parts import RecordingTransport, Wind, own_certificate


@pytest.fixture
def transport() -> RecordingTransport:
    return RecordingTransport()


@pytest.fixture
def timer() -> Wind:
    return Wind()


@pytest.fixture
def channel(transport: RecordingTransport, timer: Wind) -> Channel:
    return Channel(transport, timer)


def test_output_is_joined_until_flushed(channel: Channel, transport: RecordingTransport) -> None:
    channel.send(b"a")
    channel.send(b"b")
    assert transport.written == []
    channel.flush()
    channel.flush()
    assert transport.written == [b"ab"]
    assert transport.high == WRITE_BYTES


def test_long_output_leaves_in_pieces(channel: Channel, transport: RecordingTransport) -> None:
    channel.send(b"a" * (2 * PIECE_BYTES + 1))
    channel.flush()
    assert [len(piece) for piece in transport.written] == [PIECE_BYTES, PIECE_BYTES, 1]


def test_closing_lets_the_last_words_out_first(
    channel: Channel, transport: RecordingTransport, timer: Wind
) -> None:
    channel.send(b"bye")
    channel.close()
    assert transport.written == [b"bye"]
    assert (transport.closed, transport.aborted) == (True, False)
    timer.advance(LINGER_SECONDS)
    assert transport.aborted


def test_who_has_taken_everything_is_not_waited_for(
    channel: Channel, transport: RecordingTransport, timer: Wind
) -> None:
    transport.unsent = 0
    channel.send(b"bye")
    channel.close()
    assert transport.closed
    timer.advance(LINGER_SECONDS)
    assert not transport.aborted


def test_a_lost_connection_needs_no_cutting_off(
    channel: Channel, transport: RecordingTransport, timer: Wind
) -> None:
    channel.lost()
    channel.close()
    channel.lost()
    timer.advance(LINGER_SECONDS)
    assert not transport.aborted


def test_nothing_is_written_to_a_closing_transport(
    channel: Channel, transport: RecordingTransport
) -> None:
    transport.close()
    channel.send(b"late")
    channel.flush()
    channel.read_only_if(False)
    assert transport.written == []
    assert transport.reading


def test_reading_is_paused_and_resumed_once(
    channel: Channel, transport: RecordingTransport
) -> None:
    for wanted in (True, False, False, True, True):
        channel.read_only_if(wanted)
        assert transport.reading is wanted


def test_nothing_of_the_core_leaves_during_a_handshake(
    channel: Channel, transport: RecordingTransport, tmp_path: Path
) -> None:
    channel.send(b"220 ready")
    channel.start_tls(own_certificate(tmp_path))
    assert channel.shaking_hands
    channel.send(b"421 timeout")
    channel.close()
    assert transport.written == [b"220 ready"]


def test_a_tls_stream_that_cannot_be_written_ends_the_connection(
    channel: Channel, transport: RecordingTransport, tmp_path: Path
) -> None:
    class Broken:
        established = True

        def write(self, data: bytes) -> None:
            raise ssl.SSLError(1, "bad length")

        def take(self) -> bytes:
            return b""

        def close(self) -> None: ...

    channel.tls = Broken()  # type: ignore[assignment]
    channel.send(b"x")
    channel.flush()
    assert transport.aborted
