"""
May a decoy login be granted?  Only while Postfix provably runs what was attached.

Theory of operation
===================

What keeps decoy mail in is static text in main.cf and master.cf.  Each smtpd reads main.cf once,
when it starts; the master reads master.cf when it starts or is reloaded, and hands its
``-o`` options to the children.  So text on disk is not what runs: an smtpd that was started
under another main.cf serves sessions for minutes after that file is gone, and a master goes on
with an old master.cf until somebody says ``postfix reload``.  A grant needs all of this:

a) Both files have the SHA-256 that the manifest recorded.  They are hashed again only when
   ``stat`` or ``lstat`` differ from last time (device, inode, size, mtime, ctime).
b) Every running process of that instance which reads main.cf and can let mail out started after
   the last change of either file (``ctime``, which cannot be set back, of the file and of a
   symbolic link to it).  A file that was replaced and put back has a new ctime, so whatever
   started in between, and whatever is older, stops grants until it is gone.
c) The queue manager, too, is younger than both files.  It lives from one (re)load of the
   master to the next, so its start says when the master last read master.cf.
d) The master runs.

Times: the kernel gives starts in ticks of 10 ms since boot, and ctimes from a clock that advances
with the timer (4 or 10 ms), so a process must be ``MARGIN_SECONDS`` younger; who writes and
reloads waits that long in between.  The two clocks are joined by their distance; when somebody
set the wall clock since the attaching, the smaller distance counts, which can only make
processes look older.

Not covered, because nothing on disk shows it: a bind mount laid over the files and taken off
again, a directory renamed away and back, and a second Postfix instance that uses the
same Dovecot.  Any error in reading is a doubt.

Beside 95 busy smtpd processes a check costs well under 1 ms of processor time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from honeypost.beside.manifest import Manifest, digest, read_manifest
from honeypost.beside.postfix.instance import (
    Process,
    boot_id,
    boot_offset,
    list_children,
    read_master,
    read_process,
)

MARGIN_SECONDS = 0.05
"""More than a tick of the process clock and a tick of the file clock together."""

LETS_MAIL_OUT = frozenset({"smtpd", "cleanup", "bounce", "qmgr", "pickup"})
"""Sets the filter; discards notices (cleanup); hands them to that cleanup; routes; requeues."""

RELOAD_WITNESS = "qmgr"
"""Restarted by every reload of the master and by nothing else in normal life."""

FileState = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Checked:
    """What was found the last time that the files were hashed."""

    states: tuple[FileState, ...]
    altered: str


class AttachedContainment:
    """
    Implements :class:`~honeypost.ports.Containment` beside a real Postfix.

    :param manifest_path: what :func:`~honeypost.beside.manifest.record_attachment` wrote.
    :param proc: where the kernel shows processes.
    """

    def __init__(self, manifest_path: Path, *, proc: Path = Path("/proc")) -> None:
        self._manifest_path = manifest_path
        self._proc = proc
        self._checked: _Checked | None = None
        self._known: dict[int, Process] = {}

    def doubt(self) -> str:
        """See :meth:`honeypost.ports.Containment.doubt`."""
        try:
            return self._doubt()
        except (OSError, ValueError) as error:
            return f"the containment cannot be checked: {error}"

    def _doubt(self) -> str:
        manifest = read_manifest(self._manifest_path)
        files = list(manifest.expected())
        altered = self._altered(manifest, files)
        if altered:
            return f"{altered} is not what was attached"
        changed = max(_changed(path) for path in files)
        return self._not_loaded(manifest, changed)

    def _altered(self, manifest: Manifest, files: list[Path]) -> str:
        """Name the first file whose content is another one, ``""`` when all are as attached."""
        # The manifest is one of them: a new attachment means that all is hashed again.
        states = tuple(state for path in (*files, self._manifest_path) for state in _states(path))
        if self._checked is None or self._checked.states != states:
            expected = manifest.expected().items()
            wrong = (str(path) for path, sha256 in expected if digest(path) != sha256)
            self._checked = _Checked(states, next(wrong, ""))
        return self._checked.altered

    def _not_loaded(self, manifest: Manifest, changed: float) -> str:
        """Say which process may have loaded something else, ``""`` when none."""
        master = read_master(Path(manifest.queue_directory), self._proc)
        children = self._that_let_mail_out(list_children(master.pid, self._proc))
        offset = _offset(manifest)
        for child in children:
            if not _younger(child, changed, offset):
                return f"{child.name}[{child.pid}] may have loaded an older configuration"
        if all(child.name != RELOAD_WITNESS for child in children):
            return "Postfix is starting or has no queue manager"
        return ""

    def _that_let_mail_out(self, pids: list[int]) -> Collection[Process]:
        """
        Look at the processes; one that is known is not read again.

        A process id that was given to another process meanwhile is then taken for the earlier
        one.  That is an error on the safe side: the true start is later than the known one.
        """
        known, self._known = self._known, {}
        for pid in pids:
            process = known.get(pid) or read_process(pid, self._proc)
            if process is not None and process.name in LETS_MAIL_OUT:
                self._known[pid] = process
        return self._known.values()


def _offset(manifest: Manifest) -> float:
    """Join the two clocks so that no setting of the wall clock makes a process look younger."""
    offset = boot_offset()
    return min(offset, manifest.offset) if manifest.boot == boot_id() else offset


def _younger(process: Process, changed: float, offset: float) -> bool:
    return process.started + offset > changed + MARGIN_SECONDS


def _states(path: Path) -> Iterator[FileState]:
    for found in (path.lstat(), path.stat()):
        yield (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _changed(path: Path) -> float:
    """When file or symbolic link last changed in any way, Unix time."""
    return max(path.lstat().st_ctime_ns, path.stat().st_ctime_ns) / 1e9
