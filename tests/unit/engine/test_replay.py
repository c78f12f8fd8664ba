"""What would have been done."""

from __future__ import annotations

import pytest

from honeypost.engine.logevents import Kind, LogEvent, Outcome, Place
from honeypost.engine.replay import Replay, Rules, canonical_users, timestamp

PLACE = Place("mail.log", 7, 1_700_000_000.25)


def login(
    name: bytes, outcome: Outcome = Outcome.REFUSED, client: str = "192.0.2.1", tries: int = 1
) -> LogEvent:
    return LogEvent(Kind.LOGIN, outcome, client, "imap", name, tries)


def replay(*users: str, domains: tuple[str, ...] = ("example.org",)) -> Replay:
    named = canonical_users(users, domains) if users else None
    return Replay(Rules(domains, named, needed_failures=5))


def test_one_line() -> None:
    line = replay().take(login(b"Info"), PLACE)
    assert (line.file, line.line, line.time) == ("mail.log", 7, "2023-11-14T22:13:20.250Z")
    assert (line.kind, line.client, line.account) == ("login", "192.0.2.1", "info@example.org")
    assert (line.service, line.outcome, line.answer) == ("imap", "refused", "refused")
    assert (line.flag, line.campaign, line.evidence) == ("unsure", "", ())


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        (login(b"bob", Outcome.ACCEPTED), "real"),
        (login(b"bob", Outcome.NO_ANSWER), ""),
        (LogEvent(Kind.RECIPIENT, Outcome.UNKNOWN, "::1", "smtp", b"x@example.org"), "refused"),
        (LogEvent(Kind.RECIPIENT, Outcome.RELAY_DENIED, "::1", "smtp", b"x@y.test"), "refused"),
        (LogEvent(Kind.SESSION, Outcome.CLOSED, "::1", "smtp"), ""),
    ],
)
def test_answers(event: LogEvent, answer: str) -> None:
    assert replay().take(event, PLACE).answer == answer


def test_evidence() -> None:
    told = replay("alice")
    event = LogEvent(Kind.LOGIN, Outcome.REFUSED, "192.0.2.1", "", b"info", 3, note="unknown user")
    assert told.take(event, PLACE).evidence == (
        "unknown user",
        "3 tries in this session",
        "nobody here has that name",
    )
    assert told.take(login(b"info", client="2001:db8::1"), PLACE).evidence == (
        "nobody here has that name",
        "2 networks failed at this account so far",
    )
    assert told.take(login(b""), PLACE).evidence == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"alice", "the name is a real user's"),
        (b"ALICE@example.org", "the name is a real user's"),
        (b"alcie", "the name is one slip away from a real user's"),
        (b"carol", "the name has logged in within this log"),
        (b"info", "nobody here has that name"),
    ],
)
def test_who_is_real(name: bytes, reason: str) -> None:
    told = replay("alice")
    told.take(login(b"carol", Outcome.ACCEPTED), PLACE)
    assert told.take(login(name), PLACE).evidence == (reason,)


def test_where_a_decoy_could_have_come_into_being() -> None:
    told = replay("alice")
    told.take(login(b"carol", Outcome.ACCEPTED), PLACE)
    guessed = [b"info", b"alice", b"alcie", b"carol", b"x@far.test", b"bob+tag", b"nobody"]
    for name in guessed:
        for number in range(6 if name != b"nobody" else 5):
            told.take(login(name, client=f"192.0.2.{number}"), PLACE)
    assert [name for name, _ in told.could_open()] == ["info@example.org"]


def test_who_was_refused_most() -> None:
    told = replay()
    told.take(login(b"a", client="192.0.2.1"), PLACE)
    told.take(login(b"a", client="192.0.2.2", tries=3), PLACE)
    told.take(login(b"b", client="2001:db8::1"), PLACE)
    told.take(login(b"b", client="2001:db8::2"), PLACE)
    told.take(login(b"b", client="192.0.2.3"), PLACE)
    told.take(login(b"b", Outcome.ACCEPTED, client="192.0.2.3"), PLACE)
    told.take(login(b"b", client=""), PLACE)
    told.take(LogEvent(Kind.SESSION, Outcome.OPENED, "192.0.2.4", "smtp"), PLACE)
    assert [name for name, _ in told.most_refused()] == [
        "192.0.2.2",
        "2001:db8::/64",
        "192.0.2.1",
    ]
    assert [name for name, _ in told.most_wanted()] == ["a@example.org", "b@example.org"]


def test_a_name_that_no_decoy_can_have_is_shown_as_typed() -> None:
    assert replay().account(b"Bob@far.test") == "bob@far.test"
    assert replay().account(b"\x1b[2J") == "\\x1b[2j"
    assert replay(domains=()).account(b"bob") == "bob"


def test_times() -> None:
    assert timestamp(None) == ""
    assert timestamp(1_700_000_000.0) == "2023-11-14T22:13:20Z"


def test_listed_users() -> None:
    assert canonical_users(["Bob", "eve@far.test", "@x", ""], ["A.test", "b.test"]) == {
        "bob",
        "bob@a.test",
        "bob@b.test",
        "eve@far.test",
    }
