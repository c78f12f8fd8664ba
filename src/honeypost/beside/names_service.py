"""
The question "is that name real?", from the edge to the worker.

The edge may not start programs nor speak to Dovecot, so the worker answers for it over a unix
stream socket: one line with the account, one line with the answer, any number of times on a
connection::

    C: bob@example.org\n      S: real\n          (or unknown, unsure)

The client opens a connection per question (well under a millisecond) and takes whatever is
not a clear answer in time (no worker, stopped worker, full backlog) as ``UNSURE``.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

from honeypost.beside.near import askable
from honeypost.ports import Reality, RealNames

LINE_BYTES = 1024
"""Longest question; an account has at most 254 characters."""

SOCKET_MODE = 0o660
"""The edge asks, as a user of our group; the folder keeps everybody else away."""

CLIENTS = 64
"""Connections served at once; the edge is the only client, one connection per open guess."""

IDLE_SECONDS = 30.0
"""A connection that asks nothing for so long is closed."""


class NamesService:
    """Answers the edge; lives in the worker."""

    def __init__(self, names: RealNames) -> None:
        self._names = names
        self._clients: set[asyncio.StreamWriter] = set()
        self._nobody = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        """
        Serve at ``path`` (mode 0660), replacing what a dead worker left there.

        :raises OSError: the socket cannot be made.
        """
        self._server = await asyncio.start_unix_server(
            self._serve, sock=_bound(path), limit=LINE_BYTES, backlog=CLIENTS
        )

    async def close(self) -> None:
        """Take no more questions and let go of whoever is waiting."""
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.transport.abort()
        if self._clients:
            await self._nobody.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        self._nobody.clear()
        try:
            if len(self._clients) <= CLIENTS:
                await self._answer_all(reader, writer)
        except (OSError, ValueError, TimeoutError):
            pass  # gone, a line too long, or idle: the edge takes silence as UNSURE
        finally:
            self._clients.discard(writer)
            if not self._clients:
                self._nobody.set()
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await self._line(reader):
            account = line.rstrip(b"\n").decode("utf-8", "replace")
            reality = await self._names.reality(account) if askable(account) else Reality.UNSURE
            writer.write(f"{reality}\n".encode())
            await writer.drain()

    @staticmethod
    async def _line(reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(IDLE_SECONDS):
            return await reader.readline()


def _bound(path: Path) -> socket.socket:
    """Make the socket ours and our group's before anybody can connect."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        path.chmod(SOCKET_MODE)
    except OSError:
        bound.close()
        raise
    return bound


class NamesClient:
    """
    Implements :class:`~honeypost.ports.RealNames` in the edge.

    :param path: the service's socket.
    :param seconds: longest wait; the service's own limit should be a little shorter.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds

    async def reality(self, account: str) -> Reality:
        """See :meth:`honeypost.ports.RealNames.reality`."""
        if not askable(account):
            return Reality.UNSURE
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(self._seconds):
                return Reality(await self._asked(account))
        return Reality.UNSURE

    async def _asked(self, account: str) -> str:
        reader, writer = await asyncio.open_unix_connection(self._path, limit=LINE_BYTES)
        try:
            writer.write(f"{account}\n".encode())
            return (await reader.readline()).decode("ascii").rstrip("\n")
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
