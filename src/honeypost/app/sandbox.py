"""
How the extraction child locks itself in before it reads its first hostile byte.

No protection depends on another, and each that the kernel grants is named, so that the ready
line and the tests say what holds on this machine:

``memory``      so much address space over what it has now
``files``       no file, socket or pipe can be opened any more; not one byte goes to a file
``user``        root has become nobody
``namespace``   its own user, network and IPC namespaces: there is no interface to talk over
``processes``   it can start none
``privileges``  no program it might start gains any; nobody of its kind may look into it
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable
from typing import Final, Protocol

MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Over what the warm child has: three copies of the largest message and its text."""
CPU_SECONDS: Final = 2
"""Of one message; counted in whole seconds by the kernel, so 1 s is sure."""
CPU_SECONDS_ALL: Final = 600
"""Of a whole child; nothing raises it."""
STANDARD_STREAMS: Final = 3
NOBODY: Final = 65534

CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38
PAGE_FIELD: Final = 0


class Kernel(Protocol):
    """The calls that take rights away; tests pass their own."""

    def limit(self, which: int, soft: int, hard: int) -> None: ...
    def become_nobody(self) -> None: ...
    def unshare(self, flags: int) -> None: ...
    def control(self, option: int, value: int) -> None: ...
    def address_space(self) -> int: ...
    def can_fork(self) -> bool: ...
    def yield_to_others(self, niceness: int) -> None: ...


class Linux:
    """The real ones; each raises ``OSError`` or ``ValueError`` when it is not granted."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def limit(self, which: int, soft: int, hard: int) -> None:
        """Set a resource limit."""
        resource.setrlimit(which, (soft, hard))

    def become_nobody(self) -> None:
        """Give root up for good; does nothing for anybody else."""
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)

    def unshare(self, flags: int) -> None:
        """Leave the namespaces we were born in."""
        self._check(self._libc.unshare(flags))

    def control(self, option: int, value: int) -> None:
        """Call prctl."""
        self._check(self._libc.prctl(option, value, 0, 0, 0))

    def yield_to_others(self, niceness: int) -> None:
        """Take the processor after those who need it more (setpriority(2))."""
        os.nice(niceness)

    def address_space(self) -> int:
        """Bytes of address space in use."""
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  (pathlib is not loaded here)
            return int(file.read().split()[PAGE_FIELD]) * resource.getpagesize()

    def can_fork(self) -> bool:
        """Try it; the one way to know (root is exempt from the limit)."""
        try:
            child = os.fork()
        except OSError:
            return False
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        return True

    def _check(self, result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def lock_in(kernel: Kernel) -> tuple[str, ...]:
    """Take every right away that the kernel lets us; gives the names of what holds."""

    def memory() -> None:
        bound = kernel.address_space() + MEMORY_BYTES
        kernel.limit(resource.RLIMIT_AS, bound, bound)

    def files() -> None:
        kernel.limit(resource.RLIMIT_CORE, 0, 0)
        kernel.limit(resource.RLIMIT_FSIZE, 0, 0)
        kernel.limit(resource.RLIMIT_NOFILE, STANDARD_STREAMS, STANDARD_STREAMS)

    def processes() -> None:
        kernel.limit(resource.RLIMIT_NPROC, 0, 0)
        if kernel.can_fork():
            raise PermissionError("this user is exempt")

    def privileges() -> None:
        kernel.control(PR_SET_NO_NEW_PRIVS, 1)
        kernel.control(PR_SET_DUMPABLE, 0)

    def namespace() -> None:
        kernel.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC)

    # Memory is measured through /proc, so before files; a change of user resets dumpable.
    steps = (memory, kernel.become_nobody, namespace, files, processes, privileges)
    names = ("memory", "user", "namespace", "files", "processes", "privileges")
    return tuple(name for name, step in zip(names, steps, strict=True) if _holds(step))


def allow_cpu(kernel: Kernel, used_seconds: float) -> None:
    """Give the next message its CPU time; the kernel kills who takes more."""
    soft = min(int(used_seconds) + CPU_SECONDS, CPU_SECONDS_ALL)
    kernel.limit(resource.RLIMIT_CPU, soft, CPU_SECONDS_ALL)


def _holds(step: Callable[[], None]) -> bool:
    try:
        step()
    except (OSError, ValueError):
        return False
    return True
