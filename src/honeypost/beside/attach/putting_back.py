"""
Put one file back to what it was before an attachment, judged by hash.

* As it was: nothing is to do.
* As we wrote it: the earlier content, mode, owner and time, from the backup.
* Somebody's own by now: only what is ours is taken out of it, and a sentence says so.  A file
  that is ours alone goes; if it was edited, a copy stays with the backup.
"""

from __future__ import annotations

from functools import reduce
from pathlib import Path

from honeypost.beside.attach.dovecot_text import DISARMED, without_includes
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.files import DRAFT, Standing, content, put, remove, standing
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.postfix_text import restored_main, restored_master
from honeypost.beside.attach.record import Attachment, FileRecord
from honeypost.beside.survey.programs import Run, run_program
from honeypost.errors import SurveyError


class PutBack:
    """
    Puts the files of one attachment back.

    :param record: the attachment.
    :param layout: where its backup lies.
    :param run: runs ``postconf`` on a private copy.
    """

    def __init__(self, record: Attachment, layout: Layout, run: Run = run_program) -> None:
        self._record, self._run = record, run
        self._backup = layout.backups / record.id

    def file(self, file: FileRecord) -> str:
        """
        Put one file back.

        :returns: a sentence when it is not exactly as it was, else ``""``.
        :raises AttachFailed: the backup is damaged. :raises OSError: it cannot be written.
        """
        path = _path(file)
        path.with_name(f".{path.name}{DRAFT}").unlink(missing_ok=True)
        path.with_name(path.name + DISARMED).unlink(missing_ok=True)
        now = standing(path)
        if now == file.before:
            return ""
        if file.before is None:
            return self._away(file, now)
        if now is None or now.same(file.before) or _is_ours(file, now):
            put(path, self._saved(file), file.before)
            return ""
        return self._merged(file, now)

    def exact(self, file: FileRecord) -> bool:
        """Does the file stand as it stood before?"""
        now = standing(_path(file))
        return now.same(file.before) if now is not None else file.before is None

    def _away(self, file: FileRecord, now: Standing | None) -> str:
        path, said = _path(file), ""
        if now is not None and not _is_ours(file, now):
            kept = self._backup / f"edited-{path.name}"
            put(kept, content(path), now)
            said = f"{path} was edited since; it is ours, so it is gone, a copy is {kept}"
        remove(path)
        return said

    def _saved(self, file: FileRecord) -> bytes:
        saved = self._backup / file.saved
        found = standing(saved)
        if found is None or file.before is None or found.sha256 != file.before.sha256:
            raise AttachFailed(f"{saved} is not what was saved there; {file.path} stays as it is")
        return content(saved)

    def _merged(self, file: FileRecord, now: Standing) -> str:
        path = _path(file)
        text = content(path).decode("utf-8", "surrogateescape")
        try:
            mended = self._without_ours(file, text).encode("utf-8", "surrogateescape")
        except SurveyError as error:
            raise AttachFailed(f"{path} was edited since and cannot be read: {error}") from None
        if mended == self._saved(file):  # only ours stood in it, laid out otherwise
            put(path, mended, file.before or now)
            return ""
        put(path, mended, now)
        return f"{path} was edited since; only our settings were taken out, the rest is yours"

    def _without_ours(self, file: FileRecord, text: str) -> str:
        ours = reversed([self._record.settings, *self._record.layers.values()])
        match _path(file).name:
            case "main.cf":
                return reduce(lambda kept, each: restored_main(kept, each, self._run), ours, text)
            case "master.cf":
                return reduce(restored_master, ours, text)
        return without_includes(text, _folder(self._record))


def _is_ours(file: FileRecord, now: Standing) -> bool:
    return now.same(file.after) or now.sha256 in file.also


def _path(file: FileRecord) -> Path:
    return Path(file.path)


def _folder(record: Attachment) -> Path:
    return Path(record.chain_folder)
