"""
Listeners of the test's own, each an asyncio loop in a thread.

``Internet`` stands for everything outside: it takes what it is given and counts it.
``RefusingSink`` stands in for our LMTP listener and says 550 to every recipient or message.
``Lookup`` stands in for our lookup listener where only Dovecot's side is under test.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs


class Server:
    """Runs ``serve`` for each connection until ``close``."""

    def __init__(self, listening: socket.socket) -> None:
        listening.listen(128)
        self._listening = listening
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._serving: set[asyncio.Task[None] | None] = set()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        assert self._ready.wait(5)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._guarded, sock=self._listening, limit=2**22)
        self._ready.set()
        await self._stop.wait()
        server.close()
        # More than once: a connection may have been accepted meanwhile.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio itself forgets the task of a connection that was lost.
        task = asyncio.current_task()
        self._serving.add(task)
        try:
            await self.serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client, or the test, is done
        finally:
            self._serving.discard(task)
            writer.close()


class Internet(Server):
    """An SMTP server that takes everything; ``messages`` holds (sender, recipients, text)."""

    def __init__(self, listening: socket.socket) -> None:
        self.messages: list[tuple[bytes, list[bytes], bytes]] = []
        super().__init__(listening)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = b"", []
        writer.write(b"220 internet ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-internet\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 0\r\n")
                continue
            if verb == b"MAIL":
                sender, recipients = line, []
            if verb == b"RCPT":
                recipients.append(line)
            if verb == b"DATA":
                writer.write(b"354 go\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.messages.append((sender, recipients, text))
            writer.write(b"250 ok\r\n")
            if verb == b"QUIT":
                return


class RefusingSink(Server):
    """An LMTP server that refuses: every recipient, or every message after its body."""

    def __init__(self, listening: socket.socket, *, after_body: bool) -> None:
        self.refused = 0
        self._after_body = after_body
        super().__init__(listening)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients = 0
        writer.write(b"220 sink LMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"LHLO":
                writer.write(b"250-sink\r\n250-XFORWARD ADDR PORT PROTO HELO IDENT\r\n250 DSN\r\n")
            elif verb == b"RCPT" and not self._after_body:
                self.refused += 1
                writer.write(b"550 5.7.1 go away\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                self.refused += recipients
                writer.write(b"550 5.7.1 go away\r\n" * recipients)
            else:
                recipients = 0 if verb == b"MAIL" else recipients + (verb == b"RCPT")
                writer.write(b"250 ok\r\n")


class Lookup(Server):
    """Answers Dovecot's script by a rule: login, password -> marker user or ``""``."""

    def __init__(self, listening: socket.socket, rule: Callable[[str, str], str]) -> None:
        self.asked: list[dict[str, str]] = []
        self._rule = rule
        super().__init__(listening)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            if b"100-continue" in head.lower():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await reader.readexactly(int(length[1]) if length else 0)
            form = {name: value[0] for name, value in parse_qs(body.decode()).items()}
            self.asked.append(form)
            answer = self._rule(form.get("orig_user") or form["user"], form.get("password", ""))
            status = b"200 OK" if answer else b"204 No Content"
            text = answer.encode()
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(text), text))


def unix_socket(path: Path) -> socket.socket:
    """Make a listening socket that every user may connect to."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    path.chmod(0o666)
    return made
