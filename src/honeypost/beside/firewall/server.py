"""
The firewall helper's server: takes orders from the edge's user and nobody else.

Whoever connects is asked of the kernel (``SO_PEERCRED``), not believed.  All orders that have
arrived go to ``nft`` as one transaction, so a flood of them costs a few runs a second.  An order
that is none ends its connection: the edge writes none such, so it is not the edge.

When the table is gone (``nft flush ruleset`` at a reload of somebody's firewall takes it along)
it is made again and the connection ended: the edge comes back and tells all that stands.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from honeypost.beside.firewall import table
from honeypost.beside.firewall.nft import Nft
from honeypost.beside.firewall.orders import LINE_BYTES, Count, Order, read
from honeypost.errors import FirewallError

READ_BYTES: Final = 16 * 1024
"""Taken from a connection at once; so at most some 1,400 orders are one transaction."""

CLIENTS: Final = 8
"""Connections at once; there is one edge, and one that is about to be gone."""

_CREDENTIALS: Final = struct.Struct("3i")

log = logging.getLogger(__name__)


class FirewallServer:
    """One table, one socket."""

    def __init__(self, nft: Nft, ports: Collection[int], users: Collection[int]) -> None:
        """
        :param ports: TCP ports that a penalty closes.
        :param users: ids of the users that may give orders.
        """
        self._nft = nft
        self._ports = ports
        self._users = users
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._one_at_a_time = asyncio.Lock()

    async def open(self, path: Path) -> None:
        """
        Make the table and serve at ``path``, replacing what a dead helper left there.

        :raises FirewallError: the table cannot be made. :raises OSError: the socket cannot.
        """
        await self._make_table()
        bound = _bound(path)
        self._path = path
        self._server = await asyncio.start_unix_server(
            self._serve, sock=bound, limit=READ_BYTES, backlog=CLIENTS
        )

    async def close(self) -> None:
        """End; what stands stands on until its time."""
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.transport.abort()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _make_table(self) -> None:
        try:
            await self._nft.apply(table.setup(self._ports))
        except FirewallError as error:
            # One of another version has other sets, which nothing can change in place.
            log.warning("the table is made anew: %s", error)
            await self._nft.apply(table.removal())
            await self._nft.apply(table.setup(self._ports))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user = _user_of(writer)
        if user not in self._users or len(self._clients) >= CLIENTS:
            log.warning("user %d was turned away", user)
            writer.transport.abort()
            return
        self._clients.add(writer)
        try:
            await self._obey_all(reader, writer)
        except OSError:
            pass  # gone in the middle
        finally:
            self._clients.discard(writer)
            with suppress(OSError):
                writer.close()

    async def _obey_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        while arrived := await reader.read(READ_BYTES):
            *lines, rest = (rest + arrived).split(b"\n")
            orders = [read(line) if len(line) <= LINE_BYTES else "is too long" for line in lines]
            sound = [order for order in orders if not isinstance(order, str)]
            on = len(sound) == len(orders) and len(rest) <= LINE_BYTES
            answers, whole = await self._obey(sound)
            refusals = [f"no {order}" for order in orders if isinstance(order, str)]
            writer.write("".join(f"{line}\n" for line in answers + refusals).encode())
            await writer.drain()
            if not (on and whole):
                return

    async def _obey(self, orders: Sequence[Order]) -> tuple[list[str], bool]:
        """Carry orders out; give an answer to each, and whether the table was still there."""
        async with self._one_at_a_time:
            try:
                if text := table.change(orders):
                    await self._nft.apply(text)
                counted = await self._count() if Count() in orders else 0
            except FirewallError as error:
                return [f"no {error}"] * len(orders), await self._is_there()
        return [f"count {counted}" if order == Count() else "ok" for order in orders], True

    async def _count(self) -> int:
        try:
            return table.packets(await self._nft.show(table.COUNTER))
        except (ValueError, KeyError, TypeError) as error:
            raise FirewallError(f"nft shows no counter: {error}") from error

    async def _is_there(self) -> bool:
        """See whether the table is there; make it again when it is not."""
        try:
            await self._count()
        except FirewallError:
            with suppress(FirewallError):
                await self._make_table()
            return False
        return True


def _user_of(writer: asyncio.StreamWriter) -> int:
    peer = writer.get_extra_info("socket")
    packed = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(packed)[1])


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        path.chmod(0o666)  # who may give orders is said by SO_PEERCRED
    except OSError:
        bound.close()
        raise
    return bound
