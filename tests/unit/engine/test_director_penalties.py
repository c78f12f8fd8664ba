"""Whose failures and logins the director tells, and that nothing is counted twice."""

import pytest

from honeypost.engine.allowed import Allowed
from honeypost.engine.director import Director
from honeypost.engine.penalties import Penalties
from honeypost.events import PenaltyImposed, PenaltyLifted
from honeypost.model import Client, Identity, Protocol
from honeypost.questions import ConverseVerdict, MayConverse, NoteReport
from support.decoy_site import KEY, DecoySite, shipped
from support.penalised import PLAIN, Commands

GUESSER = Client("198.51.100.7")
DOVECOT = Identity("s", Client("127.0.0.1"), "authpolicy", Protocol.AUTHPOLICY)
ASKING = Identity("s", Client("127.0.0.1"), "lookup", Protocol.LOOKUP)


class Site(DecoySite):
    """With penalties; ``reported``: Dovecot's reports come as well."""

    def __init__(self, *, reported: bool = True) -> None:
        self._reported = reported
        super().__init__()

    def restart(self) -> None:
        super().restart()
        self.penalties = Penalties(
            PLAIN, KEY, journal=self.journal, allowed=Allowed(), clock=self.clock,
            chance=bytes, actuator=Commands(),
        )  # fmt: skip
        self.director = Director(
            self.config, self.secrets, decoys=self.decoys, captures=self.captures,
            spending=self.spending, journal=self.journal, names=self.names,
            containment=self.fence, clock=self.clock, queue_id=lambda _: "Q",
            vocabulary=shipped(), penalties=self.penalties, reported=self._reported,
        )  # fmt: skip
        self.director.restore(self.journal.entries)

    async def report(self, login: bytes, tag: str, **what) -> None:
        question = NoteReport(
            **{"login": login, "original": b"", "service": "imap", "client": GUESSER,
               "success": False, "secret_tag": tag, **what}
        )  # fmt: skip
        await self.director.answer(question, DOVECOT)

    async def ask(self, login: str, secret: str):
        self.asked = await self.guess(login, secret, "127.0.0.1", Protocol.LOOKUP, GUESSER)

    @property
    def imposed(self) -> list[str]:
        return [event.network for event in self.journal.of(PenaltyImposed)]


async def test_reports_of_failures_count_for_the_client_that_dovecot_names():
    site = Site()
    await site.report(b"ann@example.org", "448")
    await site.report(b"ann@example.org", "448")
    assert site.imposed == []
    await site.report(b"ann@example.org", "449")
    assert site.imposed == [GUESSER.address]
    assert site.journal.entries[-1].who.client == GUESSER


async def test_a_failure_that_nobody_judged_counts_for_nothing():
    site = Site()
    for number in range(5):
        await site.report(b"ann@example.org", f"{number}", judged=False)
    assert site.imposed == []


async def test_a_reported_login_spares_and_lifts_at_once():
    site = Site()
    await site.report(b"ann@example.org", "1")
    await site.report(b"ann@example.org", "2")
    await site.report(b"bob@example.org", "3", success=True)
    assert [event.reason for event in site.journal.of(PenaltyLifted)] == ["login"]
    await site.report(b"ann@example.org", "4")
    assert len(site.imposed) == 1


async def test_a_decoys_login_is_no_users():
    site = Site()
    await site.report(b"x@k3f9x2.invalid", "3", success=True, original=b"x@example.org")
    await site.report(b"ann@example.org", "1", client=Client("198.51.100.8"))
    await site.report(b"ann@example.org", "2", client=Client("198.51.100.8"))
    await site.report(b"ann@example.org", "1")
    await site.report(b"ann@example.org", "2")
    assert site.imposed == ["198.51.100.8"]


async def test_what_dovecot_asks_and_reports_counts_once():
    site = Site()
    await site.ask("nobody", "first-guess")
    await site.report(b"nobody@example.org", "1")
    assert site.imposed == []
    await site.ask("nobody", "other-guess")
    await site.report(b"nobody@example.org", "2")
    assert len(site.imposed) == 1


async def test_without_reports_the_lookups_count():
    site = Site(reported=False)
    await site.ask("nobody", "first-guess")
    await site.ask("nobody", "first-guess")
    assert site.imposed == []
    await site.ask("nobody", "other-guess")
    assert site.imposed == [GUESSER.address]


async def test_standalone_our_own_answers_count():
    site = Site()
    await site.guess("nobody", "first-guess", "198.51.100.7")
    await site.guess("nobody", "other-guess", "198.51.100.7")
    assert site.imposed == ["198.51.100.7"]


async def test_who_wins_is_spared_from_then_on():
    site = Site()
    name = site.open_name()
    assert (await site.win(name)).granted
    winner = "192.0.2.1"
    lifted = [event.network for event in site.journal.of(PenaltyLifted)]
    assert lifted == [winner]
    for number in range(5):
        await site.guess(name, f"again-{number}", winner)
    assert site.penalties.counts["spared-decoy"] == 5


@pytest.mark.parametrize("secret", ["", "x" * 500, "pässwort"])
def test_of_a_secret_12_bits_are_remembered(secret):
    tag = Site().penalties.tag(secret.encode())
    assert len(tag) == 3
    int(tag, 16)


async def test_conversations_are_capped_but_not_those_of_a_users_network():
    site = Site()
    most = site.config.penalties.client_conversations

    async def converse(number: int) -> bool:
        postfix = Identity(str(number), Client(""), "policy", Protocol.POLICY)
        verdict = await site.director.answer(MayConverse(GUESSER), postfix)
        assert isinstance(verdict, ConverseVerdict)
        return verdict.allowed

    assert [await converse(number) for number in range(most + 1)] == [True] * most + [False]
    await site.report(b"bob@example.org", "3", success=True)
    assert await converse(most)


async def test_a_restart_remembers_penalties():
    site = Site()
    await site.report(b"ann@example.org", "1")
    await site.report(b"ann@example.org", "2")
    site.restart()
    assert [each.network for each in site.penalties.standing()] == [GUESSER.address]
