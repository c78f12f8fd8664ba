"""
What stands in for the real servers where there are none.

Standalone, nobody has a mailbox here: every name is unknown unless the operator lists it.
And nothing needs to be contained: no process of ours that an attacker talks to can open a
connection outwards (import contracts, empty network namespace), and nothing relays.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from honeypost.beside.containment import AttachedContainment
from honeypost.beside.names import SiteNames
from honeypost.beside.names_service import NamesClient
from honeypost.config.schema import Config, Paths
from honeypost.model import Protocol
from honeypost.ports import Containment, Reality, RealNames


class NobodyReal:
    """Knows for sure that nobody lives here."""

    async def reality(self, account: str) -> Reality:  # noqa: ARG002 nobody, whatever the name
        """See :meth:`honeypost.ports.RealNames.reality`."""
        return Reality.UNKNOWN


class ByStructure:
    """Mail stays in because nothing here could send it."""

    def doubt(self) -> str:
        """See :meth:`honeypost.ports.Containment.doubt`."""
        return ""


class Unattached:
    """A real server's logins are asked about, but nothing says that it keeps mail in."""

    def doubt(self) -> str:
        """See :meth:`honeypost.ports.Containment.doubt`."""
        return "the lookup listener is served, but beside.containment names no attached containment"


def real_names(config: Config, paths: Paths) -> RealNames:
    """
    Choose who is asked for real names.

    Beside real servers it is the worker, which may run programs and open sockets.
    """
    beside = config.beside
    if beside.userdb_socket or beside.maps:
        return NamesClient(paths.names, beside.names_seconds)
    if not config.site.real_names:
        return NobodyReal()
    return SiteNames(
        userdb_socket="",
        postfix_directory="",
        maps=(),
        domains=config.site.domains,
        real_names=config.site.real_names,
        seconds=beside.names_seconds,
    )


def containment(config: Config, served: Collection[str]) -> Containment:
    """
    Choose what must hold before anything is granted.

    :param served: names of the listeners that are served.
    """
    if config.beside.containment:
        return AttachedContainment(Path(config.beside.containment))
    return Unattached() if Protocol.LOOKUP in served else ByStructure()
