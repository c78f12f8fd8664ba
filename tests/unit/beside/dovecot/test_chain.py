"""What the chain does is tested with the real Dovecot; here, that it says what it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.beside.dovecot.chain import PAM_DENY, DecoyChain, names_socket, report_only


def chain(**changes):
    parts = {
        "directory": Path("/etc/dovecot/honeypost"),
        "url": "http://127.0.0.1:2740/",
        "key": "k3y",
        "marker_domain": "k7qp2mzx.invalid",
        "uid": 5001,
        "gid": 5001,
        "home": Path("/var/lib/honeypost/decoys"),
    }
    return DecoyChain(**parts | changes)


def test_the_guard_stands_before_the_decoys_and_stops_the_chain():
    text = chain().passdbs()
    guard, decoy = text.index("guard.lua blocking=no"), text.index("decoy.lua blocking=yes")
    assert guard < decoy
    assert text.count("result_failure = return-fail") == 1
    assert text.count("result_internalfail = return-fail") == 1
    assert "cache_key=%u%w%r" in text


def test_copies_that_deny_stand_before_the_guard():
    text = chain(deny=(PAM_DENY,)).passdbs()
    assert text.startswith("passdb {\n  driver = passwd\n  deny = yes\n}\n")


def test_decoys_bring_their_own_user_data():
    assert chain().userdb() == "userdb {\n  driver = prefetch\n}\n"


def test_settings_are_one_lua_table():
    text = chain(fields={"userdb_namespace/public/disabled": "yes"}).settings()
    assert text.startswith("return {\n")
    assert text.endswith("}\n")
    assert '  key = "k3y",\n' in text
    assert '["userdb_namespace/public/disabled"] = "yes"' in text
    assert '["userdb_quota_rule"] = "*:storage=1M:messages=1000"' in text


@pytest.mark.parametrize("value", ['a"b', "a\\b", "a\nb", "a]]..os.exit()--$"])
def test_what_lua_could_misread_is_refused(value):
    with pytest.raises(ValueError, match="cannot stand"):
        chain(key=value).settings()


def test_the_names_socket_has_the_name_that_limits_its_rights():
    text = names_socket(Path("/run/dovecot/honeypost-userdb"), "honeypost")
    assert "mode = 0600" in text
    assert "user = honeypost" in text
    with pytest.raises(ValueError, match="userdb"):
        names_socket(Path("/run/dovecot/honeypost"), "honeypost")


def test_reports_are_never_asked_for_permission():
    text = report_only("http://127.0.0.1:2730/", "k3y", "n0nce")
    assert "auth_policy_check_before_auth = no\n" in text
    assert "auth_policy_check_after_auth = no\n" in text
    assert "auth_policy_report_after_auth = yes\n" in text
    assert "auth_policy_server_api_header = X-Key: k3y\n" in text
