"""Our sockets as the daemons see them: there, and open to the user that connects."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from honeypost.beside.acting import acting_as
from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, red, skipped, warn
from honeypost.config.endpoints import Endpoint, endpoints

CONNECT_SECONDS = 2.0
WORKER_USER = "honeypost-worker"
CALLED_BY_POSTFIX = {"lmtp": "lmtp", "policy": "smtpd", "limbo": "lmtp"}
"""Listeners of ours and the program of Postfix that connects to them."""


@dataclass(frozen=True, slots=True)
class _Socket:
    name: str
    endpoint: Endpoint
    user: str
    """Who connects; ``""`` where it does not matter."""

    @property
    def place(self) -> str:
        return self.endpoint.path or f"{self.endpoint.host}:{self.endpoint.port}"


def look(case: Case) -> Iterator[Result]:
    """Connect to each of them as whoever does so in earnest, when we are root."""
    wanted = list(_sockets(case))
    if not wanted:
        yield skipped("nothing is attached: no listener is configured")
    for each in wanted:
        yield _outside_chroot(case, each) or _looked(each)


def _sockets(case: Case) -> Iterator[_Socket]:
    listeners, postfix = case.config.listeners, case.site.postfix.settings
    owner = postfix.get("mail_owner", "postfix")
    users = dict.fromkeys(CALLED_BY_POSTFIX, owner) | {"lookup": "", "authpolicy": ""}
    for name, user in users.items():
        for endpoint in endpoints(getattr(listeners, name)):
            yield _Socket(name, endpoint, user)
    if case.config.beside.userdb_socket:
        yield _Socket("names", Endpoint(path=case.config.beside.userdb_socket), WORKER_USER)


def _outside_chroot(case: Case, each: _Socket) -> Result | None:
    """Postfix's processes see nothing but the queue where master.cf says chroot (master(5))."""
    queue, path = case.site.postfix.queue_directory, each.endpoint.path
    caller = CALLED_BY_POSTFIX.get(each.name)
    chrooted = any(s.chroot and s.command == caller for s in case.site.postfix.services)
    if not path or not chrooted or Path(path).is_relative_to(queue):
        return None
    return red(
        f"{each.name}: Postfix runs in a chroot and cannot see {path}",
        f"put it below {queue}: take listeners.{each.name} out of honeypost.toml, attach again",
    )


def _looked(each: _Socket) -> Result:
    who = each.user if each.user and _exists(each.user) and os.geteuid() == 0 else ""
    try:
        with _acting_as(who), _opened(each.endpoint):
            pass
    except OSError as error:
        reason = error.strerror or error
        whom = f" for {who}" if who else ""
        return red(
            f"{each.name}: {each.place} is closed{whom}: {reason}{_state(each)}", _mend(each)
        )
    if each.endpoint.path and _open_to_all(Path(each.endpoint.path)):
        return warn(
            f"{each.name}: every user of this host may connect to {each.place}",
            "put it below a folder that only its daemon may enter",
        )
    return ok(f"{each.name}: {each.place}{_state(each)}" + (f", as {who}" if who else ""))


def _mend(each: _Socket) -> str:
    if each.name == "names":
        return "doveadm reload: Dovecot makes it; honeypost attach has written how"
    return f"systemctl restart 'honeypost-{each.name}*.socket' honeypost-edge, or honeypost up"


def _state(each: _Socket) -> str:
    """Give owner and mode in words, ``""`` where there are none."""
    try:
        found = Path(each.endpoint.path).stat() if each.endpoint.path else None
    except OSError:
        return ""
    if found is None:
        return ""
    return f" ({_owner(found)}, mode {stat.S_IMODE(found.st_mode):04o})"


def _owner(found: os.stat_result) -> str:
    try:
        return f"{pwd.getpwuid(found.st_uid).pw_name}:{grp.getgrgid(found.st_gid).gr_name}"
    except KeyError:
        return f"{found.st_uid}:{found.st_gid}"


def _open_to_all(path: Path) -> bool:
    others = path.stat().st_mode & stat.S_IWOTH
    return bool(others) and all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@contextmanager
def _acting_as(user: str) -> Iterator[None]:
    """Have the rights of a user for a while; ``""`` changes nothing."""
    if not user:
        yield
        return
    entry = pwd.getpwnam(user)
    with acting_as(entry.pw_uid, entry.pw_gid, os.getgrouplist(user, entry.pw_gid)):
        yield


def _opened(endpoint: Endpoint) -> socket.socket:
    if not endpoint.path:
        return socket.create_connection((endpoint.host, endpoint.port), CONNECT_SECONDS)
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(CONNECT_SECONDS)
        made.connect(endpoint.path)
    except OSError:
        made.close()
        raise
    return made


CHECK = Check(
    "sockets",
    "Each of our sockets is there, and open to the daemon's user and no other.",
    "A connection is made to each, with the rights of the user that connects in earnest.",
    look,
)
