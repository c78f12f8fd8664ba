"""
A network namespace of its own: loopback only, no way out.

Every test host lives in one, so its ports are free by construction, source addresses may be
changed at will, and whatever goes wrong nothing reaches a network.  The namespace ends with the
process that holds it.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """Programs and sockets inside; this process itself stays outside."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n"
        self._net = os.open(f"/proc/{self._holder.pid}/ns/net", os.O_RDONLY)

    @property
    def pid(self) -> int:
        """Of the process that holds it, for ``ip link ... netns PID``."""
        return self._holder.pid

    def command(self, arguments: Sequence[str | Path]) -> list[str]:
        """Give the command line that runs a program inside."""
        inside = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--"]
        return [*inside, *map(str, arguments)]

    def run(self, *arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, text captured."""
        settings = {"capture_output": True, "text": True, "timeout": 60, "check": True}
        return subprocess.run(self.command(arguments), **{**settings, **options})  # noqa: PLW1510 - it is among them

    def socket(self, family: int = socket.AF_INET) -> socket.socket:
        """Make a socket that belongs to the namespace, for use from outside."""
        return self.within(lambda: socket.socket(family))

    def within(self, make: Callable[[], T]) -> T:
        """Call something in a thread that is inside."""
        made: list[T] = []

        def enter() -> None:
            if _libc.setns(self._net, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            made.append(make())

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return made[0]

    def connect(self, address: str, port: int, *, source: str = "", timeout: float = 20.0):
        """Connect to a listener inside, from a source address of choice."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = self.socket(family)
        connection.settimeout(timeout)
        try:
            if source:
                connection.bind((source, 0))
            connection.connect((address, port))
        except OSError:
            connection.close()
            raise
        return connection

    def come_from(self, address: str) -> None:
        """Let connections to 127.0.0.1 (or ::1) that bind no address come from this one."""
        family, target = ("-6", "::1/128") if ":" in address else ("-4", "127.0.0.1/32")
        if family == "-6":
            self.add(address)
            # The kernel's own route would go before ours.
            self.run("ip", "-6", "route", "flush", "table", "local", target)
        self.run(
            "ip", family, "route", "replace", "table", "local",
            "local", target, "dev", "lo", "src", address,
        )  # fmt: skip

    def add(self, address: str) -> None:
        """Give the loopback one more IPv6 address to connect from."""
        self.run("ip", "-6", "address", "replace", f"{address}/128", "dev", "lo", "nodad")

    def close(self) -> None:
        """Let go of it."""
        os.close(self._net)
        self._holder.communicate(timeout=5)
