"""
A Debian 12 with systemd, Postfix and Dovecot of its own, booted beside this machine.

The root is made once from the mirror that the machine is set up with and kept in a cache; each
:class:`Bookworm` is a layer over it that vanishes.  systemd runs as process 1 in a container
without any network but loopback, so units, users, journal and daemons are the real ones and
nothing of them is this machine's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from conftest import missing
from support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
CACHE_VARIABLE = "HONEYPOST_TEST_CACHE"
"""Folder that is kept between runs; ~/.cache/honeypost-tests when it is not set."""
PACKAGE_VARIABLE = "HONEYPOST_TEST_PACKAGE"
"""Package to be tested instead of one built from this tree."""
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "python3", "libstdc++6", "nftables",
    "postfix", "dovecot-imapd", "dovecot-pop3d", "dovecot-lmtpd", "dovecot-auth-lua",
)  # fmt: skip
PROGRAMS = ("mmdebstrap", "systemd-nspawn", "nsenter", "dpkg-deb", "dpkg-shlibdeps")
SUITE = "bookworm"
EPOCH = "1700000000"
"""Time stamp of the package that is tested, so that a commit alone does not build it anew."""
BUILT_FROM = (
    "src", "packaging", "scripts/deb.sh", "pyproject.toml", "docs/honeypost.toml",
    "requirements/build.lock", "requirements/runtime.lock", "CHANGELOG.md", "NOTICE",
)  # fmt: skip
UP = frozenset({"running", "degraded"})
MAKE_SECONDS = 900
RUN_SECONDS = 120


def cache() -> Path:
    """Give the folder that is kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get(CACHE_VARIABLE) or Path(home) / "honeypost-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def made_once(name: str) -> Iterator[tuple[Path, bool]]:
    """Give a place in the cache and whether it must be made; others wait meanwhile."""
    place = cache() / name
    with (cache() / f"{name.partition('-')[0]}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place, not place.exists()


def package() -> Path:
    """Give the package of this tree, built when no earlier run has built the same."""
    if named := os.environ.get(PACKAGE_VARIABLE):
        return Path(named)
    files = [
        path
        for name in BUILT_FROM
        for path in sorted([ROOT / name, *(ROOT / name).rglob("*")])
        if path.is_file() and "__pycache__" not in path.parts
    ]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_mode:o}\n".encode())
        digest.update(path.read_bytes())
    with made_once(f"deb-{digest.hexdigest()[:16]}") as (place, missing):
        if missing:
            for older in cache().glob("deb-*"):
                shutil.rmtree(older, ignore_errors=True)
            build(place)
        return next(place.glob("*.deb"))


def build(folder: Path) -> None:
    """Build the package into a new folder."""
    draft = Path(tempfile.mkdtemp(dir=cache()))
    done = subprocess.run(
        [ROOT / "scripts" / "deb.sh", draft],
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        text=True,
        timeout=MAKE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(draft)
    assert done.returncode == 0, done.stdout + done.stderr
    draft.rename(folder)


def base() -> Path:
    """Give the root of a fresh Debian 12."""
    words = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]
    with made_once(f"{SUITE}-{words}") as (place, missing):
        if missing:
            draft = Path(tempfile.mkdtemp(dir=cache()))
            subprocess.run(bootstrap(draft / "root"), check=True, timeout=MAKE_SECONDS)
            (draft / "root").rename(place)
            draft.rmdir()
        return place


def bootstrap(folder: Path) -> list[str | Path]:
    """Write the command that makes a root; a machine without documentation is a quarter smaller."""
    options = [
        "force-unsafe-io",
        "path-exclude=/usr/share/man/*",
        "path-exclude=/usr/share/locale/*",
    ]
    return [
        "mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(PACKAGES)}",
        *(f"--dpkgopt={option}" for option in options),
        SUITE, folder, mirror(),
    ]  # fmt: skip


def mirror() -> str:
    """Name the mirror that this machine's own apt has for the suite; without one there is no test."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {SUITE}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if not asked.stdout.split():
        missing(f"apt of this machine has no mirror of {SUITE}")
    return asked.stdout.split()[0]


class Bookworm:
    """One such machine, running; use as a context manager."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.root = Path()
        self.leader = 0
        """Its process 1, as a process of ours."""

    def __enter__(self) -> Self:
        with self._stack:
            self._boot()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, *arguments: str | Path, check: bool = True, **options):
        """Run a program inside to its end, text captured."""
        settings = {"capture_output": True, "text": True, "timeout": RUN_SECONDS, **options}
        done = subprocess.run(self.command(*arguments), check=False, **settings)
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def said(self, *arguments: str | Path, **options) -> str:
        """Run a program inside and give what it printed."""
        return self.run(*arguments, **options).stdout.strip()

    def command(self, *arguments: str | Path) -> list[str]:
        """Give the command line that runs a program inside."""
        spaces = [f"--{name}" for name in ("mount", "uts", "ipc", "net", "pid")]
        inside = ["nsenter", f"--target={self.leader}", *spaces, "--"]
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
        return [*inside, *clean, *map(str, arguments)]

    def python(self, user: str, code: str, *arguments: str) -> str:
        """Run Python of the package inside as a user of its own and give what it printed."""
        who = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return self.said(*who, "/opt/venvs/honeypost/bin/python", "-I", "-c", code, *arguments)

    def outside(self, inside: int) -> str:
        """Give the process id that a process inside has for us."""
        own = Path(f"/proc/{self.leader}/ns/pid").readlink()
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
                if (
                    fields["NSpid"].split()[-1] == str(inside)
                    and own == (status.parent / "ns" / "pid").readlink()
                ):
                    return status.parent.name
        raise AssertionError(f"no process {inside} inside")

    def files(self) -> dict[str, tuple[str, int, int, int]]:
        """List the files that stay: what each is, its mode, owner and group."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            here = Path(folder).relative_to(self.root)
            folders[:] = [name for name in folders if str(here / name) not in PASSING]
            for name in (*folders, *names):
                path = Path(folder) / name
                state = path.lstat()
                what = "folder" if path.is_dir() and not path.is_symlink() else _digest(path)
                found[str(here / name)] = (what, state.st_mode, state.st_uid, state.st_gid)
        return found

    def _boot(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hp.")))
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()
        self.root = folder / "root"
        layers = f"lowerdir={base()},upperdir={folder}/upper,workdir={folder}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "none", self.root], check=True)
        self._stack.callback(subprocess.run, ["umount", "--lazy", self.root], check=True)
        self._start(folder / "console")
        until(lambda: self._state() in UP, self._state, seconds=60)

    def _start(self, console: Path) -> None:
        log = self._stack.enter_context(console.open("wb"))
        container = subprocess.Popen(
            [
                "systemd-nspawn", "--quiet", f"--directory={self.root}", "--boot",
                "--register=no", "--keep-unit", "--private-network", "--console=pipe",
                "--link-journal=no", f"--machine=hp-{os.getpid()}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._stack.callback(self._end, container)
        until(lambda: self._find_leader(container.pid), console.read_text, seconds=30)

    def _find_leader(self, container: int) -> bool:
        """Find process 1 of the machine; before it there is another child, which prepares it."""
        children = Path(f"/proc/{container}/task/{container}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                if Path(f"/proc/{child}/comm").read_text() == "systemd\n":
                    self.leader = int(child)
                    return True
        return False

    def _state(self) -> str:
        return self.run("systemctl", "is-system-running", check=False).stdout.strip()

    @staticmethod
    def _end(container: subprocess.Popen[bytes]) -> None:
        container.terminate()  # systemd-nspawn lets the container power off
        try:
            container.wait(timeout=30)
        except subprocess.TimeoutExpired:
            container.kill()
            container.wait(timeout=10)


PASSING = frozenset(
    {
        "dev", "proc", "run", "sys", "tmp", "root/.cache",
        "var/cache", "var/lib/apt", "var/lib/dpkg", "var/lib/postfix", "var/lib/systemd",
        "var/log", "var/spool/postfix/maildrop", "var/spool/postfix/pid", "var/tmp",
    }
)  # fmt: skip
"""Folders that the system itself writes while it runs."""


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    if not path.is_file():
        return "other"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
