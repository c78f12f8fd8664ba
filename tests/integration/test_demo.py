"""
The demo as the end-to-end test: real processes, real sockets, real stores.

It is played once; then each of its claims is shown to fail when what it speaks of is not so.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from honeypost.app.demo.claims import Judge
from honeypost.cli.demo import play
from honeypost.cli.main import main
from honeypost.cli.schema import described
from honeypost.cli.stage import PlainStage
from honeypost.events import DecoyAdopted, LoginRefused
from honeypost.intel.lineage import Lineages
from support.waiting import until

COMMANDS = (
    "status",
    "accounts",
    "captures",
    "explain info@example.org",
    "explain 127.77.1.1",
    "explain anna",
)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Play it once."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with (folder.parent / "shown").open("w") as shown:
        return play(PlainStage(Console(file=shown)), folder, fast=True)


def test_every_claim_holds(judge: Judge) -> None:
    assert [claim.text for claim in judge.claims() if not claim.holds] == []
    assert len(judge.traced) == 1
    assert len(judge.links) == 7


def test_what_up_printed_is_valid(judge: Judge) -> None:
    Draft202012Validator(described("up")).validate(judge.site.ready)
    assert set(judge.site.pids) == {"up", "edge", "worker"}


def test_both_sides_are_told(judge: Judge) -> None:
    shown = (judge.site.data.parent / "shown").read_text()
    assert shown.index("Act 1") < shown.index("Act 2") < shown.index("WON ") < shown.index("Act 3")
    assert shown.index("Act 4") < shown.index("HANDED OVER")
    assert shown.count("HANDED OVER") == 3


def without_one_mail(judge: Judge) -> None:
    judge.bodies.popitem()


def with_one_byte_changed(judge: Judge) -> None:
    name, body = judge.bodies.popitem()
    judge.bodies[name] = body.replace(b"\r\n", b"\n", 1)


def with_a_lost_recipient(judge: Judge) -> None:
    letter = judge.attack.sent[-1]
    judge.attack.sent[-1] = replace(
        letter, recipients=(*letter.recipients, "more@lakeside.example")
    )


def without_a_report(judge: Judge) -> None:
    judge.reports = {}


def without_handover(judge: Judge) -> None:
    judge.observer.lineages = Lineages()


def with_a_wrong_one_taken(judge: Judge) -> None:
    judge.attack.wrong_refused = False


def closed_elsewhere(judge: Judge) -> None:
    judge.attack.works_elsewhere = False


def with_a_host_that_came_twice(judge: Judge) -> None:
    judge.attack.tried.append(judge.attack.tried[0])


def with_a_secret_of_the_real_name(judge: Judge) -> None:
    for number, entry in enumerate(judge.observer.entries):
        if isinstance(entry.event, LoginRefused) and entry.event.account == "anna@example.org":
            kept = replace(entry, event=replace(entry.event, secret_tag="00"))
            judge.observer.entries[number] = kept


def with_a_decoy_of_the_real_name(judge: Judge) -> None:
    decoy = next(iter(judge.decoys.values()))
    judge.decoys["anna@example.org"] = replace(decoy, account="anna@example.org")


def with_another_counter(judge: Judge) -> None:
    for number, entry in enumerate(judge.observer.entries):
        if isinstance(entry.event, DecoyAdopted):
            altered = replace(entry, event=replace(entry.event, secret="no-word-of-any-list"))
            judge.observer.entries[number] = altered
            return


def with_a_way_out(judge: Judge) -> None:
    judge.observer.outwards.add("tcp a -> b")


def with_a_first_try_that_won(judge: Judge) -> None:
    assert judge.attack.prize is not None
    lineage = judge.observer.lineages.accounts[judge.attack.prize.account]
    assert lineage.adoption is not None
    lineage.adoption.distinct_failures = 0


@pytest.mark.parametrize(
    ("spoil", "claim"),
    [
        (without_one_mail, "every mail told 250 is kept, byte for byte"),
        (with_one_byte_changed, "every mail told 250 is kept, byte for byte"),
        (with_a_lost_recipient, "their recipients are known"),
        (without_a_report, "their links were found"),
        (without_handover, "the handover was seen, with its lineage"),
        (with_a_wrong_one_taken, "another password stays wrong"),
        (closed_elsewhere, "the same one works on another port"),
        (with_a_host_that_came_twice, "forty hosts guessed once each"),
        (with_a_secret_of_the_real_name, "the real person's name was left alone"),
        (with_a_decoy_of_the_real_name, "the real person's name was left alone"),
        (with_another_counter, "every answer follows from the stored evidence"),
        (with_a_way_out, "no process of ours opened a connection"),
        (with_a_first_try_that_won, "a guess won, and not a first one"),
    ],
)
def test_a_claim_fails_when_it_is_not_so(
    judge: Judge, spoil: Callable[[Judge], None], claim: str
) -> None:
    spoilt = copy.copy(judge)
    spoilt.attack = replace(judge.attack, tried=[*judge.attack.tried], sent=[*judge.attack.sent])
    spoilt.observer = replace(
        judge.observer,
        entries=[*judge.observer.entries],
        outwards=set(),
        lineages=copy.deepcopy(judge.observer.lineages),
    )
    spoilt.bodies, spoilt.decoys = dict(judge.bodies), dict(judge.decoys)
    spoil(spoilt)
    assert claim in [each.text for each in spoilt.claims() if not each.holds]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_reads_what_it_left(
    judge: Judge, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prize = judge.attack.prize
    assert prize is not None
    command = line.replace("info@example.org", prize.account).split()
    assert main([*command, "--data", str(judge.site.data)]) == 0
    assert capsys.readouterr().out
    assert main([*command, "--json", "--data", str(judge.site.data)]) == 0
    validator = Draft202012Validator(described(command[0]))
    for printed in capsys.readouterr().out.splitlines():
        validator.validate(json.loads(printed))


def test_the_command_itself(tmp_path: Path) -> None:
    """As a newcomer types it, but fast; with ``--assert`` it is its own judge."""
    done = subprocess.run(
        [sys.executable, "-m", "honeypost.cli.main", "demo", "--headless", "--assert", "--fast", "--json"],
        capture_output=True, text=True, timeout=90, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    result = json.loads(line)
    Draft202012Validator(described("demo")).validate(result)
    assert (result["messages_left"], result["credentials_traced"], result["hosts"]) == (0, 1, 40)
    assert result["seconds"] < 60
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_no_process_stays(tmp_path: Path, number: signal.Signals) -> None:
    # A shell starts what runs in its background with SIGINT ignored, and that is inherited.
    heeding = ("env", "--default-signal=HUP,INT")
    demo = subprocess.Popen(
        [*heeding, sys.executable, "-m", "honeypost.cli.main", "demo", "--headless"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    try:
        until(lambda: announced(tmp_path), seconds=60)
        pids = announced(tmp_path)
        demo.send_signal(number)
        demo.wait(30)
        until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids), seconds=30)
    finally:
        demo.kill()
        demo.wait()
    if number is not signal.SIGKILL:
        assert demo.returncode == 130
        assert list(tmp_path.iterdir()) == []


def announced(folder: Path) -> list[int]:
    """Give the processes that the demo below this folder started, none before they answer."""
    for path in folder.glob("honeypost-*/running.json"):
        if content := path.read_text():
            return list(json.loads(content)["pids"].values())
    return []
