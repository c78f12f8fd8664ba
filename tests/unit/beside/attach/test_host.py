from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from honeypost.beside.attach import host as module
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.host import Host, Proposal
from honeypost.beside.attach.record import State, current, save
from honeypost.beside.attach.wanted import Accounts
from honeypost.beside.survey.kinds import Finding, Severity
from honeypost.beside.survey.site import Domain, DomainKind
from honeypost.config.schema import Config, SiteSecrets
from support.attach_site import HEADER, MARKER, AttachSite, Commands, fake_postconf

pytestmark = pytest.mark.usefixtures("as_root")
SECRETS = SiteSecrets("00ff", bytes(32), MARKER, HEADER)
REFUSAL = Finding("x", Severity.REFUSE, "It cannot be.", "Mend it.")


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A host whose survey is given, and whose daemons take every command."""
    made = AttachSite(tmp_path)
    domains = (Domain("example.org", DomainKind.LOCAL),)
    site = replace(made.site, postfix=replace(made.site.postfix, domains=domains))
    found = SimpleNamespace(findings=(), made=made, told=[], config=Config())
    monkeypatch.setattr(module, "read_site", lambda **_: site)
    monkeypatch.setattr(module, "examine", lambda _: found.findings)
    monkeypatch.setattr(module, "read_accounts", lambda _: Accounts(5001, 5001, 0, 0))
    plan = module.make_plan
    monkeypatch.setattr(module, "make_plan", lambda *a: plan(*a, fake_postconf))
    found.host = Host(
        layout=made.layout,
        secrets=SECRETS,
        load=lambda: found.config,
        reloading=Commands().reloading(),
        tell=found.told.append,
        trial=lambda *_, **__: ["it was tried"],
        probe=lambda _: None,
        loaded_seconds=0.0,
        sessions_seconds=0.0,
    )
    return found


def test_looked_at_attached_and_detached(world):
    before = world.made.etc()
    proposal = world.host.propose()
    assert "+++" in proposal.diff
    assert world.made.etc() == before
    world.host.attach(proposal)
    assert "  it was tried" in world.told
    with pytest.raises(AttachFailed, match="attached already, since"):
        world.host.attach(proposal)
    name = current(world.made.layout).id
    with pytest.raises(AttachFailed, match=f"attached is {name}, not x"):
        world.host.detach("x")
    assert world.host.detach(name) == []
    assert world.made.etc() == before
    with pytest.raises(AttachFailed, match="was undone already"):
        world.host.detach(name)
    with pytest.raises(AttachFailed, match="nothing is attached"):
        world.host.detach()


def test_a_refusal_ends_it_before_anything_is_planned(world):
    world.findings = (REFUSAL,)
    proposal = world.host.propose()
    assert proposal.refused == (REFUSAL,)
    with pytest.raises(AttachFailed, match="It cannot be"):
        world.host.attach(proposal)


def test_what_broke_off_must_be_rolled_back_first(world):
    proposal = world.host.propose()
    world.host.attach(proposal)
    record = current(world.made.layout)
    record.state = State.APPLYING
    save(record, world.made.layout)
    with pytest.raises(AttachFailed, match="broke off while applying: run honeypost rollback"):
        world.host.refuse_attached()


def test_a_diff_that_is_no_longer_true_is_not_carried_out(world):
    proposal = world.host.propose()
    (world.made.postfix / "main.cf").write_text("other = 1\n")
    with pytest.raises(AttachFailed, match="changed meanwhile"):
        world.host.attach(proposal)


def test_a_gap_in_the_operator_s_own_settings_is_refused(world):
    world.config = Config(beside=replace(Config().beside, no_decoys_from=("192.0.2.0/24",)))
    with pytest.raises(AttachFailed, match=r"without 127.0.0.0/8"):
        world.host.propose()


def test_a_proposal_without_findings_refuses_nothing():
    assert Proposal(None, (), None, None).refused == ()
