"""
What is found in a message: the JSON of ``honeypost extract`` and of the store.

Text here has left its charset but not its malice: it holds no lone surrogates, and names
hold no control characters; a renderer still escapes for its own medium.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a URL does in the mail; the strongest role of a URL wins, in this order."""

    LINK = "link"
    """A reader can click on it in the body."""
    ATTACHMENT = "attachment"
    """It stands in an attached document."""
    TEXT = "text"
    """It can be read in plain text, and most mail programs make it clickable."""
    RESOURCE = "resource"
    """Loaded with the mail: picture, style sheet, font, frame."""
    HEADER = "header"
    """From a header field such as List-Unsubscribe."""
    HIDDEN = "hidden"
    """Nobody is shown it: comment, script, text before the first or after the last part."""


@dataclass(frozen=True, slots=True)
class Link:
    """One URL of the message."""

    url: str
    """Absolute, as a browser would write it (WHATWG URL)."""
    domain: str
    """Registrable domain (public suffix list with its private section) or the IP address."""
    role: Role
    where: str
    """Part path and place: ``2.1:a@href``, ``1:text``, ``0:list-unsubscribe``."""
    notes: tuple[str, ...] = ()
    """What is odd about it: ``userinfo``, ``ip``, ``idn``, ``port``, ``schemeless``, ``cut``."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody the message is meant for."""

    address: str
    role: str
    """``envelope``, ``to``, ``cc`` or ``bcc``: the first of them that names the address."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text of the message."""

    name: str
    """For display only: without path, control and direction characters; may be empty."""
    type: str
    """What its first bytes say it is; the declared type where they say nothing."""
    sha256: str
    """Of the decoded bytes, hex."""
    size: int
    """Decoded bytes."""
    declared: str = ""
    """The type that the sender wrote."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found in one message."""

    file: str
    """The file or capture it was read from."""
    links: tuple[Link, ...] = ()
    recipients: tuple[Addressee, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    probe: str | None = None
    """Is it a test whether the account can send?  ``None``: not judged."""
    errors: tuple[str, ...] = ()
    """Marks of what was cut or broken, each once; empty when all was read."""
