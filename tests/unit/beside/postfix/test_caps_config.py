import pytest

from honeypost.beside.postfix.caps_config import anvil, policy_check
from honeypost.errors import UsageError


def test_old_versions_count_by_address_and_new_ones_as_we_do():
    assert set(anvil((3, 7))) == {
        "smtpd_client_connection_count_limit", "smtpd_client_event_limit_exceptions",
    }  # fmt: skip
    assert anvil((3, 8))["smtpd_client_ipv6_prefix_length"] == "64"
    assert anvil((3, 10))["smtpd_client_ipv4_prefix_length"] == "32"


def test_allowed_networks_are_not_counted():
    settings = anvil((3, 7), ["192.0.2.0/24", "2001:db8::/32", "2001:db8::1"])
    assert settings["smtpd_client_event_limit_exceptions"] == (
        "$mynetworks, 192.0.2.0/24, [2001:db8::]/32, [2001:db8::1]"
    )


def test_the_check_fails_open_and_soon():
    assert policy_check("private/honeypost-policy") == (
        "check_policy_service { unix:private/honeypost-policy, timeout=1s,"
        " try_limit=1, default_action=DUNNO }"
    )


@pytest.mark.parametrize("socket", ["", "a b", "a,b", "a}", "$x", "a\nb", "ä"])
def test_a_path_that_postfix_would_misread_is_refused(socket):
    with pytest.raises(UsageError, match="cannot stand"):
        policy_check(socket)
