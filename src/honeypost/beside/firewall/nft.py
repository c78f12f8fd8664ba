"""Runs ``nft``: a short time, no shell, nothing of our environment."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from honeypost.errors import FirewallError

SECONDS: Final = 5.0
"""Longest run; 2,000 entries take 25 ms (measured on nftables 1.0.6)."""

MESSAGE_CHARACTERS: Final = 200
"""Of what it complains."""

PLACES: Final = "/usr/sbin:/sbin:/usr/bin:/bin"


class Nft:
    """The program; :param program: its path, looked for in the usual places unless given."""

    def __init__(self, program: str = "", seconds: float = SECONDS) -> None:
        self._program = program or shutil.which("nft", path=PLACES) or "nft"
        self._seconds = seconds

    async def apply(self, text: str) -> None:
        """
        Carry commands out, all of them or none.

        :raises FirewallError: it failed, and says why.
        """
        await self._run(("-f", "-"), text.encode())

    async def show(self, arguments: Sequence[str]) -> bytes:
        """
        Give what it prints.

        :raises FirewallError: it failed, and says why.
        """
        return await self._run(arguments, b"")

    async def _run(self, arguments: Sequence[str], given: bytes) -> bytes:
        # In a thread: whoever waits may be cancelled, the program is waited for all the same.
        done = await asyncio.to_thread(self._ran, arguments, given)
        if done.returncode:
            raise FirewallError(f"nft: {_first_line(done.stderr) or done.returncode}")
        return done.stdout

    def _ran(self, arguments: Sequence[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 - our own program and arguments
                [self._program, *arguments], input=given, capture_output=True,
                env={"LC_ALL": "C"}, timeout=self._seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise FirewallError(f"nft took longer than {self._seconds:g} s") from None
        except OSError as error:
            raise FirewallError(f"{self._program}: {error.strerror}") from error


def _first_line(text: bytes) -> str:
    line = next(iter(text.decode("utf-8", "replace").splitlines()), "")
    return line[:MESSAGE_CHARACTERS]
