"""What it does is tested with the real Postfix; here, that it says what it must."""

from __future__ import annotations

import pytest

from honeypost.beside.postfix.containment_config import Service
from honeypost.beside.postfix.requeue_config import LocalMail

OURS = "regexp:{{/^X-Qr7tW2k:/ FILTER decoy:unix:/x}}"
STOCK = {
    "header_checks": "",
    "mime_header_checks": "$header_checks",
    "nested_header_checks": "$header_checks",
    "body_checks": "",
}


def cleanup(*options):
    return Service("own", "unix", "n - y - 0 cleanup", options)


def options(mail):
    return dict(mail.requeue_cleanup(OURS).options)


def test_a_stock_site_gets_one_header_check_and_nothing_else():
    mail = LocalMail(cleanup(), STOCK)
    assert mail.pickup_options() == (("cleanup_service_name", "cleanup-requeue"),)
    assert options(mail) == dict.fromkeys(STOCK, "") | {"header_checks": OURS}


def test_what_the_site_checks_stands_behind_ours_and_in_parts_without_ours():
    site = {**STOCK, "header_checks": "regexp:/a, static:b", "body_checks": "regexp:{{/x/ OK}}"}
    site["nested_header_checks"] = "${header_checks} pcre:/c $(header_checks) $header_checks_not"
    assert options(LocalMail(cleanup(), site)) == {
        "header_checks": f"{OURS}, regexp:/a, static:b",
        "mime_header_checks": "regexp:/a, static:b",
        "nested_header_checks": (
            "regexp:/a, static:b pcre:/c regexp:/a, static:b $header_checks_not"
        ),
        "body_checks": "regexp:{{/x/ OK}}",
    }


def test_it_is_a_copy_of_the_cleanup_that_stood_there():
    own = LocalMail(cleanup(("syslog_name", "x"), ("header_checks", "static:b")), STOCK)
    made = own.requeue_cleanup(OURS)
    assert made.text().startswith(
        "cleanup-requeue unix n - y - 0 cleanup\n  -o { syslog_name = x }\n"
    )
    assert [name for name, _ in made.options].count("header_checks") == 1


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("no_header_body_checks",), ""),
        (
            ("no_milters", "no_header_body_checks", "no_address_mappings"),
            "no_milters,no_address_mappings",
        ),
    ],
)
def test_where_nothing_is_checked_ours_is_the_only_check(words, kept):
    mail = LocalMail(cleanup(), {**STOCK, "header_checks": "static:b"}, words)
    assert mail.pickup_options()[1:] == (("receive_override_options", kept),)
    assert options(mail) == dict.fromkeys(STOCK, "") | {"header_checks": OURS}


def test_other_words_stay_where_they_are():
    assert len(LocalMail(cleanup(), STOCK, ("no_milters",)).pickup_options()) == 1
