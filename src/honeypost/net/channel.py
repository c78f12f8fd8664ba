"""
The byte stream of one connection, in clear or in TLS, and its end.

What is sent is joined until ``flush`` and leaves in one write.  While a handshake is going
on nothing of the core may leave: it would stand in clear in the middle of it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct

from honeypost.net.service import Timed, Timer
from honeypost.net.tls import TlsLayer

WRITE_BYTES = 16 * 1024
"""Unsent output beyond this stops reading from the client that does not read."""

PIECE_BYTES = 4096
"""Most that leaves in one write, in one TLS record; Postfix's own buffer is as large."""

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""``SO_LINGER``: on, for no time."""

LINGER_SECONDS = 10.0
"""How long a closing connection may take to get rid of its last reply."""


class Channel:
    """Wraps the transport; also remembers whether we have stopped reading."""

    __slots__ = ("_linger", "_out", "_paused", "_timer", "_transport", "tls")

    def __init__(self, transport: asyncio.Transport, timer: Timer) -> None:
        transport.set_write_buffer_limits(high=WRITE_BYTES)
        self._transport = transport
        self._timer = timer
        self._out: list[bytes] = []
        self._paused = False
        self._linger: Timed | None = None
        self.tls: TlsLayer | None = None
        """Set from the begin of the handshake on."""

    @property
    def shaking_hands(self) -> bool:
        """Has TLS begun, but not been established?"""
        return self.tls is not None and not self.tls.established

    def start_tls(self, context: ssl.SSLContext) -> None:
        """From here on the bytes are TLS; what was sent before leaves in clear."""
        self.flush()
        self.tls = TlsLayer(context)

    def send(self, data: bytes) -> None:
        """Queue bytes for the next ``flush``."""
        self._out.append(data)

    def flush(self) -> None:
        """Write what was sent, joined; a broken TLS stream ends the connection."""
        if not self._out and self.tls is None:
            return
        data = b"".join(self._out)
        self._out.clear()
        try:
            for start in range(0, len(data), PIECE_BYTES):
                self._encrypt_and_write(data[start : start + PIECE_BYTES])
            if self.tls is not None:
                self._write(self.tls.take())
        except ssl.SSLError:
            self._transport.abort()

    def _encrypt_and_write(self, data: bytes) -> None:
        if self.tls is None:
            self._write(data)
        elif self.tls.established:
            self.tls.write(data)
            self._write(self.tls.take())

    def read_only_if(self, wanted: bool) -> None:  # noqa: FBT001 the one thing it is told
        """Pause or resume reading from the socket."""
        if wanted == self._paused and not self._transport.is_closing():
            self._paused = not wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def close(self, *, unread: bool = False, notify: bool = True) -> None:
        """
        Close after what was sent has left, or after ``LINGER_SECONDS``.

        :param unread: something came in that nobody looked at.  A kernel resets a connection
            that is closed so; ours does not know, as we have taken the bytes from it.
        :param notify: say close_notify; Postfix does not to a client that has ended first.
        """
        self.flush()
        unread = unread or (self.tls is not None and self.tls.unread)
        if unread and (sock := self._transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        if notify and self.tls is not None and self.tls.established:
            self.tls.close()
            self._write(self.tls.take())
        if self._transport.get_write_buffer_size():
            self._linger = self._timer(LINGER_SECONDS, self._transport.abort)
        self._transport.close()

    def lost(self) -> None:
        """Forget the timer: the transport has closed."""
        if self._linger is not None:
            self._linger.cancel()

    def _write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)
