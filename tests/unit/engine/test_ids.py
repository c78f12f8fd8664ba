from honeypost.engine.ids import COUNTER_LIMIT, Ids
from honeypost.testing.memory import CountingChance

NOON = 1_772_366_400.0


def test_an_id_is_a_uuid_of_version_7_with_its_time():
    made = Ids(lambda size: b"\xff" * size).at(NOON)
    assert int(made[:12], 16) == NOON * 1000
    assert made[12] == "7"
    assert made[16] in "89ab"
    assert len(made) == 32


def test_ids_never_go_backwards_whatever_the_clock_does():
    ids = Ids(CountingChance())
    times = [NOON, NOON, NOON - 50, NOON + 1, NOON + 0.5, NOON + 2] + [NOON] * (2 * COUNTER_LIMIT)
    made = [ids.at(time) for time in times]
    assert made == sorted(set(made))


def test_ids_go_on_behind_the_last_one_of_an_earlier_process():
    last = Ids(CountingChance()).at(NOON)
    assert Ids(CountingChance(), last).at(NOON - 3600) > last


def test_two_processes_make_different_ids_at_the_same_time():
    assert Ids(lambda size: b"\1" * size).at(NOON) != Ids(lambda size: b"\2" * size).at(NOON)
