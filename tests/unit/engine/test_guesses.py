"""The memory of guessed accounts is bounded and comes back after a restart."""

from honeypost.config.schema import Budgets
from honeypost.engine.guesses import Guesses
from honeypost.events import LoginReported
from honeypost.ports import Reality
from support.decoy_site import DecoySite


def test_the_least_recent_account_goes_first():
    guesses = Guesses(2)
    guesses.memory("a").remember("00000001")
    guesses.memory("b").remember("00000001")
    guesses.memory("a")
    guesses.memory("c")
    assert len(guesses) == 2
    assert len(guesses.memory("a")) == 1
    assert len(guesses.memory("b")) == 0


async def test_memory_does_not_grow_with_the_number_of_attackers():
    site = DecoySite(budgets=Budgets(accounts=10))
    for number in range(100):
        await site.guess(f"name{number}", "dragon", f"2001:db8:{number:x}::1")
    for number in range(100):
        await site.guess("name1", f"unlisted-{number}", f"198.51.100.{number}")
    assert len(site.director._guesses) == 10
    memory = site.director._guesses.memory("name1@example.org")
    assert len(memory) <= site.rules.settings.failures_max


async def test_a_device_that_repeats_itself_stays_remembered():
    site = DecoySite(budgets=Budgets(accounts=5))
    name = site.open_name(needed=2)
    for number in range(60):
        assert not (await site.guess(name, "dragon")).granted
        await site.guess(f"other{number}", "dragon")
        await site.guess(name, f"spray-{number}")
    assert site.decoys.kept == []


def test_a_real_names_memory_is_dropped():
    guesses = Guesses(5)
    guesses.memory("a").remember("00000001")
    guesses.told("a", Reality.REAL, 100.0)
    assert len(guesses.memory("a")) == 0
    assert guesses.reality("a", 100.0) is Reality.REAL
    assert guesses.reality("a", 99.0) is None  # the clock was set back: ask again


def test_who_logged_in_for_real_is_real_without_asking():
    guesses = Guesses(2)
    guesses.memory("a").remember("00000001")
    guesses.prove("a")
    assert guesses.reality("a", 0.0) is Reality.REAL
    assert len(guesses) == 0
    for name in ("b", "c"):
        guesses.prove(name)
    assert guesses.reality("a", 0.0) is None
    assert guesses.reality("c", 0.0) is Reality.REAL


async def test_the_proof_survives_a_restart():
    site = DecoySite()
    name = site.open_name()
    account = f"{name}@example.org"
    report = LoginReported(account, name.encode(), "imap", success=True, decoy=False, secret_tag="")
    site.journal.note(report, None)
    failed = LoginReported("x@example.org", b"x", "imap", success=False, decoy=False, secret_tag="")
    site.journal.note(failed, None)
    site.restart()
    await site.guess(name, "dragon")
    assert site.last_reason == "real-name"
    await site.guess("x", "dragon")
    assert site.last_reason != "real-name"


async def test_what_was_real_or_unsure_is_restored_as_such():
    site = DecoySite()
    name = site.open_name(needed=2)
    await site.ripen(name)
    site.names.unsure = True
    site.clock.advance(3600)
    await site.guess(name, "dragon")
    site.names.unsure = False
    site.restart()
    await site.guess(name, "baseball")
    assert site.last_reason == "resting"
    site.names.names = [name]
    site.clock.advance(3600)
    await site.guess(name, "monkey")
    site.names.names = []
    site.restart()
    await site.guess(name, "monkey")
    assert site.last_reason == "too-few-failures"
