"""The firewall helper inside a namespace, as an unprivileged user with its one right."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Self

import honeypost
from support.namespace import Namespace

NOBODY = 65534
SYSTEM_PYTHON = "/usr/bin/python3"
"""A venv's interpreter may stand where only its owner can look."""

CODE = "import sys; sys.path.insert(0, sys.argv[1]); from honeypost.app.firewall import main; sys.exit(main(sys.argv[2:]))"
ONE_RIGHT = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs",
    "--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin", "--bounding-set=-all,+net_admin",
)  # fmt: skip


class Firewall:
    """A running helper that takes orders of this test's user."""

    def __init__(self, namespace: Namespace, folder: Path, ports: str) -> None:
        self.namespace = namespace
        self.folder = folder
        self.run_folder = folder / "fw"
        self.run_folder.mkdir()
        os.chown(self.run_folder, NOBODY, NOBODY)
        folder.chmod(0o755)
        self.socket = self.run_folder / "s"
        self.source = folder / "src"
        package = Path(honeypost.__file__).parent
        shutil.copytree(package, self.source / "honeypost", ignore=shutil.ignore_patterns("*.pyc"))
        self.source.chmod(0o755)
        self._environ = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "HONEYPOST__PENALTIES__HELPER": str(self.socket),
            "HONEYPOST__PENALTIES__PORTS": ports,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def command(self, *arguments: str) -> list[str]:
        python = [*ONE_RIGHT, SYSTEM_PYTHON, "-c", CODE, str(self.source)]
        return self.namespace.command([*python, *arguments])

    def start(self) -> None:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(
            self.command("--user", str(os.geteuid())),
            stdout=subprocess.PIPE,
            env=self._environ,
        )
        assert self._process.stdout is not None
        assert b'"ready": true' in self._process.stdout.readline()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """End it in order."""
        if self._process.poll() is None:
            self._process.terminate()
        self._reap()

    def kill(self) -> None:
        self._process.kill()
        self._reap()

    def remove(self) -> None:
        """Take the table away, as the package does when it goes."""
        subprocess.run(self.command("--remove"), check=True, timeout=20, env=self._environ)

    def say(self, *lines: str) -> list[str]:
        """Give orders; gives the answers."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(self.socket))
            line.sendall("".join(f"{each}\n" for each in lines).encode())
            said = b""
            while said.count(b"\n") < len(lines) and (more := line.recv(65536)):
                said += more
        return said.decode().splitlines()

    def _reap(self) -> None:
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()
