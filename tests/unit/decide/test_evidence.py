"""The stored events lead to the answers that were given."""

from dataclasses import replace

import pytest

from honeypost.decide.decoys import MOST_REMEMBERED, Reason
from honeypost.decide.evidence import recompute
from honeypost.events import DecoyAdopted, DecoyEntered, LoginRefused, SessionOpened
from support.decoy_site import DecoySite


async def attacked(site: DecoySite, name: str) -> None:
    """A whole life: refusals of every inner kind, the adoption, entries, other secrets."""
    await site.guess(name, "not-on-any-list")
    await site.guess(name, "not-on-any-list")
    await site.guess(name, "12345")
    await site.ripen(name)
    await site.guess(name, "not-listed-either")
    site.names.unsure = True
    site.clock.advance(3600)
    await site.guess(name, "baseball")
    site.names.unsure = False
    site.clock.advance(60)
    await site.guess(name, "monkey")
    site.clock.advance(25 * 3600)
    site.fence.reason = "main.cf was replaced"
    await site.guess(name, "letmein")
    site.fence.reason = ""
    await site.guess(name, "letmein")
    await site.guess(name, "dragon")
    site.clock.advance(1)
    await site.guess(name, "dragon", "2001:db8::1")
    await site.guess(name, "shadow")
    site.fence.reason = "gone"
    await site.guess(name, "dragon")


async def test_a_whole_life_is_recomputed():
    site = DecoySite()
    name = site.open_name(needed=3)
    await attacked(site, name)
    findings = recompute(site.journal.entries, site.rules)
    assert all(finding.agrees and not finding.gap for finding in findings)
    reasons = [finding.recomputed for finding in findings]
    assert [one for one in reasons if one is not Reason.TOO_EARLY] == [
        Reason.UNLISTED,
        Reason.UNLISTED,
        Reason.SHORT,
        *[Reason.UNLISTED] * 4,
        Reason.UNSURE,
        Reason.RESTING,
        Reason.CONTAINMENT,
        Reason.REPEATED,
        Reason.ADOPTED,
        Reason.ENTERED,
        Reason.ENTERED,
        Reason.OTHER_SECRET,
        Reason.CONTAINMENT,
    ]
    assert findings[0].distinct_failures == 1
    assert findings[0].needed_failures == 3
    assert all(finding.words for finding in findings)


async def test_other_events_answer_no_guess():
    site = DecoySite()
    site.journal.note(SessionOpened(), None)
    assert recompute(site.journal.entries, site.rules) == []


async def test_a_login_that_no_decoy_has_is_recomputed():
    site = DecoySite()
    await site.guess("bob@elsewhere.org", "dragon")
    (finding,) = recompute(site.journal.entries, site.rules)
    assert finding.recomputed is finding.recorded is Reason.NOT_A_NAME


@pytest.mark.parametrize("changed", [{"reason": "absent"}, {"secret": "dragon"}, {"login": b"x"}])
async def test_a_changed_entry_no_longer_agrees(changed):
    site = DecoySite()
    name = site.open_name()
    await site.guess(name, "not-on-any-list")
    (entry,) = site.journal.entries
    forged = replace(entry, event=replace(entry.event, **changed))
    (finding,) = recompute([forged], site.rules)
    assert not finding.agrees


async def test_an_adoption_that_was_not_due_does_not_agree():
    site = DecoySite()
    await site.win(site.open_name(needed=3))
    adopted = [e for e in site.journal.entries if isinstance(e.event, DecoyAdopted)]
    early = [replace(e, event=replace(e.event, distinct_failures=2)) for e in adopted]
    (finding,) = recompute(early, site.rules)
    assert finding.recomputed is Reason.TOO_EARLY
    assert not finding.agrees


async def test_deleted_history_is_a_gap_and_still_agrees():
    site = DecoySite()
    name = site.open_name(needed=3)
    await attacked(site, name)
    for start in range(1, len(site.journal.entries)):
        findings = recompute(site.journal.entries[start:], site.rules, site.decoys.kept[0])
        assert all(finding.agrees for finding in findings), start
        assert sum(finding.gap for finding in findings) <= 2


async def test_without_the_adoption_the_store_tells_the_secret():
    site = DecoySite()
    name = site.open_name()
    await site.win(name, "dragon")
    site.clock.advance(1)
    await site.guess(name, "shadow")
    await site.guess(name, "dragon")
    late = [e for e in site.journal.entries if e.time == site.clock()]
    with_store = recompute(late, site.rules, site.decoys.kept[0])
    assert all(finding.agrees and not finding.gap for finding in with_store)
    without = recompute(late, site.rules)
    assert [finding.gap for finding in without] == [True, True]


async def test_a_forgotten_account_is_a_gap():
    site = DecoySite()
    name = site.open_name(needed=3)
    await site.ripen(name)
    first = list(site.journal.entries)
    site.journal.log.entries.clear()
    site.restart()  # nothing is remembered, as after the least recent account was dropped
    await site.guess(name, "dragon")
    await site.guess(name, "baseball")
    findings = recompute([*first, *site.journal.entries], site.rules)
    assert [finding.agrees for finding in findings] == [True] * 5
    assert [finding.gap for finding in findings] == [False, False, False, True, False]


async def test_a_real_name_is_forgotten_in_the_evidence_too():
    site = DecoySite()
    name = site.open_name(needed=2)
    await site.ripen(name)
    site.names.names = [name]
    site.clock.advance(3600)
    await site.guess(name, "dragon")
    site.names.names = []
    site.clock.advance(3600)
    await site.guess(name, "baseball")
    findings = recompute(site.journal.entries, site.rules)
    assert [finding.recomputed for finding in findings][-2:] == [Reason.REAL, Reason.TOO_EARLY]
    assert all(finding.agrees for finding in findings)
    assert not findings[-1].gap
    refused = site.journal.of(LoginRefused)[-2]
    assert (refused.secret, refused.secret_tag) == ("", "")


async def test_a_full_memory_is_recomputed():
    site = DecoySite()
    name = site.open_name()
    for number in range(MOST_REMEMBERED + 1):
        await site.guess(name, f"unlisted-{number}")
    await site.guess(name, "dragon")
    findings = recompute(site.journal.entries, site.rules)
    assert findings[-1].recomputed is Reason.MEMORY_FULL
    assert all(finding.agrees and not finding.gap for finding in findings)
    assert site.journal.of(DecoyEntered) == []
