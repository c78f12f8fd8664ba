"""
Bring what is attached to what the configuration wants by now, without detaching.

Only the counter-measures that lie upon the containment come and go here; decoys are not touched,
and containment stands all the time.

* What goes: unknown names are refused again, SMTP sessions from before are waited for, what waits
  for a late bounce is settled; only then the routes go.
* What comes: as when attaching; tried first, routes before acceptance.

The record is written before each file and holds old and new settings meanwhile, so whoever is
killed in between can still be rolled back to how it stood before anything was attached.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from honeypost.beside.attach.acceptance import refuse_unknown
from honeypost.beside.attach.apply import nothing, write_hashes
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.files import content, put, standing
from honeypost.beside.attach.layering import laid_upon, read_texts, without
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.loading import Loading
from honeypost.beside.attach.plan import Plan, PlannedFile, Read, Wanted, own_file, postfix_files
from honeypost.beside.attach.record import Attachment, FileRecord, Layer, Step, save
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.survey.programs import Run, run_program
from honeypost.beside.survey.site import MailSite
from honeypost.errors import SurveyError


def make_change(
    site: MailSite, wanted: Wanted, record: Attachment, read: Read, run: Run = run_program
) -> Plan:
    """
    Plan what is to be changed; its files are only those that will differ.

    :raises AttachFailed: the files are not as they were attached, or it cannot be done.
    """
    refuse_edited_now(record)
    texts = read_texts(site.postfix.config_directory, read)
    try:
        laid = laid_upon(without(texts, record.layers, run), wanted.layers, run)
    except SurveyError as error:
        raise AttachFailed(str(error)) from None
    files = (*postfix_files(site, laid.texts), own_file(wanted))
    return Plan(
        files=tuple(f for f in files if f.content != content(f.path)),
        settings=record.settings,
        chain_folder=Path(record.chain_folder),
        layers=laid.layers,
        closed=laid.closed,
        limbo=wanted.limbo,
    )


def refuse_edited_now(record: Attachment) -> None:
    """
    Refuse where a file is not as it was attached.

    :raises AttachFailed: names the files.
    """
    edited = [
        file.path
        for file in record.files
        if not ((now := standing(Path(file.path))) and now.same(file.after))
    ]
    if edited:
        raise AttachFailed(
            f"{', '.join(edited)}: not as it was attached (edited since, or taken out by the"
            " guard): run honeypost detach, then honeypost attach --apply"
        )


@dataclass
class Change:
    """
    Carries a change out.

    :param wait_for_sessions: reloads Postfix and waits for SMTP sessions from before.
    :param settle: settles what waits for a late bounce.
    :param trial: tries the new files; raises :class:`AttachFailed`.
    """

    record: Attachment
    plan: Plan
    layout: Layout
    loading: Loading
    reloading: Reloading
    wait_for_sessions: Callable[[Path], None]
    settle: Callable[[Attachment], list[str]]
    trial: Callable[[], None]
    tell: Callable[[str], None] = nothing
    notes: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """
        Change it.

        :returns: sentences about what is not as it should be.
        :raises AttachFailed: why not, and how to go on.
        """
        if self.plan.layers.keys() - self.record.layers.keys():
            self.tell(Step.TRIAL)
            self.trial()
        if self.record.limbo is not None and self.plan.limbo is None:
            self._end_late_bounce()
        before, kept = copy.deepcopy(self.record), self._kept()
        try:
            self._write()
        except (AttachFailed, OSError) as problem:
            self._take_back(before, kept)
            raise AttachFailed(f"{problem}; everything is as it was before") from problem
        if self._begins_to_accept(before):
            self._accept()
        self._finish()
        return self.notes

    def _end_late_bounce(self) -> None:
        self.tell("unknown names are refused again")
        master = refuse_unknown(self.record)
        self._now_stands(master)
        self.record.layers.pop(Layer.ACCEPTANCE, None)
        save(self.record, self.layout)
        self.loading.record()
        self.wait_for_sessions(Path(self.record.queue_directory))
        for sentence in self.settle(self.record):
            self.tell(sentence)

    def _write(self) -> None:
        self.tell("the new settings")
        master = Path(self.record.postfix_directory) / "master.cf"
        closed = self.plan.closed if self._begins_to_accept(self.record) else b""
        for planned in self.plan.files:
            self._expect(planned, closed if planned.path == master else b"")
        self.record.layers = {**self.record.layers, **self.plan.layers}
        self.record.limbo = self.plan.limbo or self.record.limbo
        save(self.record, self.layout)
        for planned in self.plan.files:
            data = closed if closed and planned.path == master else planned.content
            put(planned.path, data, self._of(planned.path).after)
        self._noted(self.loading.again())
        self._own()

    def _own(self) -> None:
        if self.plan.limbo is None and self.record.limbo is not None:
            self.reloading.own_off(self.record.limbo.name, only_limbo=True)
        self.reloading.own_on(self.plan.limbo.name if self.plan.limbo else "")

    def _accept(self) -> None:
        self.tell(Step.ACCEPT)
        self.record.steps.append(Step.ACCEPT)
        save(self.record, self.layout)
        master = next(f for f in self.plan.files if f.path.name == "master.cf")
        put(master.path, master.content, self._of(master.path).after)
        self._noted(self.loading.again())

    def _finish(self) -> None:
        self.record.layers, self.record.limbo = dict(self.plan.layers), self.plan.limbo
        if self.plan.limbo is None:
            self.record.steps = [step for step in self.record.steps if step is not Step.ACCEPT]
        save(self.record, self.layout)
        write_hashes(self.record, self.layout)

    def _take_back(self, before: Attachment, kept: dict[Path, bytes]) -> None:
        for path, data in kept.items():
            put(path, data, next(f.after for f in before.files if f.path == str(path)))
        self._noted(self.loading.again())
        self.record = before
        save(before, self.layout)

    def _begins_to_accept(self, before: Attachment) -> bool:
        return bool(self.plan.closed) and Layer.ACCEPTANCE not in before.layers

    def _kept(self) -> dict[Path, bytes]:
        return {planned.path: content(planned.path) for planned in self.plan.files}

    def _expect(self, planned: PlannedFile, closed: bytes) -> None:
        """Have the record know what a file will be, and all that it has been by our hand."""
        file = self._of(planned.path)
        after = msgspec.structs.replace(
            file.after, sha256=hashlib.sha256(planned.content).hexdigest()
        )
        also = [*file.also, file.after.sha256]
        also += [hashlib.sha256(closed).hexdigest()] if closed else []
        self._replace(msgspec.structs.replace(file, after=after, also=_last(also)))

    def _now_stands(self, path: Path) -> None:
        file, now = self._of(path), standing(path)
        if now is not None and not now.same(file.after):
            also = _last([*file.also, file.after.sha256])
            self._replace(msgspec.structs.replace(file, after=now, also=also))

    def _of(self, path: Path) -> FileRecord:
        return next(file for file in self.record.files if file.path == str(path))

    def _replace(self, new: FileRecord) -> None:
        self.record.files = [new if f.path == new.path else f for f in self.record.files]

    def _noted(self, note: str) -> None:
        self.notes += filter(None, [note])


ALSO = 20
"""Hashes kept of what a file has been by our hand; who changes more often is merged by text."""


def _last(hashes: list[str]) -> list[str]:
    return list(dict.fromkeys(hashes))[-ALSO:]
