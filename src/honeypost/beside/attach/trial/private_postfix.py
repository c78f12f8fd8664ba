"""
The private Postfix of a trial: other ports, a short queue, and no way out.

Every delivery agent but the decoys' own becomes ``discard(8)``: whatever reaches one of them would
have left or would have been put into somebody's mailbox, and stands in the log.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial.orders import QUEUE_SECONDS
from honeypost.beside.postfix.containment_config import DECOY_TRANSPORT
from honeypost.beside.postfix.limbo_config import LIMBO_TRANSPORT
from honeypost.beside.survey.programs import output_of, run_program

AGENTS = frozenset({"smtp", "lmtp", "pipe", "local", "virtual", "qmqpd", "spawn"})
"""Programs that take mail somewhere."""

OURS = frozenset({DECOY_TRANSPORT, LIMBO_TRANSPORT})
_FIELDS = 8
_LEAK = re.compile(r"/discard\[\d+\]: \w+: to=<(?P<to>[^>]*)>.*status=sent")
_DROPPED = re.compile(r"/cleanup\[\d+\]: .*\bdiscard: (?:header|body)")


class PrivatePostfix:
    """
    :param directory: the covered configuration folder, where our settings already stand.
    :param ports: a loopback port for each service that is wanted, by its label.
    :param log: its log file.
    """

    def __init__(self, directory: Path, ports: Mapping[str, int], log: Path) -> None:
        self._directory, self._ports, self._log = directory, ports, log

    def configure(self) -> None:
        """
        Make it private.

        :raises SurveyError: ``postconf`` does not read our configuration.
        """
        lines = self._postconf("-M").splitlines()
        main = [f"{name}={value}" for name, value in self._settings().items()]
        self._postconf("-e", *main)
        master = self._directory / "master.cf"
        master.write_text("".join(f"{line}\n" for line in self._services(lines)))

    def start(self) -> None:
        """
        Start it.

        :raises AttachFailed: it does not start with our settings; says its own words.
        """
        done = subprocess.run(  # noqa: S603 - a fixed program
            ["postfix", "-c", self._directory, "start"],  # noqa: S607
            check=False, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        if done.returncode:
            raise AttachFailed(f"Postfix does not start with our settings: {done.stderr.strip()}")

    def queued(self) -> int:
        """Count messages in its queue."""
        return (
            len(output_of(run_program, "postqueue", "-c", str(self._directory), "-j").split("\n"))
            - 1
        )

    def said(self) -> str:
        """Give its log so far."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def leaks(self) -> list[str]:
        """Addresses to which something would have gone."""
        return [found["to"] for found in _LEAK.finditer(self.said())]

    def dropped_notices(self) -> int:
        """Count notices that were discarded because they quoted our header."""
        return len(_DROPPED.findall(self.said()))

    def _postconf(self, *arguments: str) -> str:
        return output_of(run_program, "postconf", "-c", str(self._directory), *arguments)

    def _settings(self) -> dict[str, str]:
        lifetime = f"{QUEUE_SECONDS}s"
        return {
            "maillog_file": str(self._log),
            "maillog_file_prefixes": str(self._log.parent),
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "multi_instance_directories": "",
            "multi_instance_wrapper": "",
            "maximal_queue_lifetime": lifetime,
            "bounce_queue_lifetime": lifetime,
            "minimal_backoff_time": "2s",
            "maximal_backoff_time": "2s",
            "queue_run_delay": "2s",
            "delay_warning_time": "0",
            "notify_classes": "",
            # Who comes from outside is played from here.
            "smtpd_authorized_xclient_hosts": "127.0.0.1",
            # Filters of the site must not learn from a trial, nor hold it up.
            "smtpd_milters": "",
            "non_smtpd_milters": "",
        }

    def _services(self, lines: list[str]) -> Iterator[str]:
        """Give master.cf anew: only wanted listeners, on our ports; agents disarmed; no chroot."""
        names = set()
        for line in lines:
            name, kind, private, unpriv, _chroot, wakeup, processes, command, *rest = line.split(
                maxsplit=_FIELDS
            )
            names.add(name)
            port = self._ports.get(f"{name}/{kind}")
            if port is not None:
                name, kind, private = f"127.0.0.1:{port}", "inet", "n"
            elif kind == "inet":
                continue
            if command in AGENTS and name not in OURS:
                command, rest = "discard", []
            yield " ".join([name, kind, private, unpriv, "n", wakeup, processes, command, *rest])
        if "postlog" not in names:
            yield "postlog unix-dgram n - n - 1 postlogd"
