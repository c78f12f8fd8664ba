"""
Listening sockets: made in one process, served in another.

They are bound by whoever has the right to it (``honeypost up``, systemd) and served by the
edge, so that the edge itself needs no network of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from honeypost.config.endpoints import Endpoint, endpoints
from honeypost.config.schema import Listeners
from honeypost.net.driver import Driver
from honeypost.net.service import Service

BACKLOG = 128
"""Connections that the kernel keeps for us, and the most that one step of the loop accepts."""

UNIX_MODE = 0o666
"""Postfix and Dovecot call as users of their own; the folder decides who gets to the socket."""


def bind(endpoint: Endpoint, unix_mode: int = UNIX_MODE) -> socket.socket:
    """
    Make the listening socket; a socket file that nobody serves any more is replaced.

    :raises OSError: when the address is taken, not ours or not allowed; names it.
    """
    family = socket.AF_UNIX if endpoint.path else socket.AF_INET
    if ":" in endpoint.host:
        family = socket.AF_INET6
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        _bind(bound, endpoint, unix_mode)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        shown = endpoint.path or shown_address(endpoint.host, endpoint.port)
        raise OSError(error.errno, error.strerror, shown) from error
    return bound


def _bind(bound: socket.socket, endpoint: Endpoint, unix_mode: int) -> None:
    if endpoint.path:
        path = Path(endpoint.path)
        _clear_stale(path)
        bound.bind(endpoint.path)
        path.chmod(unix_mode)
        return
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bound.family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    bound.bind((endpoint.host, endpoint.port))


def bind_all(listeners: Listeners) -> dict[str, list[socket.socket]]:
    """
    Bind what the configuration wants, by the listener's name; one that is off is left out.

    :raises OSError: when one cannot be bound; none is then.
    """
    sockets: dict[str, list[socket.socket]] = {}
    try:
        for setting in fields(listeners):
            for endpoint in endpoints(getattr(listeners, setting.name)):
                sockets.setdefault(setting.name, []).append(bind(endpoint))
    except OSError:
        for bound in sockets.values():
            for each in bound:
                each.close()
        raise
    return sockets


def _clear_stale(path: Path) -> None:
    """Remove the socket that a killed process left; a served one stays (bind then fails)."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
            except OSError:
                return


def files_of(sockets: Iterable[socket.socket]) -> list[Path]:
    """Name the files of unix sockets, to be removed when nobody serves them any more."""
    return [Path(each.getsockname()) for each in sockets if each.family == socket.AF_UNIX]


def where(bound: socket.socket) -> str:
    """Tell where a socket listens, as the configuration would write it."""
    name = bound.getsockname()
    if bound.family == socket.AF_UNIX:
        return f"unix:{name}"
    return shown_address(name[0], name[1])


def shown_address(host: str, port: int) -> str:
    """
    Write an address as the configuration would.

    >>> shown_address("::1", 25)
    '[::1]:25'
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Listener:
    """Serves the bound sockets of one service."""

    __slots__ = ("_servers", "service", "sockets")

    def __init__(self, service: Service, sockets: list[socket.socket]) -> None:
        self.service = service
        self.sockets = sockets
        self._servers: list[asyncio.AbstractServer] = []

    async def start(self) -> None:
        """Take connections from now on."""
        loop = asyncio.get_running_loop()
        for bound in self.sockets:
            bound.setblocking(False)  # noqa: FBT003 the socket module has it so
            serve = (
                loop.create_unix_server if bound.family == socket.AF_UNIX else loop.create_server
            )
            self._servers.append(
                await serve(lambda: Driver(self.service), sock=bound, backlog=BACKLOG)
            )

    def stop(self) -> None:
        """Take no more connections and close those that are there."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for connection in list(self.service.connections):
            connection.stop()
