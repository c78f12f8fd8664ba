r"""
master.cf as text: options added to a service, services added, and both taken out again.

``postconf`` is not used to write it, for three reasons seen on 3.7.11: ``postconf -P`` refuses a
value with blanks, which all of our lists are; any edit lays the whole entry out anew, so that the
operator's diff shows lines that did not change; and ``postconf -PX`` takes out the site's own
``-o`` of that name together with ours.  Lines that are only added leave all else as it was.
Of two ``-o`` with the same name the last one counts, so ours go behind the site's.

Grammar (master(5)): an entry begins in the first column; lines that begin with blank space
continue it; empty lines, and lines whose first letter is ``#``, may stand between.

The lines have the form that ``postconf`` itself gives them (``-o {name=value}``), so they are found
again after an operator's ``postconf -M`` or ``-P`` has laid the entry out anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from honeypost.beside.postfix.containment_config import Service

Options = Iterable[tuple[str, str]]
_FIELDS = 8
"""Name, type, private, unpriv, chroot, wakeup, maxproc, command."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One service, as lines of the text."""

    name: str
    """As in ``submission/inet``."""
    begin: int
    end: int
    """Behind its last continuation line."""


def entries(text: str) -> Iterator[Entry]:
    """Give every service in the order of the file."""
    name, begin, end = "", 0, 0
    for number, line in enumerate(text.splitlines()):
        if _is_silent(line):
            continue
        if line[0].isspace():
            end = number + 1
            continue
        if name:
            yield Entry(name, begin, end)
        fields = line.split()
        name, begin, end = "/".join(fields[:2]), number, number + 1
    if name:
        yield Entry(name, begin, end)


def with_options(text: str, service: str, options: Options) -> str:
    """
    Add options behind a service's own.

    :raises KeyError: there is no such service.
    """
    lines = _lines(text)
    entry = _entry(text, service)
    lines[entry.end : entry.end] = [f"{line}\n" for line in option_lines(options)]
    return "".join(lines)


def with_service(text: str, service: Service) -> str:
    """
    Add a service at the end.

    :raises ValueError: there is one of that name.
    """
    name = f"{service.name}/{service.type}"
    if any(entry.name == name for entry in entries(text)):
        raise ValueError(f"master.cf has a service {name} already")
    fields = [service.name, service.type, *service.fields.split()]
    widths = (10, 5, 7, 7, 7, 7, 7)
    head = " ".join(f"{field:{width}}" for field, width in zip(fields, widths, strict=False))
    command = " ".join(fields[_FIELDS - 1 :])
    return "".join([*_lines(text), f"{head} {command}\n", *_text(service.options)])


def without_options(text: str, service: str, options: Options) -> str:
    """Take out our options of a service; its own, and a service that is gone, stay as they are."""
    ours = {line.strip() for line in option_lines(options)}
    lines = _lines(text)
    for entry in entries(text):
        if entry.name == service:
            kept = [x for x in lines[entry.begin : entry.end] if x.strip() not in ours]
            lines[entry.begin : entry.end] = kept
            break
    return "".join(lines)


def without_service(text: str, service: str) -> str:
    """Take out a whole service, if it is there."""
    lines = _lines(text)
    for entry in entries(text):
        if entry.name == service:
            del lines[entry.begin : entry.end]
            break
    return "".join(lines)


def option_lines(options: Options) -> list[str]:
    """Give the lines for options, in the form that ``postconf`` gives them."""
    return [f"    -o {_braced(f'{name}={value}')}" for name, value in options]


def _braced(setting: str) -> str:
    return f"{{{setting}}}" if any(letter.isspace() for letter in setting) else setting


def _text(options: Options) -> list[str]:
    return [f"{line}\n" for line in option_lines(options)]


def _entry(text: str, service: str) -> Entry:
    for entry in entries(text):
        if entry.name == service:
            return entry
    raise KeyError(service)


def _lines(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def _is_silent(line: str) -> bool:
    stripped = line.strip()
    return not stripped or stripped.startswith("#")
