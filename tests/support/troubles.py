"""
What may befall us while real users work, one context each; the daemons beside run on.

Each begins with everything in order and attackers at work, gets into trouble, and ends with the
host as it was.  ``TROUBLES`` has them by the name that reports use.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from honeypost.config.schema import Paths
from support.attack import Attack
from support.between import Between, Manner
from support.honeypost import Honeypost
from support.mailhost import LOOKUP_PORT, REPORT_PORT, MailHost
from support.sinks import unix_socket

SMALL_BYTES = 12 * 1024 * 1024
"""The disk that gets full."""
NO_RESERVE = "\n[budgets]\ndisk_free_bytes = 0\n"
"""So that the disk really is full, not merely down to what we leave to others."""
KILL_EVERY = 10
"""Of so many answers that are cut one ends the edge as well."""
FLIPPED_EVERY = 97


@dataclass
class Scene:
    """What there is to look at in a trouble."""

    host: MailHost
    honeypost: Honeypost
    attack: Attack
    between: dict[str, Between] = field(default_factory=dict)
    """Who stands between the daemons and us, by listener; where somebody does."""


@contextmanager
def running(host: MailHost, hidden: Path | None = None, more: str = "") -> Iterator[Scene]:
    """No trouble: we run, decoys send."""
    with Honeypost(host, hidden=hidden, more=more) as honeypost, ExitStack() as stack:
        between = _stand_between(host, hidden, stack) if hidden else {}
        attack = stack.enter_context(Attack(host, inside=True))
        yield Scene(host, honeypost, attack, between)


@contextmanager
def dead(host: MailHost) -> Iterator[Scene]:
    """Every process of ours is killed."""
    with running(host) as scene:
        scene.honeypost.kill()
        yield scene


@contextmanager
def hung(host: MailHost) -> Iterator[Scene]:
    """Every process of ours stands still and keeps its sockets."""
    with running(host) as scene:
        scene.honeypost.hang()
        try:
            yield scene
        finally:
            scene.honeypost.wake()


@contextmanager
def slow(host: MailHost) -> Iterator[Scene]:
    """Whatever we answer comes 5 s late."""
    with _answering(host, Manner.LATE) as scene:
        yield scene


@contextmanager
def cut(host: MailHost) -> Iterator[Scene]:
    """We are killed in mid-answer: half of an answer is out, then the connection ends."""
    with _answering(host, Manner.CUT) as scene:
        yield scene


@contextmanager
def full(host: MailHost) -> Iterator[Scene]:
    """No byte is left on the disk of our data."""
    with _small_disk(host.data), running(host, more=NO_RESERVE) as scene:
        ballast = host.data / "ballast"
        _fill(ballast)
        try:
            yield scene
        finally:
            ballast.unlink(missing_ok=True)


@contextmanager
def corrupt(host: MailHost) -> Iterator[Scene]:
    """Every file of our stores is damaged while we run."""
    with _kept(host.data), running(host) as scene:
        for file in stores(host.data):
            flip(file)
        yield scene


@contextmanager
def corrupt_from_the_start(host: MailHost) -> Iterator[Scene]:
    """We are started on damaged stores, and so never come up."""
    with _kept(host.data), running(host) as scene:
        scene.honeypost.stop()
        for file in stores(host.data):
            file.write_bytes(b"this is no store but a text\n" * 500)
        with contextlib.suppress(AssertionError):  # what it says has a test of its own
            scene.honeypost.start()
        yield scene


@contextmanager
def removed(host: MailHost) -> Iterator[Scene]:
    """Our processes, data and sockets are gone, and both daemons run on."""
    with _kept(host.data), _kept(host.chain.home), running(host) as scene:
        _remove(scene)
        yield scene
    host.record()


@contextmanager
def removed_and_restarted(host: MailHost) -> Iterator[Scene]:
    """The same, and then both daemons are started anew, with what attaching left in /etc."""
    with _kept(host.data), _kept(host.chain.home), running(host) as scene:
        _remove(scene)
        host.dovecot.stop()
        host.dovecot.start()
        host.postfix.reload()
        yield scene
    host.record()


TROUBLES: dict[str, Callable[[MailHost], AbstractContextManager[Scene]]] = {
    "running": running,
    "dead": dead,
    "hung": hung,
    "slow (5 s)": slow,
    "killed in mid-answer": cut,
    "out of disk": full,
    "stores damaged while we run": corrupt,
    "started on damaged stores": corrupt_from_the_start,
    "removed": removed,
    "removed, daemons restarted": removed_and_restarted,
}


def stores(data: Path) -> list[Path]:
    """Name the files in which we keep things: databases with their logs, segments."""
    paths = Paths(data)
    databases = [p for base in (paths.journal, paths.intel) for p in base.parent.glob("*.db*")]
    kept = [path for path in databases if path.suffix != ".lock" and path.stat().st_size]
    return kept + [path for path in paths.segments.iterdir() if path.name != "lock"]


def flip(file: Path) -> None:
    """Change bytes all over a file where it lies, as a bad disk would."""
    content = bytearray(file.read_bytes())
    for place in range(0, len(content), FLIPPED_EVERY):
        content[place] ^= 0x5A
    with file.open("r+b") as opened:
        opened.write(content)


@contextmanager
def _answering(host: MailHost, manner: Manner) -> Iterator[Scene]:
    hidden = host.base / "hidden"
    hidden.mkdir(exist_ok=True)
    with running(host, hidden) as scene:
        for between in scene.between.values():
            between.manner = manner
        yield scene
        for between in scene.between.values():
            between.manner = Manner.AT_ONCE


def _stand_between(host: MailHost, hidden: Path, stack: ExitStack) -> dict[str, Between]:
    listening = {
        "lookup": host.bound("127.0.0.1", LOOKUP_PORT),
        "report": host.bound("127.0.0.1", REPORT_PORT),
        "sink": unix_socket(host.sink),
        "policy": unix_socket(host.policy),
    }
    turns = itertools.count(1)

    def kill_the_edge() -> None:
        if next(turns) % KILL_EVERY == 0:
            for pid in _edges(hidden):
                os.kill(pid, signal.SIGKILL)

    between = {}
    for name, bound in listening.items():
        between[name] = Between(bound, hidden / name, kill_the_edge)
        stack.callback(between[name].close)
    for path in (host.sink, host.policy):
        stack.callback(path.unlink)
    return between


def _edges(hidden: Path) -> Iterator[int]:
    """Pids of the edge of this host; it is started anew each time."""
    data = os.fsencode(hidden.with_name("data"))
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"honeypost.app.edge" in words and data in words:
                yield int(entry.name)


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Have a folder, with what is in it, on a small disk of its own."""
    kept = folder.with_name(f"{folder.name}.kept")
    shutil.copytree(folder, kept)
    options = f"size={SMALL_BYTES},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(kept)


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Put a folder back as it was."""
    kept = folder.with_name(f"{folder.name}.kept")
    subprocess.run(["cp", "-a", folder, kept], check=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        kept.rename(folder)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def _remove(scene: Scene) -> None:
    host = scene.host
    scene.honeypost.kill()
    shutil.rmtree(host.data)
    shutil.rmtree(host.chain.home)
    for path in (host.sink, host.policy, host.manifest):
        path.unlink(missing_ok=True)
