from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from honeypost.beside.attach import host as module
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.host import Host, Proposal
from honeypost.beside.attach.record import State, all_kept, current, save
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
    monkeypatch.setattr(module, "Clear", partial(module.Clear, run=Commands()))
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
    assert world.host.detach() == []
    assert world.made.etc() == before
    with pytest.raises(AttachFailed, match="nothing is attached"):
        world.host.detach()


@pytest.mark.parametrize(("mode", "started"), [("on", 1), ("observe", 0)])
def test_with_penalties_their_helper_is_started_as_well(world, mode, started):
    commands = Commands()
    world.config = Config(penalties=replace(Config().penalties, mode=mode))
    host = replace(world.host, reloading=commands.reloading())
    host.attach(host.propose())
    firewall = [line for line in commands.called if "honeypost-firewall" in line]
    assert len(firewall) == started


def test_rolled_back_to_before_any_attachment(world):
    before = world.made.etc()
    names, attached = [], None
    for _ in range(2):
        world.host.attach(world.host.propose())
        names.append(current(world.made.layout).id)
        attached = world.made.etc()
        world.host.detach()
    with pytest.raises(AttachFailed, match=f"no backup x; there are: .*{names[0]}"):
        world.host.rollback("x")
    assert world.host.rollback(names[0]) == []
    world.host.attach(world.host.propose())
    assert world.host.rollback(names[0]) == []
    assert world.made.etc() == before
    assert current(world.made.layout) is None
    assert sorted(all_names(world)) == all_names(world)
    # Somebody puts a backup of /etc back that was made while we were attached.
    for name, (content, mode) in sorted(attached.items(), key=lambda item: item[1][1] > 0):
        path = world.made.base / name
        path.write_bytes(content) if mode else path.mkdir(exist_ok=True)
        path.chmod(mode or 0o755)
    assert world.host.rollback(names[1]) == []
    assert world.made.etc() == before


def all_names(world):
    return [name for name, record in all_kept(world.made.layout) if record]


def test_rolling_back_the_one_that_is_attached_is_detaching(world):
    before = world.made.etc()
    world.host.attach(world.host.propose())
    assert world.host.rollback(current(world.made.layout).id) == []
    assert world.made.etc() == before


def test_what_was_edited_since_keeps_an_older_one_from_being_put_back(world):
    world.host.attach(world.host.propose())
    name = current(world.made.layout).id
    world.host.detach()
    main = world.made.postfix / "main.cf"
    main.write_text(main.read_text() + "other = 1\n")
    world.host.attach(world.host.propose())
    attached = world.made.etc()
    with pytest.raises(AttachFailed, match=f"main.cf: edited since {name}"):
        world.host.rollback(name)
    assert world.made.etc() == attached
    assert world.host.detach() == []
    assert "other = 1" in main.read_text()


def test_a_backup_that_cannot_be_read_is_listed_without_its_record(world):
    world.host.attach(world.host.propose())
    name = current(world.made.layout).id
    (world.made.layout.backups / name / "attachment.json").write_text("{")
    assert list(all_kept(world.made.layout)) == [(name, None)]


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
