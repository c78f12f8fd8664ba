from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.record import Layer, Limbo
from honeypost.beside.attach.trial.run import below, make_orders, stranger
from support.attach_site import AttachSite


def test_the_child_is_told_all_that_it_needs(tmp_path):
    site = AttachSite(tmp_path)
    orders = make_orders(site.plan(), site.site, site.wanted(), tmp_path / "t", real_name="bob")
    assert (orders.sink, orders.policy) == ("private/honeypost-lmtp", "private/honeypost-policy")
    assert [s.label for s in orders.submissions] == ["submission/inet"]
    assert len(orders.files) == len(site.plan().files)
    assert orders.real_name == "bob"
    assert (orders.outside, orders.limbo) == ([], None)


def test_with_a_late_bounce_the_services_from_outside_are_named(tmp_path):
    site, limbo = AttachSite(tmp_path), Limbo("t", "private/x", ["example.org"])
    layers = {Layer.ACCEPTANCE: PostfixSettings(options={"submission/inet": [("a", "b")]})}
    plan = site.plan(layers=layers, limbo=limbo)
    orders = make_orders(plan, site.site, site.wanted(), tmp_path / "t")
    assert (orders.outside, orders.limbo) == (["submission/inet"], limbo)
    assert orders.stranger == "198.51.100.1"  # 192.0.2.0/24 is the site's own


def test_a_stranger_is_nobody_of_the_site():
    assert stranger(["127.0.0.0/8"]) == "192.0.2.1"
    assert stranger(["0.0.0.0/0"]) == "2001:db8::1"
    with pytest.raises(AttachFailed, match="nobody can play a stranger"):
        stranger(["0.0.0.0/0", "::/0"])


def test_our_sockets_lie_below_the_queue():
    queue = Path("/var/spool/postfix")
    assert below(queue, "unix:/var/spool/postfix/private/x") == "private/x"
    assert below(queue, "unix:private/x") == "private/x"
    for endpoint in ("unix:/run/x", "inet:127.0.0.1:25"):
        with pytest.raises(AttachFailed, match="is not a socket below"):
            below(queue, endpoint)
