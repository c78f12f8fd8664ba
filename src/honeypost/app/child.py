"""
The parent's side of the extraction child: start it warm, ask it, kill it.

One child serves ``MAILS`` messages, then it is replaced, so that whatever one of them left
behind in its memory does not last.  Who does not answer is killed and the failure raised, and the
next message finds a fresh child.

How long one message may take is for the kernel to count, in CPU time (:mod:`.sandbox`): the child
is niced, so beside busy neighbours an honest mail may take any time.  The parent only looks for
one that sleeps, since a child has nothing to wait for: it is hung when it is asleep at two looks
in a row.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import msgspec

from honeypost.app.frames import MEMORY_EXIT, Order, Ready, answer_in, packed
from honeypost.engine.extraction import DissectorFailed, Mark
from honeypost.errors import ExtractError, NotReady
from honeypost.extract import limits
from honeypost.extract.report import Report
from honeypost.model import printable

LOOK_SECONDS: Final = 1.0
"""Between two looks at a child that works on a message."""
ASLEEP_LOOKS: Final = 2
"""Two, because it may just have answered what we have not read yet."""
UNSEEN_LOOKS: Final = 60
"""Where the kernel hides the child from us (proc(5), hidepid), the wall clock must do."""
START_SECONDS: Final = 20.0
"""Until a child is warm; half a second on an idle host."""
MAILS: Final = 200
"""Served by one child."""
COMPLAINTS: Final = 20
"""Lines of a child's standard error that reach the log."""
COMPLAINT_BYTES: Final = 2_000
PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ")
"""All of our environment that a child sees: it has no use for secrets."""
ASLEEP: Final = "S"
UNSEEN: Final = ""
COMMAND: Final = (sys.executable, "-m", "honeypost.app.extract_child")

_log = logging.getLogger(__name__)


class Children:
    """
    Implements :class:`~honeypost.engine.extraction.Dissector` with a limited process.

    One message at a time; further callers wait their turn.
    """

    def __init__(
        self,
        *,
        command: Sequence[str] = COMMAND,
        look_seconds: float = LOOK_SECONDS,
        mails: int = MAILS,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._command = command
        self._look_seconds = look_seconds
        self._mails = mails
        self._environ = {name: environ[name] for name in PASSED_ON if name in environ}
        self._turn = asyncio.Lock()
        self._child: _Child | None = None
        self._served = 0
        self.started = 0
        """Children that were started so far."""
        self.protections: tuple[str, ...] = ()
        """What the newest child has locked itself in with."""

    @property
    def pid(self) -> int | None:
        """Process id of the child that would be asked next."""
        return self._child.pid if self._child else None

    async def warm(self) -> None:
        """
        Have a child ready, so that the first message need not wait for it.

        :raises NotReady: when it does not come up.
        """
        async with self._turn:
            await self._ready_child()

    async def take_apart(self, raw: bytes, *, file: str, envelope: Sequence[bytes] = ()) -> Report:
        """
        See :meth:`honeypost.engine.extraction.Dissector.take_apart`.

        :raises NotReady: when no child comes up; that is no fault of the message.
        """
        body = raw[: limits.MESSAGE_BYTES]
        order = Order(file, tuple(envelope), cut=len(body) < len(raw))
        async with self._turn:
            child = await self._ready_child()
            self._served += 1
            try:
                answer = await self._patiently(child, packed(order, body))
                return msgspec.json.decode(answer, type=Report)
            except TimeoutError:
                raise await self._failed(child, Mark.TIMEOUT) from None
            except (ExtractError, msgspec.DecodeError) as error:
                raise await self._failed(child, None) from error
            except asyncio.CancelledError:
                await self._end()
                raise

    async def close(self) -> None:
        """End the child; safe to call twice."""
        async with self._turn:
            await self._end()

    async def _ready_child(self) -> _Child:
        if self._child is not None and (self._served >= self._mails or self._child.gone):
            await self._end()
        if self._child is None:
            self._child = await self._start()
        return self._child

    async def _start(self) -> _Child:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            _Child, *self._command, env=self._environ, cwd="/", close_fds=True
        )
        child = protocol
        del transport
        self._child, self._served = child, 0
        self.started += 1
        try:
            async with asyncio.timeout(START_SECONDS):
                ready = msgspec.json.decode(await child.ask(b""), type=Ready)
        except (TimeoutError, ExtractError, msgspec.DecodeError) as error:
            await self._end()
            raise NotReady(f"the extraction child does not come up: {error}") from error
        self.protections = ready.protections
        return child

    async def _patiently(self, child: _Child, frame: bytes) -> bytes:
        """:raises TimeoutError: when the child sleeps instead of working."""
        answer = asyncio.ensure_future(child.ask(frame))
        asleep = unseen = 0
        try:
            while not (await asyncio.wait({answer}, timeout=self._look_seconds))[0]:
                state = child.state
                asleep = asleep + 1 if state == ASLEEP else 0
                unseen += state == UNSEEN
                if asleep >= ASLEEP_LOOKS or unseen >= UNSEEN_LOOKS:
                    raise TimeoutError
            return answer.result()
        finally:
            answer.cancel()

    async def _failed(self, child: _Child, mark: Mark | None) -> DissectorFailed:
        await self._end()
        return DissectorFailed(mark or child.verdict)

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.end()


class _Child(asyncio.SubprocessProtocol):
    """One process and its three pipes."""

    def __init__(self) -> None:
        self.gone = False
        self._transport: asyncio.SubprocessTransport | None = None
        self._buffer = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._ended = asyncio.get_running_loop().create_future()
        self._complaints = 0

    @property
    def pid(self) -> int | None:
        return self._transport.get_pid() if self._transport else None

    @property
    def state(self) -> str:
        """What the kernel says that it does (proc(5), stat): ``R`` runs or would, ``S`` sleeps."""
        try:
            line = Path(f"/proc/{self.pid}/stat").read_bytes()
        except OSError:
            return UNSEEN
        return chr(line[line.rfind(b")") + 2])

    @property
    def verdict(self) -> Mark:
        """Why it ended, as far as its exit code tells."""
        code = self._transport.get_returncode() if self._transport else None
        if code == -signal.SIGXCPU:
            return Mark.TIMEOUT
        return Mark.MEMORY if code == MEMORY_EXIT else Mark.CRASH

    async def ask(self, frame: bytes) -> bytes:
        """
        Send a frame and wait for the answer.

        :raises ExtractError: when there will be none.
        """
        if self.gone or self._transport is None:
            raise ExtractError("the child has ended")
        self._answer = asyncio.get_running_loop().create_future()
        pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        pipe.write(frame)
        self._look()
        return await self._answer

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        assert self._transport is not None, "it was started"
        with suppress(ProcessLookupError):
            self._transport.kill()
        await self._ended
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._buffer += data
            self._look()
        elif self._complaints < COMPLAINTS:
            self._complaints += 1
            _log.warning("extraction child: %s", printable(data, COMPLAINT_BYTES))

    def process_exited(self) -> None:
        self.gone = True
        self._fail(ExtractError("the child has ended"))
        self._ended.set_result(None)

    def _look(self) -> None:
        if self._answer is None or self._answer.done():
            return
        try:
            answer = answer_in(self._buffer)
        except ExtractError as error:
            self._fail(error)
            return
        if answer is not None:
            self._answer.set_result(answer)

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
