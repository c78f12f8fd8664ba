"""
Is there a real user of that name?  Asked of everything that could know.

Theory of operation
===================

Two questions are put for every account, and both must be answered "nobody":

* *exact*: the name in all its forms (:func:`~honeypost.beside.near.exact_forms`) is looked up
  anew each time in Dovecot's user database, in every Postfix map, in the file of real names
  and among the names that have ever logged in.  So a mailbox that was made a second ago counts.
* *near*: every name one typing error away.  That is some thousand lookups, so the answer "nobody"
  is kept for ``FRESH_SECONDS``.  Where Dovecot can list its users the list is used (it also
  shows which characters occur in real names); where it cannot, it is asked name by name.

Whoever asks waits ``seconds`` at most and is then told ``UNSURE``; the lookups go on for
``PATIENCE_SECONDS``, so that the next guess at the account finds the answer.  Anything that is
not a clear answer (dead map, hung socket, unreadable file) is ``UNSURE`` too, and who cannot be
told is not a decoy.  A catch-all (``@domain``, ``static:``) makes every name real.

A user database that has lost its users is not a clear answer either: Dovecot's passwd-file says
"unknown" to everything while its file is missing (measured on 2.3.19; SQL, PAM and LDAP fail
aloud).  So some of the listed users are asked for with every name; when none of them is there
any more the list is made anew, and one without users cannot tell.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from honeypost.beside.cannot_tell import CannotTell, any_says_yes
from honeypost.beside.dovecot.userdb import UserDatabase
from honeypost.beside.near import COMMON_CHARACTERS, askable, exact_forms, near_forms
from honeypost.beside.postfix.maps import Maps
from honeypost.ports import Reality

FRESH_SECONDS = 600.0
"""How long "no real name is near" and the list of Dovecot's users are believed."""

PATIENCE_SECONDS = 10.0
"""How long lookups go on after whoever asked was told ``UNSURE``."""

REMEMBERED = 4096
"""Accounts whose neighbourhood is remembered; the least recently asked goes first."""

WITNESSES = 8
"""Listed users that are asked for with every name."""

LOOKUPS_AT_ONCE = 16
"""Accounts being looked up at the same time; one more is ``UNSURE`` at once."""


class NameSource(Protocol):
    """Something that can be asked about many names at once."""

    async def any_of(self, names: Iterable[str]) -> bool: ...


class NameLister(NameSource, Protocol):
    """A source that may also be able to list what it knows."""

    async def listed(self) -> frozenset[str] | None: ...


@dataclass(frozen=True, slots=True)
class _Listing:
    names: frozenset[str] | None
    """Listed, with and without their domains; ``None`` where nobody can be listed."""
    made_at: float
    witnesses: tuple[str, ...] = ()
    """Some of them, as Dovecot lists them."""

    @property
    def characters(self) -> str:
        """The usual ones, and every other that occurs in a real name."""
        return "".join(sorted(set(COMMON_CHARACTERS).union(*(self.names or ()))))


class SiteNames:
    """
    Implements :class:`~honeypost.ports.RealNames` for a host with Postfix and Dovecot.

    :param userdb_socket: Dovecot's auth-userdb socket, ``""`` when there is none.
    :param postfix_directory: where main.cf is, for ``postmap``.
    :param maps: every map that holds mailboxes, aliases, canonical or sender-login names.
    :param domains: the site's domains; a name that is real in one is real in all.
    :param real_names: file with one name a line (``#`` begins a comment), ``""`` for none.
    :param seconds: longest wait of whoever asks.
    :param ever_logged_in: names seen logging in, lower case.
    :param clock: seconds on a clock that only goes forward.

    With neither socket nor map nor file nobody can be told, so all are ``UNSURE``.
    """

    def __init__(
        self,
        *,
        userdb_socket: str,
        postfix_directory: str,
        maps: Sequence[str],
        domains: Sequence[str],
        real_names: str,
        seconds: float,
        ever_logged_in: Callable[[], frozenset[str]] = frozenset,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users: NameLister | None = UserDatabase(userdb_socket) if userdb_socket else None
        self._maps: NameSource | None = Maps(postfix_directory, maps) if maps else None
        self._file = Path(real_names) if real_names else None
        self._domains = tuple(domains)
        self._seconds = seconds
        self._ever_logged_in = ever_logged_in
        self._clock = clock
        self._listing: _Listing | None = None
        self._nobody_near: dict[str, float] = {}
        # asyncio keeps only weak references to tasks; this set keeps ours alive.
        self._lookups: set[asyncio.Future[Reality]] = set()

    async def reality(self, account: str) -> Reality:
        """See :meth:`honeypost.ports.RealNames.reality`."""
        account = account.lower()
        if not askable(account) or len(self._lookups) >= LOOKUPS_AT_ONCE:
            return Reality.UNSURE
        if self._users is None and self._maps is None and self._file is None:
            return Reality.UNSURE
        lookup = asyncio.ensure_future(self._patiently(account))
        self._lookups.add(lookup)
        lookup.add_done_callback(self._lookups.discard)
        done, _ = await asyncio.wait({lookup}, timeout=self._seconds)
        return lookup.result() if done else Reality.UNSURE

    async def prepare(self) -> None:
        """List the users now, so that the first guess does not wait for it."""
        with suppress(CannotTell, TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._sure_listing()

    async def close(self) -> None:
        """Stop the lookups that nobody waits for any more."""
        for lookup in tuple(self._lookups):
            lookup.cancel()
        await asyncio.gather(*self._lookups, return_exceptions=True)

    async def _patiently(self, account: str) -> Reality:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._judged(account)
        except (CannotTell, OSError, UnicodeDecodeError, TimeoutError):
            return Reality.UNSURE

    async def _judged(self, account: str) -> Reality:
        listing = await self._sure_listing()
        known = self._known() | (listing.names or frozenset())
        exact = exact_forms(account, self._domains)
        if await self._is_real(exact, known, self._users):
            return Reality.REAL
        if self._clock() - self._nobody_near.get(account, float("-inf")) <= FRESH_SECONDS:
            return Reality.REAL if self._near_known(account, known) else Reality.UNKNOWN
        if await self._is_near(account, known, listing):
            return Reality.REAL
        self._remember(account)
        return Reality.UNKNOWN

    async def _is_near(self, account: str, known: frozenset[str], listing: _Listing) -> bool:
        near = near_forms(account, listing.characters)
        return await self._is_real(near, known, self._users if listing.names is None else None)

    async def _is_real(
        self, names: Sequence[str], known: frozenset[str], users: NameLister | None
    ) -> bool:
        if not known.isdisjoint(names):
            return True
        asked: list[Awaitable[bool]] = []
        if users is not None:
            asked.append(users.any_of(name for name in names if not name.startswith("@")))
        if self._maps is not None:
            asked.append(self._maps.any_of(names))
        return await any_says_yes(asked)

    def _near_known(self, account: str, known: frozenset[str]) -> bool:
        """Names in files and logs are at hand, so they are compared anew each time."""
        return not known.isdisjoint(near_forms(account))

    async def _sure_listing(self) -> _Listing:
        """
        List Dovecot's users, or say that there is no list.

        :raises CannotTell: it can list users, but has none.
        """
        listing = await self._fresh_listing()
        if self._users is None or listing.names is None:
            return listing
        if not await self._users.any_of(listing.witnesses):
            self._listing = None
            listing = await self._fresh_listing()
        if not listing.witnesses:
            raise CannotTell("the user database has lost its users")
        return listing

    async def _fresh_listing(self) -> _Listing:
        now = self._clock()
        if self._listing is None or now - self._listing.made_at > FRESH_SECONDS:
            names = await self._users.listed() if self._users is not None else frozenset[str]()
            witnesses = tuple(islice(names or (), WITNESSES))
            self._listing = _Listing(names and _with_bare(names), now, witnesses)
        return self._listing

    def _known(self) -> frozenset[str]:
        """Names that need no lookup: the file's and those that have logged in."""
        from_file = frozenset[str]()
        if self._file is not None:
            lines = self._file.read_text("utf-8").splitlines()
            from_file = frozenset(filter(None, (_name_of(line) for line in lines)))
        return _with_bare(from_file | self._ever_logged_in())

    def _remember(self, account: str) -> None:
        self._nobody_near.pop(account, None)
        self._nobody_near[account] = self._clock()
        while len(self._nobody_near) > REMEMBERED:
            self._nobody_near.pop(next(iter(self._nobody_near)))


def _name_of(line: str) -> str:
    return line.partition("#")[0].strip().lower()


def _with_bare(names: frozenset[str]) -> frozenset[str]:
    """A name that is real in one domain is real without it, and so in every other."""
    return names | {name.rpartition("@")[0] or name for name in names}
