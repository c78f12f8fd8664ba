from pathlib import Path

import pytest

from honeypost.beside.survey.site import AuthListener, OtherInstance
from honeypost.beside.survey.themes import submission
from support.changed_site import both, dovecot, main, postfix, service

LOGGED_IN = {"smtpd_sasl_auth_enable": "yes"}


def listening(site, *paths):
    more = tuple(AuthListener(path, "0660", "", "") for path in paths)
    return dovecot(listeners=(*site.dovecot.listeners, *more))


def test_no_login_at_all(new):
    off = service("submission", options={"smtpd_sasl_auth_enable": "no"})
    codes = [code for code, _ in new(submission, off)]
    # The socket that Postfix no longer asks at is now anybody's.
    assert codes == ["no-sasl"]


def test_the_backend_must_be_this_hosts_dovecot(new):
    assert new(submission, main(smtpd_sasl_type="cyrus"))[0][0] == "sasl-not-dovecot"
    for path in ("private/other", "inet:192.0.2.1:99", "inet:127.0.0.1:100"):
        assert "sasl-elsewhere" in [c for c, _ in new(submission, main(smtpd_sasl_path=path))]


@pytest.mark.parametrize(
    "path", ["inet:127.0.0.1:99", "unix:private/auth", "private/../private/auth"]
)
def test_a_socket_may_be_named_in_several_ways(new, site, path):
    change = both(listening(site, "inet:*:99"), main(smtpd_sasl_path=path))
    assert "sasl-elsewhere" not in [code for code, _ in new(submission, change)]


def test_a_socket_below_base_dir(new, site):
    base = site.dovecot.settings["base_dir"]
    assert new(submission, main(smtpd_sasl_path=f"{base}/auth-client")) != []
    change = both(dovecot(listeners=(AuthListener("auth-client", "0660", "", ""),)),
                  main(smtpd_sasl_path=f"{base}/auth-client"))  # fmt: skip
    assert new(submission, change) == []


def test_sockets_of_others(new, site):
    found = new(submission, listening(site, "/run/exim-auth", "inet:*:99"))
    assert [code for code, _ in found] == ["auth-socket-open"] * 2
    assert found[1][1].startswith("Dovecot answers others at inet:*:99; whoever asks there")
    assert new(submission, listening(site, "/run/honeypost/names-userdb", "auth-legacy")) == []
    off = dovecot(listeners=(*site.dovecot.listeners, AuthListener("/x", "0000", "", "")))
    assert new(submission, off) == []


def test_another_instance_matters_when_it_asks_dovecot(new):
    quiet, asking = OtherInstance(Path("/a"), ""), OtherInstance(Path("/b"), "private/auth")
    found = new(submission, postfix(other_instances=(quiet, asking)))
    assert [(code, "(/b)" in text) for code, text in found] == [("other-instance", True)]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"smtpd_sender_restrictions": "reject_sender_login_mismatch"}, "login-mismatch-order"),
        (
            {"smtpd_client_restrictions": "reject_known_sender_login_mismatch"},
            "login-mismatch-elsewhere",
        ),
        (
            {"smtpd_restriction_classes": "own", "own": "reject_sender_login_mismatch",
             "smtpd_recipient_restrictions": "check_client_access inline:{192.0.2.1=own}"},
            "login-mismatch-elsewhere",
        ),
        ({"smtpd_recipient_restrictions": "reject_unverified_recipient"}, "verifies-addresses"),
        ({"smtpd_data_restrictions": "reject_unverified_sender"}, "verifies-addresses"),
        (
            {"smtpd_recipient_restrictions": "check_client_access hash:/var/lib/poprelay"},
            "pop-before-smtp",
        ),
    ],
)  # fmt: skip
def test_restrictions_that_tell_or_send_too_much(new, settings, code):
    assert [found for found, _ in new(submission, main(**settings))] == [code]


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("check_sasl_access regexp:{{{{/@m\\.invalid$/ permit}}}}, {0}", False),
        ("{0}, check_sasl_access regexp:{{{{/@m\\.invalid$/ permit}}}}", True),
        ("check_sasl_access hash:/own, {0}", True),
    ],
)
def test_our_permit_must_stand_before_a_mismatch(site, order, told):
    change = main(smtpd_sender_restrictions=order.format("reject_sender_login_mismatch"))
    found = [finding.code for finding in submission.find(change(site))]
    assert ("login-mismatch-order" in found) is told


def test_restrictions_that_are_covered_by_our_permit(new):
    assert new(submission, main(smtpd_sender_restrictions="reject_unverified_sender")) == []


def test_relaying_by_something_else_than_the_login(new):
    change = service("submission", options={"smtpd_relay_restrictions": "permit_mynetworks,reject"})
    assert [code for code, _ in new(submission, change)] == ["relay-not-by-login"]
