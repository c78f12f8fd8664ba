"""Have Postfix refuse unknown names again, while everything else of the late bounce stays."""

from __future__ import annotations

from pathlib import Path

from honeypost.beside.attach.files import content, put, standing
from honeypost.beside.attach.postfix_text import restored_master
from honeypost.beside.attach.record import Attachment, Layer


def refuse_unknown(record: Attachment) -> Path:
    """
    Take acceptance out of master.cf; Postfix must be reloaded for it to hold.

    What somebody edited there since stays.

    :returns: the file.
    :raises OSError: it cannot be written.
    """
    path = Path(record.postfix_directory) / "master.cf"
    now, layer = standing(path), record.layers.get(Layer.ACCEPTANCE)
    if now is not None and layer is not None:
        text = content(path).decode("utf-8", "surrogateescape")
        mended = restored_master(text, layer).encode("utf-8", "surrogateescape")
        if mended != content(path):
            put(path, mended, now)
    return path
