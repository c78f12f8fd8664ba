"""
The servers that ``capture_throughput`` compares, each started privately on a loopback port.

A peer is a context manager that yields its port; what it keeps, it keeps below the given
folder, so that all of them write to the same file system.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 20.0
STOP_SECONDS = 10.0
HOST = "127.0.0.1"
BUDGET_BYTES = 20 * 1024**3
"""The day's and the disk's budgets must not end the run."""

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/postfix.log
maillog_file_prefixes = {base}
myhostname = bench.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
default_transport = discard:
local_transport = discard:
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
disable_dns_lookups = yes
"""

MASTER_CF = """\
{port}  inet  n       -       n       -       -       smtpd
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
discard   unix  -       -       n       -       -       discard
error     unix  -       -       n       -       -       error
anvil     unix  -       -       n       -       1       anvil
proxymap  unix  -       -       n       -       -       proxymap
postlog   unix-dgram n  -       n       -       1       postlogd
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a peer answers, and what it speaks."""

    port: int
    lmtp: bool = False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until somebody answers on the port."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise SystemExit(f"bench: {process.args!r} ended with {process.returncode}")
        try:
            with socket.create_connection((HOST, port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"bench: nobody answers on port {port}")


def sbin(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise SystemExit(f"bench: {name} is not installed (requirements/debian.txt)")
    return found


@contextmanager
def child(arguments: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, env={**os.environ, **environment}, start_new_session=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def honeypost(folder: Path) -> Iterator[Endpoint]:
    """Our own edge and worker; smtp-source speaks to the LMTP sink that stands behind Postfix."""
    port = free_port()
    config = folder / "honeypost.toml"
    folder.mkdir(parents=True)
    config.write_text(
        f"[listeners]\nsmtp = ''\nsubmission = ''\nsubmissions = ''\nlmtp = '{HOST}:{port}'\n"
        f"[budgets]\ncapture_bytes_per_day = {BUDGET_BYTES}\ndisk_bytes = {BUDGET_BYTES}\n"
    )
    program = Path(sys.executable).with_name("honeypost")
    command = [str(program), "up", "--data", str(folder / "data"), "--config", str(config)]
    with child(command) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        if not ready or not json.loads(ready).get("ready"):
            raise SystemExit("bench: honeypost up did not become ready")
        wait_for(port, process)
        yield Endpoint(port, lmtp=True)


@contextmanager
def smtp_sink(folder: Path) -> Iterator[Endpoint]:
    """Postfix's own test sink: keeps nothing, so it is the ceiling of a process with no disk."""
    folder.mkdir(parents=True)
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with child([sbin("smtp-sink"), *user, f"inet:{HOST}:{port}", "1000"]) as process:
        wait_for(port, process)
        yield Endpoint(port)


@contextmanager
def aiosmtpd(folder: Path) -> Iterator[Endpoint]:
    """Bare aiosmtpd with a handler that says 250 and keeps nothing."""
    folder.mkdir(parents=True)
    port = free_port()
    program = (
        "import asyncio, sys\n"
        "from aiosmtpd.smtp import SMTP\n"
        "from aiosmtpd.handlers import Sink\n"
        "async def main():\n"
        "    loop = asyncio.get_running_loop()\n"
        "    server = await loop.create_server(lambda: SMTP(Sink(), hostname='bench.example',"
        " loop=loop), '127.0.0.1', int(sys.argv[1]), backlog=1000)\n"
        "    await server.serve_forever()\n"
        "asyncio.run(main())\n"
    )
    with child([sys.executable, "-W", "ignore", "-c", program, str(port)]) as process:
        wait_for(port, process)
        yield Endpoint(port)


@contextmanager
def postfix(folder: Path) -> Iterator[Endpoint]:
    """A private real Postfix: cleanup fsyncs the queue file before 250, then it is discarded."""
    if os.geteuid() != 0:
        raise SystemExit("bench: real Postfix needs root to start")
    port = free_port()
    etc = folder / "etc"
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    (etc / "main.cf").write_text(MAIN_CF.format(base=folder))
    (etc / "master.cf").write_text(MASTER_CF.format(port=f"{HOST}:{port}"))
    folder.chmod(0o755)
    run = [sbin("postfix"), "-c", str(etc)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*run, "start"], check=True, timeout=60, **quiet)
    try:
        wait_for(port)
        yield Endpoint(port)
    finally:
        subprocess.run([*run, "stop"], check=False, timeout=60, **quiet)


PEERS = {
    "honeypost": honeypost,
    "smtp-sink": smtp_sink,
    "aiosmtpd": aiosmtpd,
    "postfix": postfix,
}
"""By the name in the table."""

KEEPS = {
    "honeypost": "durable",
    "smtp-sink": "nothing",
    "aiosmtpd": "nothing",
    "postfix": "durable",
}
