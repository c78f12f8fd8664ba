"""
The two crowds of a siege: guessers at a steady rate, and a few users who want to work.

Not run by hand: ``siege`` starts each as a process of its own, in the network of the clients, on
the core where no server runs.  Both keep their pace whatever the server does (an open loop), so
a slow server is not spared by clients that wait for it.  The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import random
import resource
import ssl
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

HOST = "203.0.113.1"
MX, SUBMISSION, IMAP = 2525, 2587, 2143
SEED = 4711
CROWD = IPv4Address("198.18.0.0")
"""The guessers' /16, of the block for benchmarks (RFC 2544)."""
HOMES = ("198.51.100.7", "198.51.100.8", "198.51.100.9")
"""Where the users are."""
USERS = {"alice@example.org": "Sommer-Regen-9431", "carol@example.org": "zZ7-unlikely-word"}
PATIENCE_SECONDS = 30.0
"""After so long a client gives up; it counts as failed, and as having waited so long."""
MOST_AT_ONCE = 6000
"""Open guesses; what would be more is not begun and counted as such."""
ROLES = ("info", "admin", "sales", "support", "office", "contact", "test", "billing", "webmaster")
SECRETS = ("123456", "password", "qwerty", "12345678", "letmein", "welcome1", "abc123", "admin123")

TLS = ssl.create_default_context()
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE


@dataclass(frozen=True, slots=True)
class Login:
    """Who, with what, from where."""

    name: str
    secret: str
    source: str


class Line:
    """A connection that speaks lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def reply(self) -> bytes:
        """Give the last line of an SMTP reply."""
        while True:
            line = await self.reader.readuntil(b"\n")
            if line[3:4] != b"-":
                return line

    async def say(self, text: str) -> bytes:
        """Say a command; give the last line of the reply."""
        self.writer.write(f"{text}\r\n".encode())
        return await self.reply()


@contextlib.asynccontextmanager
async def connected(source: str, port: int, host: str = HOST):
    """Connect from an address."""
    reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


async def imap_login(login: Login) -> bool:
    """Log in over IMAP; says whether it was let in."""
    async with connected(login.source, IMAP) as line:
        await line.reader.readuntil(b"\n")
        line.writer.write(f'a LOGIN "{login.name}" "{login.secret}"\r\n'.encode())
        while not (answer := await line.reader.readuntil(b"\n")).startswith(b"a "):
            pass
        return answer.startswith(b"a OK")


async def submission_login(login: Login) -> bool:
    """Log in on submission, over STARTTLS."""
    async with connected(login.source, SUBMISSION) as line:
        await _greeted(line)
        if not (await line.say("STARTTLS")).startswith(b"220"):
            raise ConnectionError
        await line.writer.start_tls(TLS)
        await line.say("EHLO client.test")
        secret = base64.b64encode(f"\0{login.name}\0{login.secret}".encode()).decode()
        return (await line.say(f"AUTH PLAIN {secret}")).startswith(b"235")


async def delivery(login: Login) -> bool:
    """Deliver a message from outside to a user; says whether it was taken."""
    async with connected(login.source, MX) as line:
        await _greeted(line)
        await line.say("MAIL FROM:<friend@example.net>")
        if not (await line.say(f"RCPT TO:<{login.name}>")).startswith(b"250"):
            raise ConnectionError
        await line.say("DATA")
        return (await line.say("Subject: lunch?\r\n\r\nAt noon?\r\n.")).startswith(b"250")


async def _greeted(line: Line) -> None:
    if not (await line.reply()).startswith(b"220"):
        raise ConnectionError
    await line.say("EHLO client.test")


Act = Callable[[Login], Awaitable[bool]]
ACTS: dict[str, Act] = {
    "imap login": imap_login,
    "submission login": submission_login,
    "delivery": delivery,
}


def guesses(number: int, addresses: int) -> tuple[Act, Login]:
    """Give the guess of a number: the same ones for every side."""
    chance = random.Random(SEED + number)
    name = chance.choice(ROLES) if number % 2 else f"user{chance.randrange(500)}"
    common = chance.random() < 0.1
    secret = chance.choice(SECRETS) if common else f"s{chance.randrange(10**9)}"
    # Each address has its turn; where it comes in the turn is mixed.
    source = CROWD + (number * 7919 % addresses) * (65536 // addresses) + 1
    act = imap_login if number // 2 % 2 else submission_login
    return act, Login(f"{name}@example.org", secret, str(source))


async def paced(rate: float, seconds: float, each: Callable[[int], None]) -> None:
    """Begin so many a second, whatever became of those before."""
    begun, number = time.monotonic(), 0
    while (gone := time.monotonic() - begun) < seconds:
        while number < gone * rate:
            each(number)
            number += 1
        await asyncio.sleep(max(0.0, number / rate - (time.monotonic() - begun)))


async def attack(rate: float, seconds: float, addresses: int) -> dict[str, object]:
    """Guess; gives how many of the guesses ended how."""
    ends: Counter[str] = Counter()
    tasks: set[asyncio.Task[None]] = set()

    async def guess(number: int) -> None:
        act, login = guesses(number, addresses)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                ends["won" if await act(login) else "refused"] += 1
        except TimeoutError:
            ends["no answer"] += 1
        except (OSError, asyncio.IncompleteReadError):
            ends["turned away"] += 1

    def begin(number: int) -> None:
        if len(tasks) >= MOST_AT_ONCE:
            ends["not begun"] += 1
            return
        task = asyncio.create_task(guess(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await paced(rate, seconds, begin)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return dict(ends)


async def work(rate: float, seconds: float) -> dict[str, object]:
    """Do what users do; gives ``[second, milliseconds, done]`` for each act, by its name."""
    found: dict[str, list[tuple[float, float, bool]]] = {name: [] for name in ACTS}
    names, logins = list(ACTS), list(USERS.items())
    tasks: list[asyncio.Task[None]] = []
    begun = time.monotonic()

    async def act(number: int) -> None:
        name = names[number % len(names)]
        user = logins[number // len(names) % len(logins)]
        login = Login(*user, HOMES[number % 7 % len(HOMES)])
        before, done = time.monotonic(), False
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                done = await ACTS[name](login)
        found[name].append((before - begun, (time.monotonic() - before) * 1000, done))

    await paced(rate, seconds, lambda number: tasks.append(asyncio.create_task(act(number))))
    await asyncio.gather(*tasks)
    return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("crowd", choices=("attack", "work"))
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--addresses", type=int, default=1)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_AT_ONCE * 2, MOST_AT_ONCE * 2))
    if options.crowd == "attack":
        run = attack(options.rate, options.seconds, options.addresses)
    else:
        os.nice(-10)  # who measures must not wait for the guessers beside it
        run = work(options.rate, options.seconds)
    json.dump(asyncio.run(run), sys.stdout)
    print(flush=True)


if __name__ == "__main__":
    main()
