"""
Criterion 6: real attackers win their first decoy within a day, random pairs never.

The figures come from ``bench/time_to_win.py``, so that `make proof` prints what is asserted.
"""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest

from conftest import ROOT, missing
from honeypost.config.schema import Decoys
from honeypost.engine.outlook import HALF_GUESSES, NINE_TENTHS_GUESSES
from support.decoy_site import shipped

LONG = os.environ.get("HONEYPOST_PROOF", "") == "1"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("time_to_win", ROOT / "bench" / "time_to_win.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pairs(bench, data_directory):
    path = data_directory / bench.PAIRS
    if not path.is_file():
        missing(f"{path} is not there")
    return bench.read_pairs(path)


@pytest.mark.proof
@pytest.mark.parametrize("per_day", [26, 500])
async def test_the_median_site_has_its_first_decoy_in_time(bench, pairs, per_day):
    sites = bench.SITES if LONG or per_day == 26 else 61
    pace = await bench.measure_pace(pairs, per_day, Decoys(), shipped(), sites)
    assert pace.sites >= 40
    assert pace.median <= bench.BARS[per_day]
    assert pace.never <= pace.sites * 0.1


@pytest.mark.proof
async def test_random_pairs_never_win(bench):
    attack = bench.Attack(1, Decoys(), shipped())
    amount = 20_000 if LONG else 4_000
    assert await bench.wins(attack, bench.random_pairs(amount)) == 0
    assert attack.decoys.kept == []


@pytest.mark.proof
async def test_of_random_names_only_a_few_percent_open(bench):
    share = await bench.share_of_names(1_000 if LONG else 150, 50, Decoys(), shipped())
    assert 0.01 < share <= bench.OPEN_SHARE


async def test_the_table_has_a_row_for_each_figure(bench, pairs):
    rows = await bench.measure(pairs, sites=3, names=20, randoms=50)
    assert [row.what.split(",")[0] for row in rows] == [
        "first decoy at 26/day",
        "first decoy at 500/day",
        "50 random pairs that won",
        "random names open after 50 listed guesses",
    ]
    assert rows[2].held


def test_without_the_pairs_it_says_so(bench, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["time_to_win", str(tmp_path / "none")])
    assert bench.main() == 1
    assert "is not there" in capsys.readouterr().err


def test_a_missed_bar_fails_the_command(bench, monkeypatch, capsys, tmp_path):
    async def missed(pairs):
        return [bench.Row("first decoy", "99 h", "<= 24 h", held=not pairs)]

    pairs = tmp_path / "pairs"
    pairs.write_bytes(b"root,dragon\n")
    monkeypatch.setattr(bench, "measure", missed)
    monkeypatch.setattr(sys, "argv", ["time_to_win", str(pairs)])
    assert bench.main() == 1
    assert "measured: first decoy: 99 h" in capsys.readouterr().out
    pairs.write_bytes(b"")
    assert bench.main() == 0


@pytest.mark.proof
async def test_the_forecast_of_the_status_is_what_was_measured(bench, pairs):
    pace = await bench.measure_pace(pairs, 500, Decoys(), shipped(), 101)
    per_hour = 500 / 24
    assert round(pace.median * per_hour) == HALF_GUESSES
    assert round(pace.worst_of_ten * per_hour) == NINE_TENTHS_GUESSES
