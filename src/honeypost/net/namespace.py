"""
An empty network for this process.

In a fresh network namespace there is no interface that is up and no route: whoever takes
over the process cannot open a connection to anywhere, not even to the loopback of the host.
Sockets that were opened before keep working, and so do unix sockets with a path.

root needs the network namespace only; others need a user namespace around it, which some
kernels and containers forbid.  The caller then says so aloud.
"""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
NO_CORE_BYTES = 1
"""Too small for a file; and where dumps go through a pipe (systemd-coredump), which 0 does not
stop, the kernel takes 1 as "none" (fs/coredump.c)."""


def enter_empty_network() -> str:
    """
    Leave the host's network; to be called before any thread is started.

    :returns: ``""``, or why it could not be done (we then still run in the host's network).
    """
    uid, gid = os.geteuid(), os.getegid()
    flags = CLONE_NEWNET if uid == 0 else CLONE_NEWUSER | CLONE_NEWNET
    if problem := _unshare(flags):
        return problem
    if flags & CLONE_NEWUSER:
        return _map_user(uid, gid)
    return ""


def end_with_parent() -> None:
    """Be sent SIGTERM when the process that started us dies, however it dies."""
    import ctypes  # noqa: PLC0415 as above

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def leave_no_dump() -> None:
    """
    Leave no picture of our memory when we crash: what people have typed is in it.

    By the limit and not by PR_SET_DUMPABLE, which would also hide from the operator (and from
    the demo's observer) what sockets we hold.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    wanted = NO_CORE_BYTES if most else 0
    resource.setrlimit(resource.RLIMIT_CORE, (wanted, wanted))


def _unshare(flags: int) -> str:
    # Imported here: only the process that isolates itself pays for it.
    import ctypes  # noqa: PLC0415 see above

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) == 0:
        return ""
    return f"unshare: {os.strerror(ctypes.get_errno())}"


def _map_user(uid: int, gid: int) -> str:
    """Be the same user inside as outside, so that files that we make are still ours."""
    process = Path("/proc/self")
    try:
        (process / "setgroups").write_text("deny")
        (process / "uid_map").write_text(f"{uid} {uid} 1")
        (process / "gid_map").write_text(f"{gid} {gid} 1")
    except OSError as error:
        return f"user map: {error.strerror}"
    return ""
