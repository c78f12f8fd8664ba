import pytest

from honeypost.beside.survey.site import Table
from honeypost.beside.survey.themes import routing
from support.changed_site import both, main, postfix, service

BUDGET = "check_policy_service { unix:/x, timeout=3s, try_limit=1, default_action=DISCARD }"


def test_a_proxy_filter_where_clients_log_in(new):
    found = new(routing, service("submission", options={"smtpd_proxy_filter": "[::1]:10025"}))
    assert [code for code, _ in found] == ["proxy-filter"]
    assert "submission/inet has smtpd_proxy_filter ([::1]:10025)" in found[0][1]


def test_a_proxy_filter_on_the_mx_alone_is_no_matter(new):
    assert new(routing, service("smtp", options={"smtpd_proxy_filter": "[::1]:10025"})) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("/x/ FILTER smtp:y\n/z/ redirect a@b", ["checks-route", "checks-route"]),
        ("/x/ REJECT\n# /y/ FILTER z", []),
        ("{{/^X-Ours:/ FILTER decoy:unix:/x}}", []),
        (None, ["checks-unreadable"]),
    ],
)
def test_checks_that_route(new, text, codes):
    table = Table("body_checks", "pcre:/etc/postfix/b", text, ("submission/inet",))
    assert [code for code, _ in new(routing, postfix(checks=(table,)))] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("10.0.0.1 FILTER smtp:y", ["access-routes"]),
        ("{{/@m\\.invalid$/ FILTER decoy:unix:/x}}", []),
        (None, ["access-unreadable"]),
    ],
)
def test_access_tables_that_route_except_ours(new, text, codes):
    table = Table("smtpd_data_restrictions", "hash:/x", text, ("a/inet", "b/inet"))
    found = new(routing, postfix(access=(table,)))
    assert [code for code, _ in found] == codes
    assert all("of a/inet and b/inet asks hash:/x" in text for _, text in found)


def test_a_policy_service_that_is_not_ours(new):
    theirs = main(smtpd_data_restrictions="check_policy_service { inet:[::1]:9, timeout=1s }")
    assert [text.split(" asks ")[1] for _, text in new(routing, theirs)] == [
        "the policy service inet:[::1]:9, which may answer FILTER after us."
    ]
    ours = main(
        smtpd_restriction_classes="decoy_budget",
        decoy_budget=BUDGET,
        smtpd_end_of_data_restrictions="check_sasl_access regexp:{{/x/ decoy_budget}}",
    )
    assert new(routing, ours) == []


def test_own_lists_of_a_service_are_told_but_not_ours(new):
    own = service("submission", options={"smtpd_data_restrictions": "reject_unauth_pipelining"})
    assert [code for code, _ in new(routing, own)] == ["data-override"]
    ours = service(
        "submission",
        options={
            "smtpd_data_restrictions": "check_sasl_access regexp:{{/x/ FILTER decoy:unix:/y}}",
            "smtpd_end_of_data_restrictions": "check_sasl_access regexp:{{/x/ decoy_budget}}",
        },
    )
    assert new(routing, ours) == []


def test_a_content_filter_is_told_once(new):
    change = both(main(content_filter="smtp:x"), service("smtp", effective={"content_filter": "y"}))
    assert [text[:23] for _, text in new(routing, change)] == ["content_filter (smtp:x)"]


def test_checks_that_would_take_our_header(new):
    table = Table("header_checks", "regexp:/x", "", ("submission/inet",), unknown_header="IGNORE")
    [(code, text)] = new(routing, postfix(checks=(table,)))
    assert code == "secret-header-taken"
    assert text.startswith("header_checks (regexp:/x) says IGNORE to every header")
