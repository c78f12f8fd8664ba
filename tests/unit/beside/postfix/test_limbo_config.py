"""The text of the late bounce; what it does is shown on a real Postfix."""

from __future__ import annotations

import re
import subprocess

import pytest

from conftest import program
from honeypost.beside.postfix.limbo_config import (
    SOCKET_NAMES,
    LimboConfig,
    MailboxTable,
    objections,
    socket_name,
)

TABLE = MailboxTable("hash:/etc/postfix/vmailbox", "lmtp:unix:private/dovecot-lmtp")
VIRTUAL = LimboConfig("private/dlmtp", "mail.example.org", "qT7wk2Lz", ("example.org",), (TABLE,))
SYSTEM = LimboConfig("private/dlmtp", "mail.example.org", "qT7wk2Lz", local=("example.org",))


def test_real_mailboxes_keep_their_transport_and_the_rest_comes_to_us() -> None:
    second = MailboxTable("proxy:mysql:/etc/postfix/users.cf", "virtual:")
    config = LimboConfig(
        "private/dlmtp", "m.x.org", "qT7wk2Lz", ("a.org", "b.org"), (TABLE, second)
    )
    assert config.main({"transport_maps": "hash:/etc/postfix/transport"}) == {
        "transport_maps": "hash:/etc/postfix/transport,"
        " pipemap:{hash:/etc/postfix/vmailbox, static:{lmtp:unix:private/dovecot-lmtp}},"
        " pipemap:{proxy:mysql:/etc/postfix/users.cf, static:{virtual:}},"
        " inline:{{a.org=limbo:unix:private/dlmtp}, {b.org=limbo:unix:private/dlmtp}}"
    }


def test_system_users_go_by_the_fallback() -> None:
    assert SYSTEM.main({}) == {"fallback_transport": "limbo:unix:private/dlmtp"}
    options = SYSTEM.outside_options({})
    assert options["local_recipient_maps"] == ""
    assert "smtpd_reject_unlisted_recipient" not in options


def test_other_domains_networks_and_logins_are_refused_as_before() -> None:
    config = LimboConfig(
        "private/dlmtp", "m.x.org", "qT7wk2Lz", ("a.org",), (TABLE,), own_networks=("10.0.0.0/8",)
    )
    options = config.outside_options({"smtpd_recipient_restrictions": "reject_x"}, sasl=True)
    assert options["smtpd_recipient_restrictions"] == (
        r"check_recipient_access regexp:{{!/@(a\.org)$$/ reject_unlisted_recipient}},"
        " check_sasl_access regexp:{{/./ reject_unlisted_recipient}},"
        " check_client_access cidr:{{10.0.0.0/8 reject_unlisted_recipient}}, reject_x"
    )
    assert options["smtpd_reject_unlisted_recipient"] == "no"


@pytest.mark.parametrize(
    ("sites", "ours"),
    [
        ("", "dsn, silent-discard"),
        ("chunking, silent-discard", "chunking, silent-discard, dsn"),
        ("etrn dsn", "etrn, dsn, silent-discard"),
    ],
)
def test_dsn_joins_what_the_site_keeps_back(sites: str, ours: str) -> None:
    options = SYSTEM.outside_options({"smtpd_discard_ehlo_keywords": sites})
    assert options["smtpd_discard_ehlo_keywords"] == ours


@pytest.mark.parametrize(
    ("wanted", "sites", "limit"), [(300, "0", "300"), (300, "50", None), (0, "", None)]
)
def test_a_client_has_so_many_recipients_a_minute(wanted, sites, limit) -> None:
    config = LimboConfig(
        "private/dlmtp", "m.x.org", "qT7wk2Lz", local=("a.org",), recipients_per_minute=wanted
    )
    options = config.outside_options({"smtpd_client_recipient_rate_limit": sites})
    assert options.get("smtpd_client_recipient_rate_limit") == limit


def test_only_the_one_550_passes_the_filter(tmp_path) -> None:
    """Postfix itself reads the table."""
    (service,) = SYSTEM.services()
    table = dict(service.options)["lmtp_delivery_status_filter"].replace("$$", "$")
    true = (
        "5.1.1 host mail.example.org[private/dlmtp] said: 550 5.1.1 <a@b> User doesn't exist: a@b"
        " (in reply to RCPT TO command)"
    )
    others = (
        "5.1.1 host mail.example.org[private/dlmtp] said: 550 5.1.1 no",
        "5.7.1 host mail.example.org[private/dlmtp] refused to talk to me: 554 5.7.1 go",
        "4.4.1 connect to mail.example.org[private/dlmtp]: Connection refused",
        "4.2.0 host mail.example.org[private/dlmtp] said: 450 4.2.0 <a@b> x",
    )
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n")

    def filtered(text: str) -> str:
        done = subprocess.run(
            [program("postmap"), "-c", str(tmp_path), "-q", text, table],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.strip()

    assert filtered(true) == true
    for other in others:
        assert filtered(other) == f"4.3.0 qT7wk2Lz {other.split(' ', 1)[1]}"
    assert filtered("2.0.0 250 2.0.0 Ok") == ""


def test_notices_about_us_are_recognised_by_any_of_their_lines() -> None:
    patterns = [
        re.compile(re.fullmatch(r"\{/(.*)/ DISCARD\}", rule)[1])
        for rule in SYSTEM.notice_patterns()
    ]

    def discarded(line: str) -> bool:
        return any(pattern.search(line) for pattern in patterns)

    for line in (
        "<a@b>: qT7wk2Lz connect",
        "<a@b>: connect to mail.example.org[private/dlmtp]:",
        "    mail.example.org[private/dlmtp] while receiving",
        "    mail.example.org[private/dlmtp] timed out while",
        "Diagnostic-Code: X-Postfix; lost connection with mail.example.org[private/dlmtp]",
    ):
        assert discarded(line), line
    for line in (
        "<a@b>: host mail.example.org[private/dlmtp] said: 550 5.1.1 <a@b> User doesn't",
        "<a@b>: host mail.example.org[private/dlmtp] said:",
        "<a@b>: host mail.example.org[private/dlmtp]",
        "Diagnostic-Code: smtp; 550 5.1.1 <a@b> User doesn't exist: a@b",
        "<x@y>: connect to mx.example.net[192.0.2.1]:25: Connection refused",
    ):
        assert not discarded(line), line


@pytest.mark.parametrize(
    "wrong",
    [
        {"socket": "/a b"},
        {"hostname": "x{y}"},
        {"hostname": "x" * 60 + ".org"},
        {"token": "a b c d e f"},
        {"virtual": ("a.org}",)},
        {"local": ("UPPER",)},
        {"virtual": (), "tables": ()},
        {"virtual": ()},
        {"tables": ()},
        {"tables": (MailboxTable("hash:/a, hash:/b", "virtual:"),)},
        {"tables": (MailboxTable("hash:/a", "lmtp:unix:x}"),)},
    ],
)
def test_what_would_not_stand_safely_is_refused(wrong) -> None:
    fields = {
        "socket": "private/dlmtp", "hostname": "m.x.org", "token": "qT7wk2Lz",
        "virtual": ("a.org",), "tables": (TABLE,),
    }  # fmt: skip
    with pytest.raises(ValueError):
        LimboConfig(**(fields | wrong))


def test_the_sockets_name_is_a_sites_own_for_good() -> None:
    keys = [bytes([number]) * 32 for number in range(64)]
    assert {socket_name(key) for key in keys} <= set(SOCKET_NAMES)
    assert len({socket_name(bytes([number])) for number in range(64)}) == len(SOCKET_NAMES)


def test_sites_that_the_delay_does_not_fit_are_told_why() -> None:
    assert objections({"maximal_queue_lifetime": "5d", "content_filter": " "}, 4 * 3600) == []
    assert objections({}, 4 * 3600) == []
    for lifetime in ("1d", "27h", "1", "x"):
        (reason,) = objections({"maximal_queue_lifetime": lifetime}, 4 * 3600)
        assert reason.startswith(f"maximal_queue_lifetime is {lifetime}: ")
    (reason,) = objections({"content_filter": "smtp:[127.0.0.1]:10024"}, 4 * 3600)
    assert reason.startswith("content_filter is set: ")
