"""
How long does Dovecot's login script wait while the edge is busy?

Prints, as JSON and in words, latencies of the lookup end in milliseconds while bodies of 10 MB come
in over LMTP and clients do TLS handshakes, and the same without that load.  Dovecot gives up
after 600 ms and then asks nobody for 5 s, so the bar is p99 <= 20 ms and max <= 200 ms.

    python bench/lookup_latency.py [--seconds 20] [--bodies 50] [--handshakes 100]

The load is made by a process of its own; the asker blocks on its socket, so what it measures
is the edge (and the scheduler of this machine), not an event loop of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from honeypost.app.supervisor import prepare
from honeypost.config.load import load
from honeypost.config.schema import Paths
from honeypost.net.loop import loop_name

BODY_BYTES = 10_000_000
ASKS_PER_SECOND = 100
LINE = b"x" * 76 + b"\r\n"
KEY = "s3cret"
CONFIG = f"""
[listeners]
smtp = ""
submission = ""
submissions = "127.0.0.1:0"
lmtp = "127.0.0.1:0"
lookup = "127.0.0.1:0"
[budgets]
message_bytes = 20_000_000
spool_bytes = 1_000_000_000
capture_bytes_per_day = 100_000_000_000
disk_bytes = 2_000_000_000
connections_per_network = 400
[beside]
script_key = "{KEY}"
"""


@contextmanager
def edge(data: Path) -> Iterator[dict[str, Any]]:
    """Run an edge on a folder of its own; gives its ready line."""
    config = data / "honeypost.toml"
    config.write_text(CONFIG)
    prepare(load(config, {}), Paths(data))
    command = [sys.executable, "-m", "honeypost.app.edge", "--data", str(data)]
    command += ["--config", str(config), "--isolate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)


def address(where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    return host, int(port)


def ask(client: socket.socket, number: int) -> float:
    """Ask about a login that nobody knows; gives the seconds that it took."""
    form = f"user=user{number}%40example.org&service=imap&rip=198.51.100.{number % 250}"
    body = f"{form}&rport=40000&mech=PLAIN&secured=TLS&password=guess{number}".encode()
    head = f"POST /lua HTTP/1.1\r\nHost: x\r\nX-Key: {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    begin = time.perf_counter()
    client.sendall(head.encode() + body)
    reply = client.recv(4096)
    assert reply.startswith(b"HTTP/1.1 20"), reply
    return time.perf_counter() - begin


def measure(where: str, seconds: float) -> list[float]:
    """Ask at a steady pace, each time over the connection that is there, as Dovecot does."""
    taken: list[float] = []
    with socket.create_connection(address(where), 10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.monotonic() + seconds
        due = time.monotonic()
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            taken.append(ask(client, random.randrange(1 << 30)))
            due = max(due + 1 / ASKS_PER_SECOND, time.monotonic())
    return taken


def summary(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    at = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    found = {name: ordered[min(len(ordered) - 1, int(len(ordered) * q))] for name, q in at.items()}
    return {"n": len(ordered)} | {f"{name}_ms": round(1000 * s, 2) for name, s in found.items()}


# The load


async def deliver(where: str, counts: dict[str, int]) -> None:
    """Hand one body after the other over, as Postfix does."""
    while True:
        reader, writer = await asyncio.open_connection(*address(where))
        await reader.readline()
        for command in (b"LHLO x", b"MAIL FROM:<a@x.test>", b"RCPT TO:<b@y.test>", b"DATA"):
            writer.write(command + b"\r\n")
            while (await reader.readline())[3:4] == b"-":
                pass
        for _ in range(BODY_BYTES // (len(LINE) * 800)):
            writer.write(LINE * 800)
            await writer.drain()
        writer.write(b".\r\n")
        reply = await reader.readline()
        counts["bodies" if reply.startswith(b"250") else "refused"] += 1
        writer.close()


async def shake_hands(where: str, per_second: int, counts: dict[str, int]) -> None:
    """Have TLS handshakes done at a steady pace."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    async def once() -> None:
        reader, writer = await asyncio.open_connection(*address(where), ssl=context)
        await reader.readline()
        counts["handshakes"] += 1
        writer.close()

    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()
    due = loop.time()
    while True:
        if len(running) < per_second:
            task = asyncio.create_task(once())
            running.add(task)
            task.add_done_callback(running.discard)
        # What a late wake-up missed is made up for, but not more than a second's worth.
        due = max(due + 1 / per_second, loop.time() - 1)
        await asyncio.sleep(due - loop.time())


async def make_load(lmtp: str, tls: str, bodies: int, handshakes: int) -> dict[str, int]:
    counts = {"bodies": 0, "refused": 0, "handshakes": 0}
    work = [asyncio.create_task(deliver(lmtp, counts)) for _ in range(bodies)]
    if handshakes:
        work.append(asyncio.create_task(shake_hands(tls, handshakes, counts)))
    print("begun", flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    for each in work:
        each.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    return counts


@contextmanager
def load_on(ready: dict[str, Any], bodies: int, handshakes: int) -> Iterator[dict[str, int]]:
    """Put load on the edge; what was done is in the dictionary afterwards."""
    done: dict[str, int] = {}
    where = ready["listeners"]
    command = [sys.executable, __file__, "--load", where["lmtp"][0], where["submissions"][0]]
    command += ["--bodies", str(bodies), "--handshakes", str(handshakes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield done
        finally:
            process.send_signal(signal.SIGTERM)
        done.update(json.loads(process.stdout.readline()))


def run(seconds: float, bodies: int, handshakes: int) -> dict[str, Any]:
    """Measure without and with load."""
    with tempfile.TemporaryDirectory() as folder, edge(Path(folder)) as ready:
        lookup = ready["listeners"]["lookup"][0]
        quiet = measure(lookup, min(seconds, 5))
        with load_on(ready, bodies, handshakes) as done:
            busy = measure(lookup, seconds)
        status = json.loads((Path(folder) / "edge" / "status.json").read_text())
        return {
            "quiet": summary(quiet),
            "busy": summary(busy),
            "load": {"seconds": seconds, **done},
            "lag_worst_ms": round(1000 * status["lag_worst_seconds"], 1),
            "processors": len(os.sched_getaffinity(0)),
            "load_average": os.getloadavg()[0],
            "loop": loop_name(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--bodies", type=int, default=50)
    parser.add_argument("--handshakes", type=int, default=100, help="a second")
    parser.add_argument("--load", nargs=2, metavar=("LMTP", "TLS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        lmtp, tls = options.load
        print(json.dumps(asyncio.run(make_load(lmtp, tls, options.bodies, options.handshakes))))
    else:
        found = run(options.seconds, options.bodies, options.handshakes)
        print(json.dumps(found))
        busy, quiet = found["busy"], found["quiet"]
        print(
            f"measured: lookup p99 {busy['p99_ms']} ms, max {busy['max_ms']} ms under load"
            f" (idle: p99 {quiet['p99_ms']} ms)"
        )


if __name__ == "__main__":
    main()
