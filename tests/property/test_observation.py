"""Rotation, crashes and portions do not change the picture of a site."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from honeypost.app.observing import Observer, cursors
from honeypost.beside.logs.where import follow
from honeypost.engine.watching import number
from honeypost.stores.intel import IntelStore
from honeypost.stores.watched import Watched

BEGUN = 1_772_000_000
NOW = BEGUN + 30 * 86_400.0
TABLES = ("days", "users", "homes", "guesses", "misses")

NAMES = st.sampled_from(["info", "bob@example.org", "Anna", "carl"])
CLIENTS = st.sampled_from(["192.0.2.7", "192.0.2.9", "2001:db8:1:2::3", "198.51.100.4"])
REFUSED = "Disconnected: Connection closed (auth failed, 2 attempts in 6 secs)"


def said(time: int, name: str, client: str, good: bool) -> str:
    stamp = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    head = "Login" if good else REFUSED
    return (
        f"{stamp} mail dovecot: imap-login: {head}: user=<{name}>, method=PLAIN,"
        f" rip={client}, lip=10.0.0.1, TLS, session=<x>\n"
    )


LINES = st.lists(
    st.tuples(st.integers(0, 5 * 86_400), NAMES, CLIENTS, st.booleans()), min_size=1, max_size=15
)
ACTS = st.lists(
    st.sampled_from(["write", "look", "rename", "copy", "squeeze", "crash"]), max_size=12
)


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


class Site:
    """A log folder and a worker's store."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "mail.log"
        self.log.touch()
        self.intel = IntelStore(folder / "intel.db")
        self.rotations = 0
        self.start()

    def start(self) -> None:
        watched = Watched(self.intel)
        log = str(self.log)
        sources = follow([log], cursors(watched.state), UTC, lambda: NOW, BEGUN - 86_400.0)

        async def at_once() -> None:
            pass

        self.observer = Observer(
            sources, watched, "k3f9x2.invalid", clock=lambda: NOW, give_way=at_once
        )
        self.look()

    def look(self) -> None:
        asyncio.run(self.observer.look())

    def crash(self) -> None:
        """Die in the middle of keeping, and come up again."""
        self.observer._watched._shed = self._die
        with contextlib.suppress(Killed):
            self.look()
        self.observer.close()
        self.start()

    def rename(self) -> None:
        self.rotations += 1
        self.log.rename(self.log.with_name(f"mail.log-{self.rotations:08}"))
        self.log.touch()

    def copy(self) -> None:
        """As logrotate's copytruncate does."""
        self.rotations += 1
        self.log.with_name(f"mail.log-{self.rotations:08}").write_bytes(self.log.read_bytes())
        self.log.write_bytes(b"")

    def squeeze(self) -> None:
        """As logrotate's delaycompress does, some time later."""
        for old in self.log.parent.glob("mail.log-????????"):
            old.with_name(f"{old.name}.gz").write_bytes(gzip.compress(old.read_bytes()))
            old.unlink()

    def rows(self) -> dict[str, list]:
        found = {t: sorted(self.intel.ask(f"SELECT * FROM observed_{t}")) for t in TABLES}
        # That we are alive today is noted as well; it says when we looked, not what we saw.
        found["days"] = [row for row in found["days"] if row[0] != number(NOW)]
        return found

    def close(self) -> None:
        self.observer.close()
        self.intel.close()

    @staticmethod
    def _die(*_: object) -> None:
        raise Killed


def observed(texts: list[str], acts: list[str]) -> dict[str, list]:
    with tempfile.TemporaryDirectory(prefix="hp-") as folder:
        site = Site(Path(folder))
        waiting = list(texts)
        for act in acts:
            if act != "write":
                getattr(site, act)()
            elif waiting:
                with site.log.open("a") as log:
                    log.write(waiting.pop(0))
        with site.log.open("a") as log:
            # The last line: a log that was emptied by copytruncate is missed once it is written to.
            log.write(
                "".join([*waiting, said(BEGUN + 6 * 86_400, "last", "192.0.2.1", good=False)])
            )
        site.look()
        found = site.rows()
        site.close()
        return found


@settings(max_examples=25, deadline=None)
@given(LINES, ACTS)
def test_the_picture_does_not_depend_on_how_the_log_was_read(lines, acts) -> None:
    texts = [said(BEGUN + time, *rest[:2], good=rest[2]) for time, *rest in sorted(lines)]
    # Identical starts of two files cannot be told apart; a log never begins twice alike.
    texts = [text.replace("session=<x>", f"session=<{n}>") for n, text in enumerate(texts)]
    quietly = observed(texts, [])
    assert sum(day[3] + day[4] for day in quietly["days"]) > 0
    assert observed(texts, acts) == quietly
