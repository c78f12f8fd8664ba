"""Which guess wins by the account's own history, and why the others do not."""

import pytest

from honeypost.config.schema import Decoys
from honeypost.decide.decoys import HOUR, MOST_REMEMBERED, Memory, Reason, Rules
from honeypost.decide.evidence import explain
from honeypost.model import Secret
from support.decoy_site import DOMAINS, KEY, shipped

NOW = 1_772_366_400.0


def rules(**changed) -> Rules:
    return Rules(Decoys(**{"name_share": 1.0, **changed}), DOMAINS, KEY, shipped())


def judged(secret: str, memory: Memory, account="bob@example.org", decoy="", **changed) -> Reason:
    by = rules(**changed)
    return by.judge(by.guess(account, Secret(secret.encode()), NOW), memory, decoy)


def failed(*tags: int) -> Memory:
    memory = Memory()
    for tag in tags:
        memory.remember(f"{tag:016x}")
    return memory


TEN = tuple(number << 32 for number in range(1, 11))


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("dragon", Reason.RIPE),
        ("bob123", Reason.RIPE),
        ("Dragon", Reason.RIPE),
        ("xk3Jq9PzR2mW7t", Reason.UNLISTED),
        ("12345", Reason.SHORT),
        ("bob", Reason.SHORT),
    ],
)
def test_after_enough_failures_only_what_can_be_guessed_is_ripe(secret, reason):
    assert judged(secret, failed(*TEN)) is reason


def test_a_name_as_its_own_secret_is_obvious():
    assert judged("dragon", failed(*TEN), "dragon@example.org") is Reason.OBVIOUS


def test_nothing_is_ripe_too_early():
    assert judged("dragon", Memory()) is Reason.TOO_EARLY
    assert judged("dragon", failed(*TEN[:3]), failures_min=4, failures_max=4) is Reason.TOO_EARLY
    assert judged("dragon", failed(*TEN[:4]), failures_min=4, failures_max=4) is Reason.RIPE


def test_even_a_setting_of_no_failures_refuses_the_first_try():
    assert judged("dragon", Memory(), failures_min=0, failures_max=0) is Reason.TOO_EARLY


def test_a_secret_that_failed_once_is_refused_for_ever():
    by = rules()
    memory = failed(*TEN)
    guess = by.guess("bob@example.org", Secret(b"dragon"), NOW)
    by.learn(memory, guess.account, guess.tag, Reason.DAILY_CAP, NOW)
    assert by.judge(guess, memory) is Reason.REPEATED


def test_a_name_without_its_share_is_absent():
    assert judged("dragon", failed(*TEN), name_share=0.0) is Reason.ABSENT
    assert judged("dragon", failed(*TEN), "info@example.org", role_share=0.0) is Reason.ABSENT
    assert judged("dragon", failed(*TEN), "info@example.org", name_share=0.0, role_share=1.0) is (
        Reason.RIPE
    )


def test_an_adopted_account_has_one_secret():
    assert judged("dragon", Memory(), decoy="dragon") is Reason.ENTERED
    assert judged("Dragon", Memory(), decoy="dragon") is Reason.OTHER_SECRET
    assert judged("baseball", Memory(), decoy="dragon") is Reason.OTHER_SECRET
    assert judged("xk3Jq9PzR2mW7t", Memory(), decoy="dragon") is Reason.OTHER_SECRET


def test_after_an_unsure_moment_the_account_rests():
    memory = failed(*TEN)
    memory.unsure_at = NOW - HOUR
    assert judged("dragon", memory, unsure_rest_hours=1.1) is Reason.RESTING
    assert judged("dragon", memory, unsure_rest_hours=1.0) is Reason.RIPE


def test_a_full_memory_closes_the_account():
    memory = failed(*(number << 32 for number in range(1, MOST_REMEMBERED + 1)))
    assert len(memory) == MOST_REMEMBERED
    assert judged("dragon", memory) is Reason.MEMORY_FULL
    memory.remember("ffffffffffffffff")
    assert len(memory) == MOST_REMEMBERED
    assert not memory.knows("ffffffffffffffff")


def test_an_account_that_cannot_open_remembers_only_what_it_counts():
    by, memory = rules(name_share=0.0, failures_min=3, failures_max=3), Memory()
    for number in range(1, 20):
        by.learn(memory, "bob@example.org", f"{number << 32:016x}", Reason.ABSENT, NOW)
    assert len(memory) == 3


@pytest.mark.parametrize("reason", [Reason.REAL, Reason.UNSURE, Reason.NOT_A_NAME])
def test_of_what_may_be_a_real_users_nothing_is_learnt(reason):
    by, memory = rules(), Memory()
    by.learn(memory, "bob@example.org", "00000001aaaaaaaa", reason, NOW)
    assert len(memory) == 0
    assert (memory.unsure_at is not None) is (reason is Reason.UNSURE)


def test_clear_text_is_kept_only_of_what_can_be_guessed():
    by = rules()
    assert by.guess("bob@example.org", Secret(b"Dragon"), NOW).secret == "Dragon"
    assert by.guess("bob@example.org", Secret(b"Bob@2025"), NOW).secret == "Bob@2025"
    kept = by.guess("bob@example.org", Secret(b"xk3Jq9PzR2mW7t"), NOW)
    assert kept.secret == ""
    assert "xk3" not in repr(kept)


def test_every_reason_has_its_sentence():
    for reason in Reason:
        if reason is not Reason.RIPE:
            assert explain(reason).endswith(".")
