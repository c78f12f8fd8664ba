from __future__ import annotations

import grp
import pwd
from dataclasses import replace
from types import SimpleNamespace

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.record import Layer
from honeypost.beside.attach.wanted import Accounts, make_wanted, read_accounts
from honeypost.beside.survey.recipes import recipe_for
from honeypost.beside.survey.site import Domain, DomainKind, Fail2ban
from honeypost.config.schema import Config, SiteSecrets
from support.attach_site import HEADER, MARKER, AttachSite

SECRETS = SiteSecrets("00ff", bytes(32), MARKER, HEADER)
ACCOUNTS = Accounts(5001, 5002, 103, 999)


def wanted(tmp_path, domains, config=None):
    made = AttachSite(tmp_path)
    kinds = tuple(Domain(name, DomainKind.LOCAL) for name in domains)
    postfix = replace(made.site.postfix, domains=kinds, settings={"mynetworks": "192.0.2.0/24"})
    system = replace(made.site.system, fail2ban=Fail2ban(("203.0.113.5", "127.0.0.1/8"), ()))
    site = replace(made.site, postfix=postfix, system=system)
    return make_wanted(
        site, recipe_for(site), config or Config(), SECRETS, made.layout, accounts=ACCOUNTS
    )


def test_all_of_it_fits_together(tmp_path):
    made = wanted(tmp_path, ("example.org", "localhost", "localhost.localdomain"))
    assert made.found.domains == ("example.org",)
    assert made.found.spared[-1] == "192.0.2.0/24"
    assert made.found.never[:2] == Config().penalties.never[:2]
    assert made.found.never[-2:] == ("192.0.2.0/24", "203.0.113.5/32")
    assert made.layers == {}
    assert made.containment.sink == "unix:private/honeypost-lmtp"
    assert made.found.sink == f"unix:{tmp_path}/spool/private/honeypost-lmtp"
    chain = made.dovecot.chain
    assert (chain.uid, chain.gid, chain.key) == (5001, 5002, made.found.script_key)
    assert made.found.userdb_socket == f"{tmp_path}/run/honeypost-userdb"


def test_with_penalties_connections_are_capped(tmp_path):
    config = Config(penalties=replace(Config().penalties, mode="on"))
    caps = wanted(tmp_path, ("example.org",), config).layers[Layer.CAPS]
    assert caps.main["smtpd_client_connection_count_limit"] == "25"
    assert caps.main["smtpd_client_event_limit_exceptions"].endswith(", 203.0.113.5/32")


def test_loopback_names_are_better_than_none(tmp_path):
    assert wanted(tmp_path, ("localhost",)).found.domains == ("localhost",)
    with pytest.raises(AttachFailed, match="no domain in which decoys may be"):
        wanted(tmp_path, ())


def test_a_socket_that_postfix_may_not_reach_is_refused(tmp_path):
    config = Config(listeners=replace(Config().listeners, lmtp="unix:/run/x"))
    with pytest.raises(AttachFailed, match="does not lie below"):
        wanted(tmp_path, ("example.org",), config)


def test_the_users_are_looked_up_and_a_missing_one_is_named(monkeypatch):
    monkeypatch.setattr(pwd, "getpwnam", lambda _: SimpleNamespace(pw_uid=1, pw_gid=2))
    monkeypatch.setattr(grp, "getgrnam", lambda _: SimpleNamespace(gr_gid=3))
    assert read_accounts("dovecot") == Accounts(1, 2, 3, 3)

    def missing(name):
        raise KeyError(f"getpwnam(): name not found: {name!r}")

    monkeypatch.setattr(pwd, "getpwnam", missing)
    with pytest.raises(AttachFailed, match="honeypost-decoy"):
        read_accounts("dovecot")
