"""
The byte stream of one connection, in clear or in TLS, and its end.

What is sent is joined until ``flush`` and leaves in one write.  While a handshake is going
on nothing of the core may leave: it would stand in clear in the middle of it.
"""

from __future__ import annotations

import asyncio
import ssl

from honeypost.net.service import Timed, Timer
from honeypost.net.tls import TlsLayer

WRITE_BYTES = 64 * 1024
"""Unsent output beyond this stops reading from the client that does not read."""

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
        """Write what was sent, in one piece; a broken TLS stream ends the connection."""
        data = b"".join(self._out)
        self._out.clear()
        if self.tls is None:
            self._write(data)
            return
        try:
            if data and self.tls.established:
                self.tls.write(data)
            self._write(self.tls.take())
        except ssl.SSLError:
            self._transport.abort()

    def read_only_if(self, wanted: bool) -> None:  # noqa: FBT001 the one thing it is told
        """Pause or resume reading from the socket."""
        if wanted == self._paused and not self._transport.is_closing():
            self._paused = not wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def close(self) -> None:
        """Close after what was sent has left, or after ``LINGER_SECONDS``."""
        self.flush()
        if self.tls is not None and self.tls.established:
            self.tls.close()
            self._write(self.tls.take())
        self._transport.close()
        self._linger = self._timer(LINGER_SECONDS, self._transport.abort)

    def lost(self) -> None:
        """Forget the timer: the transport has closed."""
        if self._linger is not None:
            self._linger.cancel()

    def _write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)
