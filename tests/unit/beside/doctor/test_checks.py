"""Each check on stand-ins: what is ok, what is red, what cannot be proven."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from honeypost.beside.doctor.case import Account
from honeypost.beside.doctor.checks import (
    budgets,
    chain,
    containment,
    decoy_mail,
    fail_open,
    findings,
    mailbox,
    names,
    order,
    own_addresses,
    real_names,
    relay,
    sockets,
    timing,
    unknown_names,
    versions,
)
from honeypost.beside.doctor.examination import examine_host
from honeypost.beside.doctor.results import Check
from honeypost.errors import HoneypostError
from honeypost.model import Secret

from .conftest import Doveadm, Noted, Session

ME = Account("alice@example.org", Secret(b"right"))
IN = "passdb: alice auth succeeded extra fields: user=alice"


def marks(check, case):
    return [str(result.mark) for result in check.look(case)]


def with_system(case, **changes):
    return replace(case, site=replace(case.site, system=replace(case.site.system, **changes)))


def with_postfix(case, **changes):
    return replace(case, site=replace(case.site, postfix=replace(case.site.postfix, **changes)))


@pytest.mark.parametrize(("version", "mark"), [((3, 7, 11), "ok"), ((3, 4), "warn"), ((), "warn")])
def test_versions(case, version, mark):
    assert marks(versions.CHECK, with_postfix(case, version=version)) == [mark]


def test_a_refusing_finding_is_red(case):
    bad = with_postfix(case, settings={**case.site.postfix.settings, "luser_relay": "x"})
    assert findings.CHECK.look(bad) is not None
    no_lua = replace(case.site, dovecot=replace(case.site.dovecot, lua=False))
    assert "red" in marks(findings.CHECK, replace(case, site=no_lua))


def test_a_site_without_us_has_neither_order_nor_chain(case):
    assert set(marks(order.CHECK, case)) == {"red"}
    assert set(marks(chain.CHECK, case)) == {"red"}


def test_sockets_are_tried(case, tmp_path):
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0o666)
        listeners = replace(case.config.listeners, lmtp=f"unix:{path}", lookup="")
        open_case = replace(case, config=replace(case.config, listeners=listeners))
        open_case = with_postfix(
            open_case, settings={"mail_owner": "nobody-at-all"}, queue_directory=tmp_path
        )
        assert marks(sockets.CHECK, open_case)[0] in ("ok", "warn")
    path.unlink()
    assert marks(sockets.CHECK, open_case)[0] == "red"


@pytest.mark.parametrize(
    ("name", "command", "chroot", "below", "mark"),
    [
        ("policy", "smtpd", True, False, "red"),
        ("policy", "smtpd", True, True, "ok"),
        ("policy", "smtpd", False, False, "ok"),
        ("policy", "lmtp", True, False, "ok"),
        ("lmtp", "lmtp", True, False, "red"),
        ("limbo", "lmtp", True, False, "red"),
    ],
)
def test_a_socket_outside_the_chroot_is_none(case, tmp_path, *, name, command, chroot, below, mark):
    services = tuple(
        replace(each, chroot=chroot and each.command == command)
        for each in case.site.postfix.services
    )
    if command == "lmtp":
        services += (replace(services[0], command="lmtp", chroot=chroot),)
    path = tmp_path / "s"
    queue = tmp_path if below else tmp_path / "queue"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0o600)
        config = replace(
            case.config,
            listeners=replace(case.config.listeners, lookup="", **{name: f"unix:{path}"}),
        )
        tried = with_postfix(
            replace(case, config=config), services=services, queue_directory=queue,
            settings={"mail_owner": "nobody-at-all"},
        )  # fmt: skip
        assert marks(sockets.CHECK, tried) == [mark]


def test_each_closed_socket_names_its_own_mend(case, tmp_path):
    listeners = replace(case.config.listeners, lookup="", policy=f"unix:{tmp_path}/none")
    around = replace(case.config.beside, userdb_socket=f"{tmp_path}/x-userdb")
    tried = replace(case, config=replace(case.config, listeners=listeners, beside=around))
    tried = with_postfix(tried, queue_directory=tmp_path)
    policy, names = sockets.CHECK.look(tried)
    assert "honeypost-policy*.socket" in policy.mend
    assert "doveadm reload" in names.mend


def test_no_containment_is_red_and_none_attached_is_skipped(case):
    assert marks(containment.CHECK, case) == ["red"]
    plain = replace(case.config, beside=replace(case.config.beside, containment=""))
    assert marks(containment.CHECK, replace(case, config=plain)) == ["skipped"]


def test_every_trusted_network_must_be_spared(case):
    bare = replace(case.config, beside=replace(case.config.beside, no_decoys_from=("::1/128",)))
    assert "red" in marks(own_addresses.CHECK, replace(case, config=bare))
    every = replace(bare.beside, no_decoys_from=("0.0.0.0/0", "::/0"))
    spared = replace(case, config=replace(bare, beside=every))
    assert marks(own_addresses.CHECK, spared) == ["ok"]


@pytest.mark.parametrize(
    ("mode", "allowed", "said"),
    [
        ("observe", (), ["ok"]),
        ("on", (), ["ok", "warn"]),
        ("on", ("203.0.113.0/24",), ["ok", "warn"]),
        ("on", ("203.0.113.0/24", "2001:db8:5::/48"), ["ok", "ok"]),
    ],
)
def test_no_penalty_may_hit_the_host_itself(case, mode, allowed, said):
    around = replace(case.config.beside, no_decoys_from=("0.0.0.0/0", "::/0"))
    penalties = replace(case.config.penalties, mode=mode)
    config = replace(case.config, beside=around, penalties=penalties)
    own = replace(case, config=config, addresses=("203.0.113.5", "2001:db8:5::1"),
                  evidence=Noted(spared=allowed))  # fmt: skip
    assert marks(own_addresses.CHECK, own) == said


@pytest.mark.parametrize(
    ("memory", "mark"), [(None, "warn"), (100 << 20, "red"), (300 << 20, "warn"), (1 << 30, "ok")]
)
def test_budgets_against_the_memory(case, memory, mark, tmp_path):
    small = replace(with_system(case, memory_bytes=memory), root=tmp_path)
    assert marks(budgets.CHECK, small) == [mark]


def test_a_unit_that_kills_before_the_edge_sheds_is_red(case, tmp_path):
    limit = tmp_path / budgets.CGROUP
    limit.parent.mkdir(parents=True)
    limit.write_text("1048576\n")
    assert marks(budgets.CHECK, replace(case, root=tmp_path)) == ["red"]
    limit.write_text("max\n")
    rich = replace(with_system(case, memory_bytes=1 << 30), root=tmp_path)
    assert marks(budgets.CHECK, rich) == ["ok"]


def test_names_are_judged_by_the_dns_when_it_answers(case):
    settings = {**case.site.postfix.settings, "myhostname": "mx.example.org"}
    known = {("example.org", "MX"): ["10 mx.example.org."], ("mx.example.org", "A"): ["192.0.2.9"],
             ("192.0.2.9", "PTR"): ["mx.example.org."]}  # fmt: skip
    named = replace(
        with_postfix(case, settings=settings, services=()),
        ask_dns=lambda name, kind: known.get((name, kind), []),
    )
    assert marks(names.CHECK, named) == ["ok", "warn", "ok", "ok"]
    known[("192.0.2.9", "PTR")] = ["else.example.net."]
    known[("example.org", "MX")] = []
    assert marks(names.CHECK, named)[2:] == ["warn", "warn"]
    assert marks(names.CHECK, replace(named, ask_dns=lambda _n, _k: None))[2:] == ["not proven"] * 2


def test_a_telling_name_is_a_warning(case):
    trap = with_postfix(case, settings={"myhostname": "honeypot.example.org"}, services=())
    assert marks(names.CHECK, trap)[0] == "warn"


@pytest.mark.parametrize(("code", "mark"), [(250, "red"), (454, "ok"), (554, "ok")])
def test_an_open_relay_is_red(case, code, mark):
    session = Session(case.clock, lambda _: code)
    settings = {**case.site.postfix.settings, "mynetworks": "192.0.2.0/24"}
    tried = replace(with_postfix(case, settings=settings), connect=lambda *_: session)
    assert marks(relay.CHECK, tried) == [mark]
    assert "DATA" not in session.lines


def test_relaying_is_not_proven_where_every_address_is_trusted(case):
    settings = {**case.site.postfix.settings, "mynetworks": "127.0.0.0/8 [::1]/128"}
    assert marks(relay.CHECK, with_postfix(case, settings=settings)) == ["not proven"]


@pytest.mark.parametrize(("questions", "mark"), [(1, "ok"), (0, "red")])
def test_an_unknown_name_must_reach_the_decoys(case, questions, mark):
    case = replace(case, evidence=Noted(questions))
    assert marks(unknown_names.CHECK, case) == [mark]
    ((command, given),) = case.run.asked
    assert given.strip() not in " ".join(command)
    assert any(word.startswith("rip=2001:db8:") for word in command)


def test_an_unknown_name_that_gets_in_is_red(case):
    assert marks(unknown_names.CHECK, replace(case, run=Doveadm(IN))) == ["red"]


@pytest.mark.parametrize(("questions", "mark"), [(1, "red"), (0, "ok")])
def test_a_real_name_must_not(case, questions, mark):
    asked = replace(case, evidence=Noted(questions), account=ME)
    assert marks(real_names.CHECK, asked) == [mark]
    assert marks(real_names.CHECK, replace(asked, account=None)) == ["not proven"]


@pytest.mark.parametrize(
    ("says", "mark"),
    [(IN, "ok"), ("auth failed", "red"), ("auth succeeded user=x@m1.invalid", "red")],
)
def test_the_mailbox_answers_as_itself(case, says, mark):
    assert marks(mailbox.CHECK, replace(case, account=ME, run=Doveadm(says))) == [mark]
    assert marks(mailbox.CHECK, replace(case, account=Account("alice"))) == ["not proven"]


@pytest.mark.parametrize("says", ["", "auth failed code=temp_fail"])
def test_a_dovecot_that_cannot_judge_proves_nothing(case, says):
    broken = replace(case, account=ME, run=Doveadm(says))
    ((_, result),) = examine_host(broken, [mailbox.CHECK])
    assert result.mark == "not proven"


@pytest.mark.parametrize(("late", "mark"), [(0.002, "ok"), (0.02, "warn")])
def test_timing_compares_medians(case, late, mark):
    session = Session(
        case.clock,
        lambda line: 250 if "postmaster" in line else 550,
        lambda line: late if line.startswith("RCPT") and "postmaster" not in line else 0.0,
    )
    assert marks(timing.CHECK, replace(case, connect=lambda *_: session)) == [mark]
    assert sum(line.startswith("RCPT") for line in session.lines) == 40


def test_timing_needs_an_address_that_is_taken(case):
    session = Session(case.clock, lambda _: 550)
    assert marks(timing.CHECK, replace(case, connect=lambda *_: session)) == ["not proven"]


def state_of(pid):
    text = Path(f"/proc/{pid}/stat").read_text()
    return text.rpartition(")")[2].split()[0]


@pytest.mark.parametrize(("says", "mark"), [(IN, "ok"), ("auth failed", "red")])
def test_the_edge_stands_still_for_one_login_and_goes_on(case, says, mark):
    edge = subprocess.Popen(["sleep", "60"])
    seen = []

    def run(command, given=""):
        seen.append(state_of(edge.pid))
        return Doveadm(says if len(seen) > 1 else IN)(command, given)

    try:
        tried = replace(case, account=ME, stop_edge=True, edge_pid=edge.pid, run=run)
        assert marks(fail_open.CHECK, tried) == [mark]
        assert seen[1] == "T"
        assert state_of(edge.pid) != "T"
    finally:
        os.kill(edge.pid, signal.SIGKILL)
        edge.wait()


def test_the_edge_is_stopped_only_when_asked(case):
    assert marks(fail_open.CHECK, case) == ["skipped"]
    asked = replace(case, stop_edge=True)
    assert marks(fail_open.CHECK, asked) == ["not proven"]
    assert marks(fail_open.CHECK, replace(asked, account=ME)) == ["not proven"]


@pytest.mark.parametrize(("caught", "mark"), [(True, "ok"), (False, "red")])
def test_a_decoys_message_must_be_captured(case, caught, mark):
    session = Session(case.clock, lambda _: 250)
    won = Noted(caught=caught, won=("info@example.org", Secret(b"123456")))
    sent = replace(case, deep=True, evidence=won, addresses=("203.0.113.5",),
                   connect=lambda *_: session)  # fmt: skip
    assert marks(decoy_mail.CHECK, sent) == [mark]
    assert session.lines[-1].endswith("@doctor.invalid")


def test_a_decoys_message_is_sent_only_when_asked(case):
    assert marks(decoy_mail.CHECK, case) == ["skipped"]
    assert marks(decoy_mail.CHECK, replace(case, deep=True)) == ["not proven"]


def test_what_a_check_cannot_do_is_told():
    def look(_):
        raise HoneypostError("no")
        yield

    ((_, result),) = examine_host(None, [Check("x", "", "", look)])
    assert result.mark == "not proven"
