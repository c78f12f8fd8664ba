"""
Attach: one transaction over Postfix, our own processes and Dovecot.

Theory of operation
===================

The order is what makes it safe at every moment, and for whoever is killed in the middle:

1. Backup of every file that will be changed; the record of what will be.
2. Trial: private instances of both daemons with our part in them.
3. Containment is written, its manifest recorded, Postfix reloaded, until every process of
   Postfix runs it.  Nobody can be a decoy yet.
4. Our own processes learn about the site.
5. Only then the password chain goes into Dovecot, and Dovecot is reloaded.
6. Probes on the live daemons.
7. With a late bounce unknown names are accepted from now on; nothing can fail any more but that.

Whatever fails, everything is undone in the opposite order and compared by hash.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.files import Standing, content, put, standing
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.loading import LOADED_SECONDS, Loading
from honeypost.beside.attach.plan import Group, Plan, PlannedFile
from honeypost.beside.attach.record import Attachment, FileRecord, State, Step, save
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.attach.undo import Undo
from honeypost.beside.manifest import CONFIGURATION
from honeypost.beside.survey.site import MailSite
from honeypost.config.durable import sync_folder

HASHES = "after.sha256"
"""For the guard, which must not need us: what Postfix's files are while they are ours."""


def nothing(_: str) -> None:
    """Do nothing; what is told about steps when nobody listens."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What is tried before and after; each raises :class:`AttachFailed` with its reason."""

    trial: Callable[[Plan], None]
    probes: Callable[[], None]


class Apply:
    """
    Carries a plan out.

    :param identity: name of the backup, e.g. the time.
    :param tell: is told each step as it begins.
    """

    def __init__(
        self,
        plan: Plan,
        site: MailSite,
        layout: Layout,
        *,
        identity: str,
        marker_domain: str,
        reloading: Reloading,
        checks: Checks,
        undo: Callable[[Attachment], Undo],
        tell: Callable[[str], None] = nothing,
        loaded_seconds: float = LOADED_SECONDS,
    ) -> None:
        self._plan, self._site, self._layout = plan, site, layout
        self._reloading, self._checks, self._undo = reloading, checks, undo
        self._tell = tell
        self._loading = Loading(
            layout,
            site.postfix.config_directory,
            site.postfix.queue_directory,
            reloading,
            [f.path for f in plan.of(Group.CONTAINMENT) if f.path.name not in CONFIGURATION],
            loaded_seconds,
        )
        self._record = _new_record(plan, site, identity, marker_domain)
        self.notes: list[str] = []

    def run(self) -> Attachment:
        """
        Attach.

        :raises AttachFailed: why not, and that everything is as it was.
        """
        self._begin(Step.BACKUP)
        self._backup()
        try:
            self._all_steps()
        except BaseException as problem:
            self._take_back(problem)
            raise
        self._record.state = State.ATTACHED
        save(self._record, self._layout)
        return self._record

    def _all_steps(self) -> None:
        steps: tuple[tuple[Step, Callable[[], object]], ...] = (
            (Step.TRIAL, lambda: self._checks.trial(self._plan)),
            (Step.CONTAINMENT, lambda: self._write(Group.CONTAINMENT)),
            (Step.MANIFEST, self._loading.record),
            (Step.RELOAD_POSTFIX, self._reloading.postfix),
            (Step.LOADED, self._loaded),
            (Step.OWN, self._own),
            (Step.CHAIN, lambda: self._write(Group.CHAIN)),
            (Step.RELOAD_DOVECOT, self._reloading.dovecot),
            (Step.PROBES, self._checks.probes),
            *(((Step.ACCEPT, self._accept),) if self._plan.closed else ()),
        )
        for step, action in steps:
            self._begin(step)
            action()

    def _begin(self, step: Step) -> None:
        if step is not Step.BACKUP:
            self._record.steps.append(step)
            save(self._record, self._layout)
        self._tell(step)

    def _backup(self) -> None:
        folder = self._layout.backups / self._record.id
        folder.mkdir(mode=0o700, parents=True)
        self._layout.backups.chmod(0o700)
        for file in self._record.files:
            if file.before is not None:
                put(folder / file.saved, content(Path(file.path)), _closed(file.before))
        write_hashes(self._record, self._layout)
        sync_folder(self._layout.backups)
        save(self._record, self._layout)

    def _write(self, group: Group) -> None:
        records = {file.path: file for file in self._record.files}
        for folder in self._record.folders if group is Group.CHAIN else ():
            Path(folder).mkdir(mode=0o755, exist_ok=True)
        for planned in self._plan.of(group):
            record = records[str(planned.path)]
            if standing(planned.path) != record.before:
                raise AttachFailed(f"{planned.path} was changed by somebody else meanwhile")
            put(planned.path, self._first(planned), record.after)

    def _first(self, planned: PlannedFile) -> bytes:
        """Give what is written first: Postfix does not accept unknown names yet."""
        closed = self._plan.closed if planned.path == self._master() else b""
        return closed or planned.content

    def _accept(self) -> None:
        master = next(file for file in self._plan.files if file.path == self._master())
        record = next(file for file in self._record.files if file.path == str(master.path))
        now = standing(master.path)
        if now is None or now.sha256 not in record.also:
            raise AttachFailed(f"{master.path} was changed by somebody else meanwhile")
        put(master.path, master.content, record.after)
        if note := self._loading.again():
            self.notes.append(note)

    def _master(self) -> Path:
        return self._site.postfix.config_directory / "master.cf"

    def _loaded(self) -> None:
        if note := self._loading.wait():
            self.notes.append(note)

    def _own(self) -> None:
        self._write(Group.OWN)
        self._reloading.own_on(self._plan.limbo.name if self._plan.limbo else "")

    def _take_back(self, problem: BaseException) -> None:
        """Undo; what could not be undone is added to the reason."""
        try:
            left = self._undo(self._record).run()
        except (AttachFailed, OSError) as another:
            raise AttachFailed(
                f"{problem}; and undoing it stopped: {another}: run honeypost rollback"
            ) from problem
        if isinstance(problem, AttachFailed | OSError | ValueError):
            state = "; ".join(left) or "everything is as it was before, compared by hash"
            raise AttachFailed(f"{problem}; {state}") from problem


def write_hashes(record: Attachment, layout: Layout) -> None:
    """Write the hashes of Postfix's files as they will be, as ``sha256sum`` reads them."""
    files = (file for file in record.files if file.group == Group.CONTAINMENT)
    text = "".join(f"{file.after.sha256}  {file.path}\n" for file in files)
    (layout.backups / record.id / HASHES).write_text(text)


def _new_record(plan: Plan, site: MailSite, identity: str, marker_domain: str) -> Attachment:
    return Attachment(
        id=identity,
        state=State.APPLYING,
        begun=time.time(),
        postfix_directory=str(site.postfix.config_directory),
        queue_directory=str(site.postfix.queue_directory),
        dovecot_config=str(site.dovecot.config),
        main_dovecot=str(plan.main_dovecot or ""),
        chain_folder=str(plan.chain_folder),
        marker_domain=marker_domain,
        settings=plan.settings,
        layers=dict(plan.layers),
        limbo=plan.limbo,
        files=[_file_record(number, file, plan.closed) for number, file in enumerate(plan.files)],
        folders=[] if plan.chain_folder.exists() else [str(plan.chain_folder)],
    )


def _file_record(number: int, planned: PlannedFile, closed: bytes) -> FileRecord:
    before = standing(planned.path)
    new = Standing("", planned.mode, 0, planned.gid, time.time_ns())
    kept = before or new
    after = Standing(
        hashlib.sha256(planned.content).hexdigest(), kept.mode, kept.uid, kept.gid, new.mtime_ns
    )
    saved = "" if before is None else f"{number:02}-{planned.path.name}"
    with_closed = closed and planned.path.name == "master.cf"
    also = [hashlib.sha256(closed).hexdigest()] if with_closed else []
    return FileRecord(str(planned.path), planned.group, before, after, saved, also)


def _closed(before: Standing) -> Standing:
    return Standing(before.sha256, 0o600, 0, 0, before.mtime_ns)
