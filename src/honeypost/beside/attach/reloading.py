"""Have the daemons read their configuration anew; how, differs between hosts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.containment import MARGIN_SECONDS
from honeypost.beside.survey.programs import Run, run_program
from honeypost.errors import SurveyError

POSTFIX = ("postfix", "reload")
DOVECOT = ("doveadm", "reload")

_EDGE = "honeypost-edge.service"
_SOCKETS = tuple(f"honeypost-{name}.socket" for name in ("lookup", "authpolicy", "lmtp", "policy"))
UNIT_FOLDERS = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
_SYSTEMCTL = ("systemctl", "--no-block")
_LIMBO = "honeypost-limbo@{}.socket"
"""Whose name is the site's own; a socket of a service that runs cannot be started."""

LIMBO_ON = (
    ("systemctl", "stop", *_SOCKETS, _EDGE),
    ("systemctl", "enable", "--now", _LIMBO),
)
LIMBO_OFF = (("systemctl", "disable", "--now", _LIMBO),)
ON = (
    (*_SYSTEMCTL, "enable", "--now", _EDGE),
    (*_SYSTEMCTL, "try-restart", _EDGE, "honeypost-worker.service"),
)
"""The package leaves what answers Postfix and Dovecot off until a site is attached."""

OFF = (
    (*_SYSTEMCTL, "disable", "--now", *_SOCKETS, _EDGE),
    (*_SYSTEMCTL, "try-restart", "honeypost-worker.service"),
)

_FIREWALL = "honeypost-firewall.service"
FIREWALL_ON = ((*_SYSTEMCTL, "enable", "--now", _FIREWALL),)
FIREWALL_OFF = (
    # Waited for: a helper that runs puts its table back.
    ("systemctl", "disable", "--now", _FIREWALL),
    (sys.executable, "-I", "-m", "honeypost.app.firewall", "--remove"),
)
NFT = "usr/sbin/nft"
"""Where it is missing there is no table of ours either."""


@dataclass(frozen=True, slots=True)
class Reloading:
    """The commands, each with its arguments."""

    postfix_command: Sequence[str] = POSTFIX
    dovecot_command: Sequence[str] = DOVECOT
    on_commands: Sequence[Sequence[str]] = ON
    off_commands: Sequence[Sequence[str]] = OFF
    limbo_on: Sequence[Sequence[str]] = LIMBO_ON
    limbo_off: Sequence[Sequence[str]] = LIMBO_OFF
    run: Run = run_program
    pause: Callable[[float], None] = time.sleep

    def postfix(self) -> None:
        """
        Reload Postfix, late enough that what starts now is seen to be younger than its files.

        :raises AttachFailed: it could not be told to.
        """
        # An idle machine reloads within 50 ms of the writing.
        self.pause(2 * MARGIN_SECONDS)
        self._do(self.postfix_command)

    def dovecot(self) -> None:
        """
        Reload Dovecot; it goes on with its old auth process for up to 6 s.

        :raises AttachFailed: it could not be told to.
        """
        self._do(self.dovecot_command)

    @classmethod
    def here(cls, root: Path = Path("/")) -> Reloading:
        """Give the commands of this host; without systemd or our units, ours run by hand."""
        units = any((root / folder / _EDGE).exists() for folder in UNIT_FOLDERS)
        if units and (root / "run/systemd/system").is_dir():
            return cls(off_commands=(*OFF, *FIREWALL_OFF) if (root / NFT).exists() else OFF)
        return cls.by_hand()

    @classmethod
    def by_hand(cls) -> Reloading:
        """Give the commands of a host where our processes are started by hand."""
        return cls(on_commands=(), off_commands=(), limbo_on=(), limbo_off=())

    def with_firewall(self) -> Reloading:
        """Have the firewall helper started with our own processes, where they have units."""
        on = self.on_commands
        return replace(self, on_commands=(*FIREWALL_ON, *on)) if on else self

    def own_on(self, limbo: str = "") -> None:
        """
        Start our own processes with what was found out.

        :param limbo: name of the late bounce's socket, ``""`` without one.
        :raises AttachFailed: it could not be told to.
        """
        for command in (*(self.limbo_on if limbo else ()), *self.on_commands):
            self._do([word.format(limbo) for word in command])

    def own_off(self, limbo: str = "", *, only_limbo: bool = False) -> None:
        """
        Stop what answers Postfix and Dovecot.

        :param limbo: see :meth:`own_on`.
        :param only_limbo: the rest goes on.
        :raises AttachFailed: it could not be told to.
        """
        rest = () if only_limbo else self.off_commands
        for command in (*rest, *(self.limbo_off if limbo else ())):
            self._do([word.format(limbo) for word in command])

    def _do(self, command: Sequence[str]) -> None:
        try:
            answer = self.run(command, "")
        except SurveyError as error:
            raise AttachFailed(str(error)) from None
        if answer.code != 0:
            said = answer.complaint or f"exit code {answer.code}"
            raise AttachFailed(f"{' '.join(command)}: {said}")


def attempted(action: Callable[[], None]) -> str:
    """
    Reload on the way back, where a daemon that does not run must not stop us.

    :returns: what went wrong, ``""`` when nothing did.
    """
    try:
        action()
    except AttachFailed as problem:
        return f"{problem} (not running?)"
    return ""
