from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.beside.attach.caps import EXCEPTIONS, caps_settings
from support.attach_site import AttachSite

LIMIT, PREFIX = "smtpd_client_connection_count_limit", "smtpd_client_ipv6_prefix_length"


def caps(tmp_path, settings, *, raw=(), version=(3, 10, 13)):
    postfix = AttachSite(tmp_path).site.postfix
    changed = replace(postfix, settings=settings, raw=dict(raw), version=version)
    return caps_settings(changed, ("192.0.2.0/24", "2001:db8::/32")).main


@pytest.mark.parametrize(
    ("theirs", "stands"), [("50", "25"), ("0", "25"), ("26", "25"), ("", "25"), ("25", None), ("8", None)]
)  # fmt: skip
def test_what_the_site_limits_more_strictly_stays(tmp_path, theirs, stands):
    assert caps(tmp_path, {LIMIT: theirs}).get(LIMIT) == stands


def test_networks_are_counted_as_we_count_them_unless_larger_ones_are(tmp_path):
    assert caps(tmp_path, {PREFIX: "84", "smtpd_client_ipv4_prefix_length": "32"})[PREFIX] == "64"
    assert PREFIX not in caps(tmp_path, {PREFIX: "48"})
    assert PREFIX not in caps(tmp_path, {}, version=(3, 7, 11))


def test_whom_the_site_does_not_count_nor_do_we(tmp_path):
    theirs = "$mynetworks, hash:/etc/postfix/friends"
    found = caps(tmp_path, {"mynetworks": "192.0.2.0/24 [::1]/128"}, raw={EXCEPTIONS: theirs})
    assert found[EXCEPTIONS] == f"{theirs}, [2001:db8::]/32"
    assert caps(tmp_path, {})[EXCEPTIONS] == "$mynetworks, 192.0.2.0/24, [2001:db8::]/32"
