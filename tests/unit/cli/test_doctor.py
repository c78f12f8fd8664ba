"""The doctor's screen, its options, and what it reads of what the edge has stored."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import typer
from rich.console import Console

from honeypost.app.presence import Claim, Presence
from honeypost.beside.doctor.results import Check, Mark, Result, ok, red, skipped
from honeypost.cli import doctor as doctor_module
from honeypost.cli.doctor import StoredEvidence, show
from honeypost.cli.main import main
from honeypost.config.schema import Config, Paths, Penalties
from honeypost.model import Secret
from honeypost.outbound.resolver import Unanswered
from honeypost.stores.allowances import AllowedNetwork, write_allowed
from support.history import ACCOUNT, GUESSERS

CHECK = Check("own addresses", "", "", lambda _: iter(()))
LONG = "no decoys for loopback and mynetworks: 127.0.0.0/8, ::1/128, 192.0.2.0/24, 2001:db8::/32"


@dataclass
class System:
    addresses: tuple[str, ...] = ("203.0.113.5",)


@dataclass
class Site:
    system: System


@pytest.fixture
def host(history: Paths, monkeypatch: pytest.MonkeyPatch):
    """A host where every check says what the test wants; gives the cases that were looked at."""
    seen = []
    results = [ok("fine"), skipped("not asked for", "--deep does it")]

    def examine(case):
        seen.append(case)
        return ((CHECK, result) for result in results)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(doctor_module, "read_site", lambda **_: Site(System()))
    monkeypatch.setattr(doctor_module, "examine_host", examine)
    return history, results, seen


def run(host, *options: str) -> int:
    return main(["doctor", "--data", str(host[0].data), *options])


def test_only_root_may_look(history: Paths, capsys, monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["doctor", "--data", str(history.data)]) == 2
    assert "only root" in capsys.readouterr().err


def test_all_in_order_ends_with_0(host, capsys) -> None:
    assert run(host) == 0
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "ok         own addresses fine",
        "skipped    own addresses not asked for",
        "                         -> --deep does it",
    ]
    (case,) = host[2]
    assert (case.account, case.deep, case.stop_edge, case.edge_pid) == (None, False, False, 0)
    assert case.addresses == ("203.0.113.5",)


def test_a_red_line_ends_with_1(host, capsys) -> None:
    host[1].append(red("broken", "mend it"))
    assert run(host, "--json") == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == {
        "check": "own addresses", "result": "red", "line": "broken", "mend": "mend it",
    }  # fmt: skip


def test_the_stop_is_announced_and_the_edge_is_known(host, capsys) -> None:
    with Claim(host[0].data) as claim:
        claim.announce(Presence(1.0, {}, {"edge": 4242}))
        assert run(host, "--stop-edge", "--deep") == 0
    assert "stopped for two seconds" in capsys.readouterr().err
    (case,) = host[2]
    assert (case.edge_pid, case.stop_edge, case.deep) == (4242, True, True)


@pytest.mark.parametrize(("typed", "password"), [("s3cret\n", b"s3cret"), ("\n", None), ("", None)])
def test_the_password_is_read_and_shown_to_nobody(
    host, capsys, monkeypatch, typed, password
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert run(host, "--test-account", "alice") == 0
    account = host[2][0].account
    assert account.name == "alice"
    assert account.password == (Secret(password) if password else None)
    assert "s3cret" not in "".join(capsys.readouterr()) + repr(host[2])


def test_on_a_terminal_it_is_asked_for_without_an_echo(host, monkeypatch) -> None:
    asked = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(
        typer, "prompt", lambda text, **how: asked.append((text, how["hide_input"])) or "s3cret"
    )
    assert run(host, "--test-account", "alice") == 0
    assert asked == [("password of alice", True)]
    assert host[2][0].account.password == Secret(b"s3cret")


@pytest.mark.parametrize("mark", list(Mark))
def test_eighty_columns_are_enough(mark: Mark) -> None:
    out = Console(file=io.StringIO(), width=80, highlight=False)
    show(
        out,
        CHECK,
        Result(mark, LONG, "add it to beside.no_decoys_from and restart honeypost; " * 2),
    )
    lines = out.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"{mark:<10} own addresses no decoys for loopback")
    indent = " " * 25
    assert all(line.startswith(indent) for line in lines[1:])
    mend = next(number for number, line in enumerate(lines) if "-> " in line)
    assert lines[mend].startswith(f"{indent}-> add it")
    # What is wrapped stands beside the words, not below the arrow.
    assert all(line.startswith(f"{indent}   ") for line in lines[mend + 1 :])


def test_what_the_edge_has_stored_is_the_evidence(told: Paths) -> None:
    evidence = StoredEvidence(told)
    assert evidence.asked(GUESSERS[1]) == 3
    assert evidence.asked("2001:db8::77") == 0
    assert evidence.captured("r0@outside.example")
    assert not evidence.captured("r0@elsewhere.example")
    assert not StoredEvidence(told, since=4e9).captured("r0@outside.example")
    name, secret = evidence.decoy()
    assert (name, secret) == (ACCOUNT, Secret(b"letmein"))


def test_before_anything_is_stored_there_is_none(tmp_path: Path) -> None:
    evidence = StoredEvidence(Paths(tmp_path))
    assert evidence.asked("192.0.2.1") == 0
    assert not evidence.captured("x@doctor.invalid")
    assert evidence.decoy() is None


def test_who_is_allowed_is_told(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    config = Config(penalties=replace(Penalties(), never=("10.0.0.0/8",)))
    write_allowed(paths.allowed, [AllowedNetwork("203.0.113.5/32", 1.0)])
    allowed = StoredEvidence(paths, config).allowed()
    assert {"203.0.113.5/32", "10.0.0.0/8", "127.0.0.0/8"} <= set(allowed)


def test_the_dns_is_asked_briefly(monkeypatch) -> None:
    asked = []

    class Record:
        def to_text(self) -> str:
            return "mail.example.org."

    class Resolver:
        def __init__(self, *, seconds: float) -> None:
            assert seconds <= 2

        def ask(self, name: str, kind: str):
            asked.append(name)
            if kind == "MX":
                raise Unanswered
            return [Record()]

    monkeypatch.setattr(doctor_module, "DnsResolver", Resolver)
    assert doctor_module._ask_dns("example.org", "MX") is None
    assert doctor_module._ask_dns("192.0.2.7", "PTR") == ["mail.example.org."]
    doctor_module._ask_dns("2001:db8::1", "PTR")
    assert asked[1] == "7.2.0.192.in-addr.arpa."
    assert asked[2].endswith("8.b.d.0.1.0.0.2.ip6.arpa.")
