"""What an alert says, and that nothing of an attacker's gets into it raw."""

from __future__ import annotations

import pytest

from honeypost.engine.alert_text import (
    COLUMNS,
    PLAIN_MOST,
    WORDS,
    Told,
    body,
    plain,
    stamp,
    subject,
)
from honeypost.engine.alerts import Ledger
from honeypost.model import AlertKind

NOON = 1_772_366_400.0


@pytest.mark.parametrize("kind", list(AlertKind))
def test_each_says_what_it_means_and_what_to_do_and_how_to_silence_it(kind: AlertKind) -> None:
    told = Told(Ledger(kind).happened(NOON), ["a line"])
    said = body("mail.example.org", [told])
    for wanted in (
        "Means: ",
        "To do: ",
        "    - a line",
        "2026-03-01 12:00 UTC",
        f'mute = ["{kind}"]',
    ):
        assert wanted in said
    assert max(map(len, said.splitlines())) <= COLUMNS
    assert said.isascii()
    assert WORDS[kind].title in subject("mail.example.org", [told])


def test_times_and_states_are_told() -> None:
    several = Ledger(AlertKind.BUDGET).happened(NOON).happened(NOON + 60)
    assert "2 times, from 2026-03-01 12:00 UTC to 2026-03-01 12:01 UTC" in flat([Told(several, [])])
    begun = Ledger(AlertKind.EDGE).begun(NOON)
    assert "2026-03-01 12:00 UTC, and still so" in flat([Told(begun, [])])
    again = begun.told(NOON)
    assert "since 2026-03-01 12:00 UTC, and still so" in flat([Told(again, [])])


def test_a_digest_names_how_many_more() -> None:
    told = [Told(Ledger(kind).happened(NOON), []) for kind in (AlertKind.EDGE, AlertKind.BUDGET)]
    assert (
        subject("h", told) == "[honeypost] h: the sensor has been silent for an hour (and 1 more)"
    )
    said = body("h", told)
    assert said.index("The sensor has") < said.index("A budget is")
    assert 'mute = ["edge", "budget"]' in said


def test_a_long_line_is_wrapped() -> None:
    said = body("h", [Told(Ledger(AlertKind.WITHHELD).happened(NOON), ["x" * 300])])
    assert max(map(len, said.splitlines())) <= COLUMNS


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        (b"info@example.org", "info@example.org"),
        (b"a\r\nBcc: b", "a\\x0d\\x0aBcc: b"),
        (b"\x00\x1b]0;x\x07", "\\x00\\x1b]0;x\\x07"),
        (b"caf\xc3\xa9\xff", "caf\\xc3\\xa9\\xff"),
        ("caf\u00e9 \u202e\u20ac", "caf\\xe9 \\u202e\\u20ac"),
        ("back\\slash <b>&amp;", "back\\slash \\x3cb\\x3e\\x26amp;"),
        ("HTTPS://WWW.evil.example", "HTTPS:/ /WWW .evil.example"),
        ("", ""),
    ],
)
def test_foreign_text_is_made_harmless(foreign: str | bytes, shown: str) -> None:
    assert plain(foreign) == shown


def test_twice_is_as_good_as_once() -> None:
    once = plain("\r\n//www.<x>\u20ac")
    assert plain(once) == once


def test_foreign_text_is_cut() -> None:
    assert plain("y" * 5000) == "y" * PLAIN_MOST
    assert plain(b"\n" * 5000) == ("\\x0a" * 5000)[:PLAIN_MOST] + "..."


def test_times_are_utc() -> None:
    assert stamp(NOON) == "2026-03-01 12:00 UTC"


def flat(told: list[Told]) -> str:
    return " ".join(body("h", told).split())
