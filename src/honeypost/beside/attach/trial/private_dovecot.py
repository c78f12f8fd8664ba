"""The private Dovecot of a trial: the site's own configuration with ours, and a log of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.survey.doveconf import Block, parse
from honeypost.beside.survey.programs import output_of, run_program

START_SECONDS = 15.0
TEST_SECONDS = 20.0
"""Longest login by ``doveadm auth test``; PAM and Dovecot each wait after a failure."""

LOOK_SECONDS = 0.05


class PrivateDovecot:
    """
    :param config: the site's main file, in the covered folder.
    :param folder: private folder for its own main file and log.
    :param places: folders that are covered; a socket elsewhere is left out.
    :param imap_port: loopback port for IMAP.
    """

    def __init__(self, config: Path, folder: Path, places: list[str], imap_port: int) -> None:
        self._config, self._folder, self._places = config, folder, places
        self._imap_port = imap_port
        self._main = folder / "trial.conf"
        self._log = folder / "dovecot.log"
        self.run_folder = Path()

    def configure(self) -> None:
        """
        Write its main file.

        :raises SurveyError: ``doveconf`` does not read our configuration.
        """
        read = parse(output_of(run_program, "doveconf", "-c", str(self._config), "-a"))
        self.run_folder = Path(read.settings.get("base_dir", "/run/dovecot"))
        self._main.write_text(f"!include {self._config}\n" + self._overrides(read))

    def start(self) -> None:
        """
        Start it and wait until its auth process answers.

        :raises AttachFailed: it does not come up with our part; says its own words.
        """
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program
            ["dovecot", "-F", "-c", self._main],  # noqa: S607
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "dovecot.err").open("wb"),
        )
        socket, deadline = self.run_folder / "auth-client", time.monotonic() + START_SECONDS
        while not socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AttachFailed(f"Dovecot does not start with our part: {self.said()[-500:]}")
            time.sleep(LOOK_SECONDS)

    def login(self, name: str, password: str, *, service: str = "imap") -> tuple[str, float]:
        """
        Log in as Postfix or a login process would ask it.

        :returns: what ``doveadm auth test`` says (``passdb: NAME auth succeeded``, fields), and
            how many seconds it took.
        """
        begun = time.monotonic()
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program
                ["doveadm", "-c", self._main, "auth", "test",  # noqa: S607
                 "-x", f"service={service}", "-x", "rip=192.0.2.1", "-x", "lip=192.0.2.2",
                 "--", name, password],
                check=False, capture_output=True, text=True, timeout=TEST_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "no answer", TEST_SECONDS
        return done.stdout + done.stderr, time.monotonic() - begun

    def said(self) -> str:
        """Give its log so far."""
        parts = (self._folder / "dovecot.err", self._log)
        return "".join(p.read_text("utf-8", "replace") for p in parts if p.exists())

    def _overrides(self, read: Block) -> str:
        settings = [
            f"log_path = {self._log}",
            "info_log_path =",
            "debug_log_path =",
            "auth_failure_delay = 0",
            "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}",
        ]
        return "\n".join([*settings, *self._listeners(read)]) + "\n"

    def _listeners(self, read: Block) -> Iterator[str]:
        """Close every listener but IMAP's, and every socket that lies where others would see it."""
        for service in read.of_kind("service"):
            for inet in service.of_kind("inet_listener"):
                wanted = self._imap_port if inet.name == "imap" else 0
                setting = f"address = 127.0.0.1\n    port = {wanted}"
                yield _in_service(service.name, "inet_listener", inet.name, setting)
            for unix in service.of_kind("unix_listener"):
                if unix.name.startswith("/") and not self._is_covered(unix.name):
                    yield _in_service(service.name, "unix_listener", unix.name, "mode = 0")

    def _is_covered(self, path: str) -> bool:
        real = Path(path).resolve()
        return any(real.is_relative_to(Path(place).resolve()) for place in self._places)


def _in_service(service: str, kind: str, name: str, setting: str) -> str:
    return f"service {service} {{\n  {kind} {name} {{\n    {setting}\n  }}\n}}"
