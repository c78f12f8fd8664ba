"""Who a message is meant for: the envelope first, then the headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from honeypost.extract import limits
from honeypost.extract.charset import text_of
from honeypost.extract.fields import Fields, words_of
from honeypost.extract.marks import Marks
from honeypost.extract.report import Addressee

# Each alternative takes its closing mark or the end of the field, so nothing is scanned twice.
NO_ADDRESS = re.compile(r"\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z)|\([^()]*(?:\)|\Z)", re.DOTALL)
DELIMITERS = re.compile(r"[\s<>,;:()\"\x00-\x1f\x7f]+")
HEADERS = ("to", "cc", "bcc")


def recipients_of(fields: Fields, envelope: Iterable[bytes], marks: Marks) -> tuple[Addressee, ...]:
    """
    List every addressee once, domain in lower case; over the limit the rest is marked.

    ``envelope`` are the paths of RCPT TO without angle brackets.
    """
    known: dict[str, Addressee] = {}
    for address, role in _all(fields, envelope):
        if len(known) >= limits.RECIPIENTS:
            marks.add("recipients-cut")
            break
        known.setdefault(address.lower(), Addressee(address, role))
    return tuple(known.values())


def _all(fields: Fields, envelope: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    for path in envelope:
        yield _shown(path.decode("utf-8", "backslashreplace")), "envelope"
    for name in HEADERS:
        for value in fields.get(name, ()):
            for address in addresses_in(text_of(value[: limits.ADDRESS_FIELD_BYTES], "")):
                yield address, name


def addresses_in(value: str) -> Iterator[str]:
    """
    Find addresses in a list; names and comments are none, even where they look so.

    >>> list(addresses_in('"x@y.z" <a@b.C> (c@d.e), f@g.h'))
    ['a@b.c', 'f@g.h']
    """
    for word in DELIMITERS.split(NO_ADDRESS.sub(" ", words_of(value))):
        local, at, domain = word.rpartition("@")
        if at and local and domain and "@" not in local and len(word) <= limits.ADDRESS_CHARS:
            yield _shown(f"{local}@{domain.lower()}")


def _shown(address: str) -> str:
    cut = address[: limits.ADDRESS_CHARS]
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
