"""
Penalties in the edge: the use case, the line to the firewall helper, and who is spared.

What the operator allows is looked at every second, so that ``honeypost allow`` lifts a penalty
at once; fail2ban's ``ignoreip`` and the places that the worker found in the log every minute.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from honeypost.beside.firewall.fail2ban import ignored
from honeypost.beside.firewall.line import FirewallLine
from honeypost.config.schema import Config, Paths
from honeypost.engine.allowed import Allowance, Allowed
from honeypost.engine.grants import Notebook
from honeypost.engine.known_good import NETWORKS_LIMIT
from honeypost.engine.penalties import DAY_SECONDS, Penalties
from honeypost.errors import StoreError
from honeypost.net.tasks import Tasks
from honeypost.ports import Chance
from honeypost.stores.allowances import read_allowed, version_of
from honeypost.stores.homes import latest_homes

LOOK_SECONDS: Final = 1.0
SLOW_LOOKS: Final = 60
"""Every so many looks the slower sources are read as well."""

PLACES_AT_ONCE: Final = 500
"""Taken in between two turns of the loop."""

OPERATOR: Final = "honeypost allow"

log = logging.getLogger(__name__)


class Keeper:
    """What the edge has for penalties; ``run`` is its task."""

    def __init__(
        self, config: Config, key: bytes, paths: Paths, journal: Notebook, chance: Chance
    ) -> None:
        settings = config.penalties
        self._settings, self._paths = settings, paths
        self._allowed = Allowed()
        self._allowed.replace("settings", settings_allow(config))
        self.line = FirewallLine(Path(settings.helper))
        self.penalties = Penalties(
            settings, key, journal=journal, allowed=self._allowed, clock=time.time, chance=chance,
            actuator=self.line,
        )  # fmt: skip
        self._version = (-1, 0, 0)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, tasks: Tasks) -> None:
        """Begin to look, and to carry out (or to end what an earlier run carried out)."""
        self.look_at_allowance()
        line = self.line.run(self.penalties.standing) if self.penalties.enforced else None
        self._tasks = [
            tasks.start(line or self.line.clear(), "firewall line"),
            tasks.start(self._look(), "who is spared"),
        ]

    def stop(self) -> None:
        """End; what stands stands on until its time."""
        for task in self._tasks:
            task.cancel()

    def report(self) -> dict[str, Any]:
        """Tell how it is going, for ``status.json``."""
        on = self.penalties.enforced
        return {
            "mode": self._settings.mode,
            **self.penalties.report(),
            "refused_packets": self.line.packets,
            "trouble": self.line.trouble if on else "",
        }

    def look_at_allowance(self) -> None:
        """Take in what the operator has allowed, if that has changed."""
        version = version_of(self._paths.allowed)
        if version == self._version:
            return
        try:
            networks = read_allowed(self._paths.allowed)
        except StoreError as error:
            # What was allowed stays so: a damaged file must not shut anybody out.
            log.warning("%s", error)
            return
        finally:
            self._version = version
        allowances = [Allowance(each.network, OPERATOR) for each in networks]
        self._allowed.replace(OPERATOR, allowances)
        self.penalties.allowance_changed()

    async def _look(self) -> None:
        while True:
            await self.look_slowly()
            for _ in range(SLOW_LOOKS):
                await asyncio.sleep(LOOK_SECONDS)
                self.look_at_allowance()

    async def look_slowly(self) -> None:
        """Take in what fail2ban ignores and where users logged in from, as the log has it."""
        if directory := self._settings.fail2ban_directory:
            found = await asyncio.to_thread(ignored, Path(directory))
            self._allowed.replace("fail2ban", found.allowances)
            self.penalties.allowance_changed()
        since = time.time() - self._settings.known_good_days * DAY_SECONDS
        places = iter(await asyncio.to_thread(_places, self._paths.intel, since))
        while part := list(islice(places, PLACES_AT_ONCE)):
            self.penalties.learn(part)
            await asyncio.sleep(0)


def settings_allow(config: Config) -> Iterator[Allowance]:
    """Give the networks that the configuration itself spares."""
    for network in config.penalties.never:
        yield Allowance(network, "setting penalties.never")
    for network in config.beside.no_decoys_from:
        yield Allowance(network, "setting beside.no_decoys_from")


def _places(path: Path, since: float) -> list[tuple[str, float]]:
    try:
        homes = latest_homes(path, since, NETWORKS_LIMIT)
    except StoreError as error:
        log.warning("known networks: %s", error)
        return []
    return homes[::-1]  # the latest login last: it is the last one to be forgotten
