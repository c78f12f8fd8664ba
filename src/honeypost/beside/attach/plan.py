"""
What attaching would change on one host: every file with its new content, owner and mode.

A plan is made from what was found out (:class:`~honeypost.beside.survey.site.MailSite`), the
configuration and the site's secrets, and changes nothing.  Its files come in three groups, in the
order in which they are put in place, and taken away in the opposite one: containment first,
then what our own processes read, then the password chain that lets decoys in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from honeypost.beside.attach import own_config
from honeypost.beside.attach.dovecot_text import FIRST, FOLDER, LAST, DovecotText, with_includes
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.layering import Texts, laid_upon, read_texts
from honeypost.beside.attach.postfix_text import (
    INLINE_SINCE,
    PostfixSettings,
    containment_settings,
    remembering,
)
from honeypost.beside.attach.record import Limbo
from honeypost.beside.attach.tables import Tables
from honeypost.beside.postfix.containment_config import ContainmentConfig
from honeypost.beside.survey.programs import Run, run_program
from honeypost.beside.survey.recipes import NewFile
from honeypost.beside.survey.site import MailSite

OPEN, SHARED = 0o644, 0o640


class Group(StrEnum):
    """Whose a file is; also the order in which files are put in place."""

    CONTAINMENT = "containment"
    """Postfix's."""
    OWN = "own"
    """Read by our own processes."""
    CHAIN = "chain"
    """Dovecot's."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file as it will be; a file that is there keeps its own mode and owner."""

    path: Path
    content: bytes
    group: Group
    mode: int = OPEN
    gid: int = 0
    hidden: bool = False
    """It holds a database's password, and is never shown."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    files: tuple[PlannedFile, ...]
    settings: PostfixSettings
    main_dovecot: Path | None = None
    """Dovecot's main file when it is changed, because it takes in no ``conf.d``."""
    chain_folder: Path = Path()
    """Folder of the scripts."""
    secrets: tuple[str, ...] = ()
    """Words in the files that are not shown."""
    layers: Mapping[str, PostfixSettings] = field(default_factory=dict)
    """What lies upon ``settings``, in this order."""
    closed: bytes = b""
    """master.cf as it stands until unknown names are accepted, ``b""`` when they never are."""
    limbo: Limbo | None = None

    def of(self, group: Group) -> tuple[PlannedFile, ...]:
        """Give the files of a group."""
        return tuple(file for file in self.files if file.group is group)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be put beside the site."""

    containment: ContainmentConfig
    dovecot: DovecotText
    found: own_config.Found
    own_config: Path
    new_files: Sequence[NewFile] = ()
    """Files that deny copies name."""
    layers: Mapping[str, PostfixSettings] = field(default_factory=dict)
    """Settings of the other counter-measures, in the order in which they lie upon containment."""
    limbo: Limbo | None = None
    """The late bounce among them."""
    dovecot_gid: int = 0
    """Group of Dovecot's auth, which reads the script's settings."""
    own_gid: int = 0
    """Group of our processes, which read ``attached.toml``."""
    inline_tables: bool | None = None
    """Does this Postfix read tables in its configuration?  By its version when not said."""


Read = Callable[[Path], str]


def make_plan(site: MailSite, wanted: Wanted, read: Read, run: Run = run_program) -> Plan:
    """
    Make the plan for a site.

    :param read: gives the text of a configuration file.
    :param run: runs ``postconf`` on a private copy.
    :raises AttachFailed: it cannot be done on this site; says why.
    """
    tables = None if _inline(site, wanted) else Tables(site.postfix.config_directory)
    settings = containment_settings(site.postfix, wanted.containment, tables)
    texts = read_texts(site.postfix.config_directory, read)
    settings = remembering(settings, texts.main, run)
    laid = laid_upon(texts.edited(settings, run), wanted.layers, run)
    try:
        chain = tuple(_chain(site, wanted, read))
    except ValueError as error:
        raise AttachFailed(str(error)) from None
    return Plan(
        files=(*_tables(tables), *postfix_files(site, laid.texts), own_file(wanted), *chain),
        settings=settings,
        main_dovecot=None if site.dovecot.drop_in else site.dovecot.config,
        chain_folder=wanted.dovecot.chain.directory,
        secrets=_secrets(wanted),
        layers=laid.layers,
        closed=laid.closed,
        limbo=wanted.limbo,
    )


def chain_folder(site: MailSite) -> Path:
    """Where the scripts go: a folder beside Dovecot's main file."""
    return site.dovecot.config.parent / FOLDER


def _secrets(wanted: Wanted) -> tuple[str, ...]:
    """Give what must not be shown."""
    reports = wanted.dovecot.reports
    return tuple(filter(None, (wanted.found.script_key, reports.nonce if reports else "")))


def _inline(site: MailSite, wanted: Wanted) -> bool:
    if wanted.inline_tables is not None:
        return wanted.inline_tables
    return site.postfix.version >= INLINE_SINCE


def _tables(tables: Tables | None) -> Iterator[PlannedFile]:
    for path, line in (tables.files() if tables else {}).items():
        yield PlannedFile(path, line.encode(), Group.CONTAINMENT)


def postfix_files(site: MailSite, texts: Texts) -> Iterator[PlannedFile]:
    """Give Postfix's two files."""
    directory = site.postfix.config_directory
    for name, text in (("master.cf", texts.master), ("main.cf", texts.main)):
        yield PlannedFile(directory / name, _bytes(text), Group.CONTAINMENT)


def own_file(wanted: Wanted) -> PlannedFile:
    """Give ``attached.toml``."""
    text = wanted.found.text()
    return PlannedFile(wanted.own_config, _bytes(text), Group.OWN, SHARED, wanted.own_gid)


def _chain(site: MailSite, wanted: Wanted, read: Read) -> Iterator[PlannedFile]:
    """Give Dovecot's files; what is taken in comes before what takes it in."""
    text, folder, group = wanted.dovecot, wanted.dovecot.chain.directory, Group.CHAIN
    for name, script in text.scripts().items():
        yield PlannedFile(folder / name, script, group)
    for name, secret in text.secret_files().items():
        yield PlannedFile(folder / name, _bytes(secret), group, SHARED, wanted.dovecot_gid)
    for new in wanted.new_files:
        yield PlannedFile(new.path, _bytes(new.content), group, new.mode, hidden=True)
    place = site.dovecot.drop_in or folder
    yield PlannedFile(place / FIRST, _bytes(text.first()), group)
    yield PlannedFile(place / LAST, _bytes(text.last()), group)
    if site.dovecot.drop_in is None:
        main = with_includes(read(site.dovecot.config), folder)
        yield PlannedFile(site.dovecot.config, _bytes(main), group)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
