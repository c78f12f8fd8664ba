"""Have Postfix run what was written, and the manifest say what that is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.containment import AttachedContainment
from honeypost.beside.manifest import digest, read_manifest, record_attachment

LOADED_SECONDS = 60.0
"""How long we wait for SMTP sessions that began before the reload; see :meth:`Loading.wait`."""

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Loading:
    """
    One Postfix.

    :param tables: files of the containment besides main.cf and master.cf.
    """

    layout: Layout
    postfix_directory: Path
    queue_directory: Path
    reloading: Reloading
    tables: Iterable[Path] = ()
    seconds: float = LOADED_SECONDS

    def record(self) -> None:
        """Write the manifest of what is on the disk now."""
        record_attachment(
            self.layout.manifest,
            postfix_directory=self.postfix_directory,
            queue_directory=self.queue_directory,
            tables=self.tables,
        )

    def wait(self) -> str:
        """
        Wait until every process of Postfix that lets mail out runs the containment.

        An SMTP session that was open before may last for minutes.  As long as it does, no
        decoy is granted anyway, so after a while we go on and say so.

        :returns: a sentence when one is still open, else ``""``.
        :raises AttachFailed: the files are not what was written.
        """
        containment = AttachedContainment(self.layout.manifest)
        deadline = time.monotonic() + self.seconds
        while doubt := containment.doubt():
            if time.monotonic() > deadline:
                return self._still_loading(doubt)
            time.sleep(LOOK_SECONDS)
        return ""

    def again(self) -> str:
        """
        Do all of it after a file was written; see :meth:`wait`.

        :raises AttachFailed: Postfix could not be told to reload.
        """
        self.record()
        self.reloading.postfix()
        return self.wait()

    def _still_loading(self, doubt: str) -> str:
        manifest = read_manifest(self.layout.manifest)
        if any(digest(path) != sha256 for path, sha256 in manifest.expected().items()):
            raise AttachFailed(doubt)
        return f"{doubt}; no decoy is granted until that has ended"
