"""
Postfix's two files with our settings laid upon them, and taken off again.

Containment lies on the site's own text, and each further counter-measure upon what is there by
then, so that one can come or go while the others stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from honeypost.beside.attach.postfix_text import (
    PostfixSettings,
    edited_main,
    edited_master,
    remembering,
    restored_main,
    restored_master,
)
from honeypost.beside.attach.record import Layer
from honeypost.beside.survey.programs import Run, run_program


@dataclass(frozen=True, slots=True)
class Texts:
    """main.cf and master.cf."""

    main: str
    master: str

    def edited(self, settings: PostfixSettings, run: Run = run_program) -> Texts:
        """
        Give them with settings of ours.

        :raises AttachFailed: they do not fit in.
        """
        main = edited_main(self.main, settings, run)
        return Texts(main, edited_master(self.master, settings))

    def restored(self, settings: PostfixSettings, run: Run = run_program) -> Texts:
        """
        Give them without settings of ours; what is somebody else's by now stays.

        :raises SurveyError: ``postconf`` cannot read main.cf.
        """
        main = restored_main(self.main, settings, run)
        return Texts(main, restored_master(self.master, settings))


@dataclass(frozen=True, slots=True)
class Laid:
    """What came of it."""

    texts: Texts
    layers: Mapping[str, PostfixSettings] = field(default_factory=dict)
    """Each with what stood in main.cf for it."""
    closed: bytes = b""
    """master.cf until unknown names are accepted; ``b""`` when they never are."""


def read_texts(directory: Path, read: Callable[[Path], str]) -> Texts:
    """Read the two files of an instance."""
    return Texts(read(directory / "main.cf"), read(directory / "master.cf"))


def laid_upon(texts: Texts, layers: Mapping[str, PostfixSettings], run: Run = run_program) -> Laid:
    """
    Lay one after the other upon the two files.

    :raises AttachFailed: one does not fit in.
    """
    closed, done = b"", {}
    for name, settings in layers.items():
        if name == Layer.ACCEPTANCE:
            closed = texts.master.encode("utf-8", "surrogateescape")
        done[name] = remembering(settings, texts.main, run)
        texts = texts.edited(done[name], run)
    return Laid(texts, done, closed)


def without(texts: Texts, layers: Mapping[str, PostfixSettings], run: Run = run_program) -> Texts:
    """
    Take all of them off, the uppermost first.

    :raises SurveyError: ``postconf`` cannot read main.cf.
    """
    for settings in reversed(list(layers.values())):
        texts = texts.restored(settings, run)
    return texts
