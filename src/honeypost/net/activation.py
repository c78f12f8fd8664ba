"""
Sockets that somebody else has bound for us.

systemd passes them from file descriptor 3 on and names them (``LISTEN_FDS``,
``LISTEN_FDNAMES``, ``LISTEN_PID``; sd_listen_fds(3)); ``honeypost up`` names them on the
command line (``--fd submission=5``).  The names are those of the listeners in the
configuration, and several sockets may share one.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping

from honeypost.errors import UsageError

FIRST_DESCRIPTOR = 3
MOST_SOCKETS = 64

Sockets = dict[str, list[socket.socket]]


def from_systemd(environ: Mapping[str, str], pid: int) -> Sockets:
    """
    Take over what systemd passed to this process; nothing when it passed nothing.

    :raises UsageError: when the variables make no sense or a descriptor is no socket.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    count = environ.get("LISTEN_FDS", "")
    if not count.isdigit() or int(count) > MOST_SOCKETS:
        raise UsageError(f"LISTEN_FDS={count!r} is not a number up to {MOST_SOCKETS}")
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    if len(names) != int(count):
        raise UsageError("LISTEN_FDNAMES must name each socket (FileDescriptorName= in the unit)")
    return _adopt(zip(names, range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + int(count)), strict=True))


def from_options(options: Iterable[str]) -> Sockets:
    """
    Take over sockets that are named ``name=descriptor``.

    :raises UsageError: when an option is malformed or a descriptor is no socket.
    """
    named = []
    for option in options:
        name, _, number = option.partition("=")
        if not (name and number.isascii() and number.isdigit()):
            raise UsageError(f"--fd {option!r} is not name=descriptor")
        named.append((name, int(number)))
    return _adopt(named)


def _adopt(named: Iterable[tuple[str, int]]) -> Sockets:
    sockets: Sockets = {}
    for name, descriptor in named:
        try:
            adopted = socket.socket(fileno=descriptor)
        except OSError as error:
            reason = f"descriptor {descriptor} ({name}) is no socket: {error.strerror}"
            raise UsageError(reason) from error
        adopted.set_inheritable(False)
        sockets.setdefault(name, []).append(adopted)
    return sockets
