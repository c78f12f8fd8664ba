r"""
Ask Dovecot who exists, over an ``auth-userdb`` socket.

The socket's name must end in ``-userdb``; an unprivileged user may then look names up and list
them but cannot authenticate.  Lines are tab-separated; a few requests are
pipelined::

    C: VERSION\t1\t1            S: VERSION\t1\t1     S: SPID\t2513
    C: USER\t1\tbob\tservice=x  S: USER\t1\tbob\tuid=5000...  or NOTFOUND\t1  or FAIL\t1...
    C: LIST\t2\tservice=x       S: LIST\t2\tbob ...  S: DONE\t2\t  or  DONE\t2\tfail

``FAIL`` means that the back end could not answer; it is never taken for "nobody".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from honeypost.beside.cannot_tell import CannotTell

SERVICE = "service=honeypost"
LINE_BYTES = 64 * 1024
"""Longest line that Dovecot may send us; a user's extra fields are in it."""

LISTED_NAMES = 200_000
"""Most names taken from one listing (about 20 MB); a larger site is asked name by name."""

PIPELINED = 4
"""
Questions sent before their answers are read.

For a back end that blocks (passwd, SQLite, LDAP) Dovecot starts one process for each question that
is open, up to thirty, and keeps them for a minute: sixteen questions at once took 150 ms and some
60 MB, one after the other 10 ms (measured on 2.3.19, passwd).
"""


class UserDatabase:
    """
    Dovecot's user database.  Each call is one short connection.

    :param socket: path of the auth-userdb socket.
    """

    def __init__(self, socket: str) -> None:
        self._socket = socket

    async def any_of(self, names: Iterable[str]) -> bool:
        """
        Does one of these exist?

        :raises CannotTell: no connection, a broken answer, or a back end that failed.
        """
        async with self._connected() as (reader, writer):
            waiting = list(dict.fromkeys(names))
            for start in range(0, len(waiting), PIPELINED):
                if await self._any_of_batch(reader, writer, waiting[start : start + PIPELINED]):
                    return True
        return False

    async def listed(self) -> frozenset[str] | None:
        """
        All names in lower case, or ``None`` when this user database cannot list them.

        :raises CannotTell: no connection, or more than ``LISTED_NAMES``.
        """
        names: set[str] = set()
        async with self._connected() as (reader, writer):
            writer.write(f"LIST\t1\t{SERVICE}\n".encode())
            while True:
                kind, *fields = await self._line(reader)
                if kind == "DONE":
                    return None if fields[1:] == ["fail"] else frozenset(names)
                if kind != "LIST" or len(fields) < 2 or len(names) >= LISTED_NAMES:  # noqa: PLR2004 - id and name
                    raise CannotTell(f"{self._socket}: listing broke off at {kind}")
                names.add(fields[1].lower())

    async def _any_of_batch(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, names: list[str]
    ) -> bool:
        questions = (f"USER\t{n}\t{name}\t{SERVICE}\n" for n, name in enumerate(names, 1))
        writer.write("".join(questions).encode())
        found = False
        for _ in names:
            kind, *_fields = await self._line(reader)
            if kind not in ("USER", "NOTFOUND"):
                raise CannotTell(f"{self._socket}: the user database answers {kind}")
            found = found or kind == "USER"
        return found

    async def _line(self, reader: asyncio.StreamReader) -> list[str]:
        """Give the fields of the next line that is not part of the greeting."""
        while True:
            line = await reader.readline()
            if not line.endswith(b"\n"):
                raise CannotTell(f"{self._socket}: Dovecot closed the connection")
            fields = line[:-1].decode("utf-8", "replace").split("\t")
            if fields[0] not in ("VERSION", "SPID"):
                return fields

    @asynccontextmanager
    async def _connected(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket, limit=LINE_BYTES)
        except OSError as error:
            raise CannotTell(f"{self._socket}: {error.strerror or error}") from error
        try:
            writer.write(b"VERSION\t1\t1\n")
            yield reader, writer
        except (OSError, ValueError) as error:  # ValueError: a line over LINE_BYTES
            raise CannotTell(f"{self._socket}: {error}") from error
        finally:
            writer.transport.abort()  # nothing that we wrote matters any more
            with suppress(OSError):
                await writer.wait_closed()
