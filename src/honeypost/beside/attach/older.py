"""
Going back to how it stood before an attachment that is not the last one.

An attachment that was undone may still, or again, stand on the disk: somebody put a backup of
``/etc`` back that was made while it was attached, or its undoing left what was edited.
Its files are put back only when each is as it was before it, or as it left it.  Whatever else is
there somebody has edited since, and that stays: then nothing at all is changed.
"""

from __future__ import annotations

from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.files import Standing, standing
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.record import Attachment, FileRecord


def refuse_edited(older: Attachment, attached: Attachment | None, layout: Layout) -> None:
    """
    Refuse where a file was edited after that attachment.

    :param attached: what is attached now; it is thought to be undone first.
    :raises AttachFailed: names the files, and where their earlier content is kept.
    """
    known = {file.path: file for file in (attached.files if attached else ())}
    edited = [
        file.path
        for file in older.files
        if not _is_of(file, _undone(standing(Path(file.path)), known.get(file.path)))
    ]
    if edited:
        raise AttachFailed(
            f"{', '.join(edited)}: edited since {older.id}, and what you edited stays; nothing was"
            f" changed. The earlier content is in {layout.backups / older.id}"
        )


def is_undone(older: Attachment) -> bool:
    """Does every file stand as it did before that attachment?"""
    return all(_same(standing(Path(file.path)), file.before) for file in older.files)


def _undone(now: Standing | None, file: FileRecord | None) -> Standing | None:
    """Say how a file will stand when what is attached now is undone."""
    return file.before if file is not None and _same(now, file.after) else now


def _is_of(file: FileRecord, now: Standing | None) -> bool:
    return _same(now, file.before) or _same(now, file.after)


def _same(one: Standing | None, other: Standing | None) -> bool:
    return one is None if other is None else other.same(one)
