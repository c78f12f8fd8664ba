"""
Undo an attachment, whole or half made: detach, rollback, and the way back of a failed attach.

Theory of operation
===================

The opposite order of attaching, and again safe at every moment:

1. Grants stop: the manifest goes, which also survives a restart of ours.
2. The password chain leaves Dovecot; Dovecot is reloaded.
3. With a late bounce unknown names are refused again, so that nothing new begins to wait.
4. What decoys left behind is cleared (:class:`Clearing`): sessions, queue entries, late bounces.
5. Only then containment is taken out of Postfix; Postfix is reloaded.
6. Every file is compared with how it stood before.

Each step looks at what is on disk, so being killed in the middle and begun again is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from honeypost.beside.attach.acceptance import refuse_unknown
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.plan import Group
from honeypost.beside.attach.putting_back import PutBack
from honeypost.beside.attach.record import Attachment, State, Step, close, save
from honeypost.beside.attach.reloading import Reloading, attempted


class Clearing(Protocol):
    """Clears what decoys left behind, while containment still holds."""

    def clear(self, record: Attachment) -> list[str]:
        """
        Give sentences about what was cleared.

        :raises AttachFailed: something of a decoy is left, so containment must stay.
        """
        ...


class Undo:
    """
    Takes one attachment back.

    :param tell: is told what is done, as it begins.
    """

    def __init__(
        self,
        record: Attachment,
        layout: Layout,
        *,
        reloading: Reloading,
        clearing: Clearing,
        tell: Callable[[str], None],
    ) -> None:
        self._record, self._layout = record, layout
        self._reloading, self._clearing, self._tell = reloading, clearing, tell
        self._back = PutBack(record, layout)

    def run(self) -> list[str]:
        """
        Undo it.

        :returns: sentences about all that is not exactly as it was before.
        :raises AttachFailed: it cannot be finished now; nothing unsafe is left, run it again.
        """
        self._record.state = State.DETACHING
        save(self._record, self._layout)
        self._tell("grants stop")
        self._layout.manifest.unlink(missing_ok=True)
        self._layout.disarmed.unlink(missing_ok=True)
        notes = list(self._take_chain())
        if self._begun(Step.ACCEPT):
            self._tell("unknown names are refused again")
            refuse_unknown(self._record)
        if self._begun(Step.CHAIN):
            self._tell("what decoys left behind")
            for sentence in self._clearing.clear(self._record):
                self._tell(sentence)
        notes += self._take_containment()
        notes += self._differing()
        close(self._record, self._layout)
        return notes

    def _take_chain(self) -> Iterator[str]:
        if self._begun(Step.CHAIN):
            self._tell("the password chain leaves Dovecot")
            yield from self._put_back(Group.CHAIN)
            for folder in reversed(self._record.folders):
                yield from _without_folder(Path(folder))
            yield from filter(None, [attempted(self._reloading.dovecot)])

    def _take_containment(self) -> Iterator[str]:
        if self._begun(Step.CONTAINMENT):
            self._tell("containment leaves Postfix")
            yield from self._put_back(Group.CONTAINMENT)
            yield from filter(None, [attempted(self._reloading.postfix)])
            _without_sockets(self._record)
        if self._begun(Step.OWN):
            yield from self._put_back(Group.OWN)
            limbo = self._record.limbo.name if self._record.limbo else ""
            yield from filter(None, [attempted(lambda: self._reloading.own_off(limbo))])

    def _put_back(self, group: Group) -> Iterator[str]:
        files = [file for file in self._record.files if file.group == group]
        yield from filter(None, map(self._back.file, reversed(files)))

    def _differing(self) -> Iterator[str]:
        """Name what is neither as before nor was spoken of."""
        self._tell("every file is compared")
        for file in self._record.files:
            if not self._back.exact(file):
                yield f"{file.path} differs from how it was before honeypost attach"

    def _begun(self, step: Step) -> bool:
        return step in self._record.steps


def _without_sockets(record: Attachment) -> None:
    """Take away the sockets of services that are gone; Postfix leaves them (3.7.11)."""
    for settings in (record.settings, *record.layers.values()):
        for service in settings.services:
            folder = "public" if service.fields.split()[0] == "n" else "private"
            path = Path(record.queue_directory) / folder / service.name
            if service.type == "unix" and path.is_socket():
                path.unlink()


def _without_folder(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        try:
            folder.rmdir()
        except OSError:
            yield f"{folder} holds files that are not ours and stays"
