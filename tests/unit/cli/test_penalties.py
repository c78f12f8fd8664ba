import asyncio
import json
import os
import time

import pytest

from honeypost.cli.main import main
from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing
from honeypost.engine.journal import Journal
from honeypost.events import PenaltyImposed
from honeypost.stores.journal import JournalStore
from support.penalised import client


def impose(paths: Paths, *penalties: tuple[str, str], seconds: float, carried_out: bool) -> None:
    """Have penalties in the journal: address and network."""
    create_if_missing(paths.secrets, os.urandom)
    paths.journal.parent.mkdir(parents=True, exist_ok=True)

    async def note() -> None:
        store = JournalStore(paths.journal, most_bytes=1 << 22)
        store.open()
        journal = Journal(store, time.time, os.urandom)
        for address, network in penalties:
            until = time.time() + seconds
            event = PenaltyImposed(network, 2, 1, seconds, until, carried_out)
            journal.note(event, client(address))
        await journal.flush()
        store.close()

    asyncio.run(note())


@pytest.fixture
def paths(tmp_path) -> Paths:
    return Paths(tmp_path / "data")


TWO = (("198.51.100.7", "198.51.100.7"), ("2001:db8:1:2::7", "2001:db8:1:2::/64"))


def test_who_is_kept_away_is_listed(paths, capsys):
    impose(paths, *TWO, seconds=90, carried_out=True)
    assert main(["penalties", "--data", str(paths.data)]) == 0
    out = capsys.readouterr().out
    assert "198.51.100.7" in out
    assert "2001:db8:1:2::/64" in out
    assert "1 min" in out
    assert "observed" not in out


def test_what_is_only_observed_says_so(paths, capsys):
    impose(paths, *TWO, seconds=90, carried_out=False)
    assert main(["penalties", "--data", str(paths.data)]) == 0
    assert capsys.readouterr().out.count("only observed") == 2


def test_nobody(paths, capsys):
    impose(paths, *TWO, seconds=-1, carried_out=True)
    assert main(["penalties", "--data", str(paths.data)]) == 0
    assert capsys.readouterr().out == "nobody is under a penalty\n"


def test_for_programs(paths, capsys):
    impose(paths, *TWO, seconds=90, carried_out=True)
    assert main(["penalties", "--json", "--data", str(paths.data)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["network"] for line in lines] == ["198.51.100.7", "2001:db8:1:2::/64"]
    assert lines[0]["carried_out"] is True


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("plain", "198.51.100.7\n2001:db8:1:2::/64\n"),
        ("fail2ban", "fail2ban-client set honeypost banip 198.51.100.7\n"),
        ("crowdsec", '"scope": "range"'),
        ("nft", "add element inet honeypost v6_64 { 2001:db8:1:2:: timeout 90s }"),
    ],
)
def test_for_other_programs(paths, capsys, name, part):
    impose(paths, *TWO, seconds=90, carried_out=True)
    assert main(["penalties", "--format", name, "--data", str(paths.data)]) == 0
    assert part in capsys.readouterr().out


@pytest.mark.parametrize(
    ("carried_out", "said"), [(True, "is kept away until"), (False, "is only observed to be kept")]
)
def test_explain_says_why_until_when_and_how_it_ends(paths, capsys, carried_out, said):
    networks = (("2001:db8:1:2::7", "2001:db8:1:2::/64"), ("2001:db8:1:2::7", "2001:db8:1::/48"))
    impose(paths, *networks, seconds=90, carried_out=carried_out)
    assert main(["explain", "2001:db8:1:2::7", "--json", "--data", str(paths.data)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert said in found["undo"][0]
    assert "honeypost allow 2001:db8:1:2::7" in found["undo"][0]
    assert "2001:db8:1::/48" in found["undo"][1]
    first = found["evidence"][0]
    assert first["reason"] == "penalty"
    assert "2 different wrong logins of 2001:db8:1:2::/64; rung 1." in first["because"]
    assert ("only observed" in first["because"]) is not carried_out
    assert first["answer"] == "nothing: no new mail session is answered for 90 s"


def test_explain_says_when_nothing_stands(paths, capsys):
    impose(paths, *TWO, seconds=-1, carried_out=True)
    for name in ("198.51.100.7", "2001:db8:1:2::/64"):
        assert main(["explain", name, "--json", "--data", str(paths.data)]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["undo"][0] == "nothing holds against it now: no penalty stands"
