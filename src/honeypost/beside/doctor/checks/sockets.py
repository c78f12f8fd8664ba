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
MEND = "systemctl restart honeypost-edge.socket honeypost-edge, or start honeypost up"


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
        yield _looked(each)


def _sockets(case: Case) -> Iterator[_Socket]:
    listeners, postfix = case.config.listeners, case.site.postfix.settings
    owner = postfix.get("mail_owner", "postfix")
    for name, user in (("lmtp", owner), ("policy", owner), ("limbo", owner),
                       ("lookup", ""), ("authpolicy", "")):  # fmt: skip
        for endpoint in endpoints(getattr(listeners, name)):
            yield _Socket(name, endpoint, user)
    if case.config.beside.userdb_socket:
        yield _Socket("names", Endpoint(path=case.config.beside.userdb_socket), WORKER_USER)


def _looked(each: _Socket) -> Result:
    who = each.user if each.user and _exists(each.user) and os.geteuid() == 0 else ""
    try:
        with _acting_as(who), _opened(each.endpoint):
            pass
    except OSError as error:
        reason = error.strerror or error
        whom = f" for {who}" if who else ""
        return red(f"{each.name}: {each.place} is closed{whom}: {reason}{_state(each)}", MEND)
    if each.endpoint.path and _open_to_all(Path(each.endpoint.path)):
        return warn(
            f"{each.name}: every user of this host may connect to {each.place}",
            "put it below a folder that only its daemon may enter",
        )
    return ok(f"{each.name}: {each.place}{_state(each)}" + (f", as {who}" if who else ""))


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
