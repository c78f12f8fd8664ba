"""Our own processes behind a :class:`~support.mailhost.MailHost`, as ``honeypost up`` runs them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from honeypost.config.schema import Paths
from honeypost.ports import Entry
from honeypost.stores.reader import Joined, SegmentReader
from honeypost.stores.view import JournalView
from support.mailhost import KEY, LOOKUP_PORT, REPORT_PORT, MailHost
from support.waiting import until

CONFIGURATION = """\
[site]
domains = ["example.org"]
hostname = "mail.example.org"

[listeners]
smtp = ""
submission = ""
submissions = ""
lmtp = "{sink}"
policy = "{policy}"
limbo = "{limbo}"
lookup = "{lookup}"
authpolicy = "{report}"

[decoys]
failures_min = {failures}
failures_max = {failures}
role_share = 1.0
name_share = 1.0
new_per_day = 1000

[beside]
userdb_socket = "{names}"
postfix_directory = "{postfix}"
maps = [{maps}]
names_seconds = 0.4
no_decoys_from = [{spared}]
containment = "{manifest}"
script_key = "{key}"
"""


class Honeypost:
    """The supervisor with edge and worker; ``stop``, ``hang`` and ``kill`` as a host may see it."""

    def __init__(
        self,
        host: MailHost,
        *,
        failures: int = 1,
        names: bool = True,
        spared: Sequence[str] = (),
        late_bounce: Mapping[str, object] | None = None,
        alerts: Mapping[str, object] | None = None,
        hidden: Path | None = None,
        more: str = "",
    ) -> None:
        """
        :param hidden: a folder for the sockets; the test listens where the daemons call.
        :param more: further sections of the configuration.
        """
        self.host, self.data = host, host.data
        self.configuration = host.base / "honeypost.toml"
        limbo = host.limbo and f"unix:{host.postfix.queue}/{host.limbo.socket}"
        maps = [f'"texthash:{host.base}/{name}"' for name in ("mailboxes", "aliases", "senders")]
        self.configuration.write_text(
            CONFIGURATION.format(
                **(_hidden(hidden) if hidden else _called(host)),
                failures=failures,
                names=host.base / "names-userdb" if names else "",
                postfix=host.postfix.directory,
                maps=", ".join(maps) if names else "",
                manifest=host.manifest,
                key=KEY,
                spared=", ".join(f'"{network}"' for network in spared),
                limbo=limbo or "",
            )
            + more
        )
        for section, values in (("late_bounce", late_bounce), ("alerts", alerts)):
            lines = [f"{name} = {json.dumps(value)}\n" for name, value in (values or {}).items()]
            with self.configuration.open("a") as file:
                file.writelines([f"\n[{section}]\n", *lines] if lines else [])
        self.pids: dict[str, int] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait for the line that says it answers."""
        self._log = (self.host.base / "honeypost.log").open("ab")
        up = ["up", "--data", self.data, "--config", self.configuration]
        self._process = subprocess.Popen(
            self.host.namespace.command([sys.executable, "-m", "honeypost.cli.main", *up]),
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(timeout=10)
            self._close()
            raise AssertionError(self.said())
        self.pids = json.loads(line)["pids"]

    def stop(self) -> None:
        """End it in order."""
        self.wake()
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=20)
        self._close()

    def hang(self) -> None:
        """Stop every process of ours where it stands."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill every process of ours at once."""
        self._process.kill()
        self._signal(signal.SIGKILL)
        self._process.wait(timeout=10)
        for pid in self.pids.values():
            until(lambda pid=pid: not Path(f"/proc/{pid}").exists() or _zombie(pid))
        self._close()

    def journal(self, *kinds: str) -> list[Entry]:
        """Entries on disk, oldest first, of these kinds."""
        with JournalView(Paths(self.data).journal) as view:
            return list(view.entries("", kinds=kinds))

    def captures(self) -> list[Joined]:
        """Captured messages, oldest first, joined by queue id."""
        return list(SegmentReader(Paths(self.data).segments).joined())

    def body(self, capture_id: str) -> bytes:
        """Give the body of a capture."""
        return SegmentReader(Paths(self.data).segments).read(capture_id)

    def said(self) -> str:
        return (self.host.base / "honeypost.log").read_text("utf-8", "replace")

    def _signal(self, number: int) -> None:
        for pid in self.pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _close(self) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()


def _called(host: MailHost) -> dict[str, str]:
    """Where the daemons call each listener."""
    return {
        "sink": f"unix:{host.sink}",
        "policy": f"unix:{host.policy}",
        "lookup": f"127.0.0.1:{LOOKUP_PORT}",
        "report": f"127.0.0.1:{REPORT_PORT}",
    }


def _hidden(folder: Path) -> dict[str, str]:
    return {name: f"unix:{folder}/{name}" for name in ("sink", "policy", "lookup", "report")}


def _zombie(pid: int) -> bool:
    return ") Z " in Path(f"/proc/{pid}/stat").read_text()
