"""What stands, folded from events, and the forms that other programs take."""

import json

from honeypost.engine.penalty_list import FORMATS, standing
from support.penalised import PenalisedSite


def site() -> PenalisedSite:
    made = PenalisedSite()
    for address in ("198.51.100.7", "2001:db8:1:2::7", "203.0.113.9", "192.0.2.1"):
        made.fail(address, "a", "b")
    made.allow("203.0.113.9")
    made.clock.advance(30)
    made.fail("192.0.2.2", "a", "b")
    return made


def test_what_was_lifted_or_ended_stands_no_more():
    made = site()
    found = standing(made.journal.entries, made.clock())
    assert [(each.network, each.left(made.clock())) for each in found] == [
        ("192.0.2.1", 30), ("198.51.100.7", 30), ("2001:db8:1:2::/64", 30), ("192.0.2.2", 60),
    ]  # fmt: skip
    made.clock.advance(30)
    assert [each.network for each in standing(made.journal.entries, made.clock())] == ["192.0.2.2"]


def test_the_forms_of_other_programs():
    made = site()
    now = made.clock()
    found = [each for each in standing(made.journal.entries, now) if each.network != "192.0.2.1"]
    written = {name: write(found, now) for name, write in FORMATS.items()}
    assert written["plain"] == "198.51.100.7\n2001:db8:1:2::/64\n192.0.2.2\n"
    assert written["fail2ban"].splitlines()[1] == (
        "fail2ban-client set honeypost banip 2001:db8:1:2::/64"
    )
    decisions = json.loads(written["crowdsec"])
    assert decisions[0] == {
        "duration": "30s", "reason": "honeypost: 2 failed mail logins", "scope": "ip",
        "type": "ban", "value": "198.51.100.7",
    }  # fmt: skip
    assert decisions[1]["scope"] == "range"
