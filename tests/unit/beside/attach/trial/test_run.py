from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial.run import below, make_orders
from support.attach_site import AttachSite


def test_the_child_is_told_all_that_it_needs(tmp_path):
    site = AttachSite(tmp_path)
    orders = make_orders(site.plan(), site.site, site.wanted(), tmp_path / "t", real_name="bob")
    assert (orders.sink, orders.policy) == ("private/honeypost-lmtp", "private/honeypost-policy")
    assert [s.label for s in orders.submissions] == ["submission/inet"]
    assert len(orders.files) == len(site.plan().files)
    assert orders.real_name == "bob"


def test_our_sockets_lie_below_the_queue():
    queue = Path("/var/spool/postfix")
    assert below(queue, "unix:/var/spool/postfix/private/x") == "private/x"
    assert below(queue, "unix:private/x") == "private/x"
    for endpoint in ("unix:/run/x", "inet:127.0.0.1:25"):
        with pytest.raises(AttachFailed, match="is not a socket below"):
            below(queue, endpoint)
