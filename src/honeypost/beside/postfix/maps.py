"""
Ask Postfix's maps who exists, through Postfix's own ``postmap -q``.

Only Postfix reads every map type as Postfix does (hash, SQL, LDAP, regular expressions,
``proxy:``, ``unix:passwd.byname``), so each map is asked by one short process that takes all
keys on standard input.  ``postmap`` prints ``key<TAB>value`` for each hit and exits 1 when there
was none; but also when the map could not be read, so any word on standard error counts as
"cannot tell" (measured on 3.7.11: a dead map says ``fatal:``, an alias file that was opened as
the wrong type says ``warning: ... is this an alias file?`` and answers nothing).
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import Iterable, Sequence

from honeypost.beside.cannot_tell import CannotTell, any_says_yes

MAPS_AT_ONCE = 4
"""``postmap`` processes at the same time; each takes about 5 ms and 6 MB."""


class Maps:
    """
    The maps that hold real names.

    :param postfix_directory: where main.cf is; ``postmap`` reads it for ``proxy:`` and the like.
    :param maps: as ``postmap -q`` takes them, for example ``hash:/etc/aliases``.
    :param program: the postmap to run.
    """

    def __init__(
        self, postfix_directory: str, maps: Sequence[str], *, program: str = "/usr/sbin/postmap"
    ) -> None:
        self._command = (program, "-c", postfix_directory, "-q", "-")
        self._maps = tuple(maps)
        self._at_once = asyncio.Semaphore(MAPS_AT_ONCE)

    async def any_of(self, names: Iterable[str]) -> bool:
        """
        Is one of these a key of any map?

        :raises CannotTell: a map could not be read, or its program not be run.
        """
        keys = tuple(dict.fromkeys(names))
        return await any_says_yes(self._asked(name, keys) for name in self._maps)

    async def _asked(self, name: str, keys: Sequence[str]) -> bool:
        async with self._at_once:
            out, err = await self._run(name, "".join(f"{key}\n" for key in keys).encode())
        if err:
            raise CannotTell(f"postmap {name}: {err.decode('utf-8', 'replace').splitlines()[0]}")
        return bool(out)

    async def _run(self, name: str, keys: bytes) -> tuple[bytes, bytes]:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, name, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd="/"
            )
        except OSError as error:
            raise CannotTell(f"{self._command[0]}: {error.strerror or error}") from error
        try:
            return await process.communicate(keys)
        finally:
            if process.returncode is None:  # cancelled: whoever asked waits no longer
                process.kill()
                await process.wait()
