"""
The site that is attacked: a real ``honeypost up`` in a temporary folder, loopback only.

What runs is what an operator runs, with its own processes and stores.  Only the settings are
the demo's: free ports, one real name, and with ``fast`` a short wait before a refusal.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from honeypost.app.demo.attack import DOMAIN, REAL_NAME, Listeners
from honeypost.app.demo.dialogue import Address
from honeypost.config.load import PREFIX
from honeypost.config.schema import Config, Paths
from honeypost.errors import NotReady, UsageError

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
FAST_REFUSAL_SECONDS = 0.05
SLOW_REFUSAL_SECONDS = Config().decoys.refusal_seconds

UP = """
from honeypost.net.namespace import end_with_parent
end_with_parent()
from honeypost.cli.main import run
run()
"""
"""``honeypost up`` that also ends when the demo is killed and can end nothing any more."""

SETTINGS = """\
# The demo's site: see honeypost demo.
[site]
domains = ["{domain}"]
hostname = "mail.{domain}"
real_names = {real_names}

[listeners]
smtp = "127.0.0.1:0"
submission = "127.0.0.1:0"
submissions = "127.0.0.1:0"

[decoys]
refusal_seconds = {refusal_seconds}
"""


@dataclass(slots=True)
class DemoSite:
    """
    Runs while it is entered.

    :raises NotReady: when it does not come up. :raises UsageError: the folder is not empty.
    """

    data: Path
    fast: bool
    listeners: Listeners = field(init=False)
    ready: dict[str, Any] = field(default_factory=dict)
    """The line that ``honeypost up`` printed."""
    _process: subprocess.Popen[bytes] = field(init=False)

    @property
    def paths(self) -> Paths:
        """Where the site stores what it sees."""
        return Paths(self.data)

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return dict(self.ready["pids"])

    @property
    def settings(self) -> Path:
        """Its configuration file."""
        return self.data / "honeypost.toml"

    @property
    def log(self) -> Path:
        """What the processes complain about."""
        return self.data / "demo.log"

    def __enter__(self) -> Self:
        self._write()
        command = [sys.executable, "-c", UP, "up"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, "--data", str(self.data), "--config", str(self.settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_unconfigured(os.environ),
                start_new_session=True,
            )
        try:
            self.ready = self._ready()
        except BaseException:
            self._stop()
            raise
        self.listeners = Listeners(
            **{name: _address(w[0]) for name, w in self.ready["listeners"].items()}
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _write(self) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(self.data.iterdir()):
            raise UsageError(f"{self.data} is not empty; the demo wants a folder of its own")
        names = self.data / "real_names"
        names.write_text(f"{REAL_NAME}@{DOMAIN}\n")
        refusal = FAST_REFUSAL_SECONDS if self.fast else SLOW_REFUSAL_SECONDS
        self.settings.write_text(
            SETTINGS.format(
                domain=DOMAIN, real_names=json.dumps(str(names)), refusal_seconds=refusal
            )
        )

    def _ready(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = first_line(self._process.stdout, READY_SECONDS)
        with contextlib.suppress(ValueError):
            return dict(json.loads(line))
        complaint = self.log.read_text("utf-8", "replace").strip().splitlines()
        raise NotReady(f"the decoys did not come up: {complaint[-1] if complaint else 'no word'}")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def first_line(stream: IO[bytes], seconds: float) -> bytes:
    """Read a line, or what came of it before the time was over or the stream ended."""
    deadline = time.monotonic() + seconds
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0, deadline - time.monotonic())):
            data = stream.read1(4096)  # type: ignore[attr-defined]  # a pipe is a BufferedReader
            if not data:
                break
            line += data
    return line


def _unconfigured(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would change the demo's settings."""
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}


def _address(where: str) -> Address:
    host, _, port = where.rpartition(":")
    return Address(host.strip("[]"), int(port))
