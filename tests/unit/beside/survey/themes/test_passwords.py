import pytest

from honeypost.beside.survey.themes import passwords
from support.changed_site import both, dovecot, passdb, passdbs, settings

SQL = "password_query = SELECT password FROM users WHERE name = '%u'"
OURS = passdb("lua", "file=/x/guard.lua blocking=no")
POLICY = {
    "auth_policy_server_url": "http://x/",
    "auth_policy_check_before_auth": "no",
    "auth_policy_check_after_auth": "no",
}


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ([], ["no-passdb"]),
        ([passdb("passwd-file", "/x", deny="yes")], ["no-passdb"]),
        ([passdb("passwd-file", "/x", master="yes")], ["no-passdb"]),
        ([passdb("pam"), passdb("passwd-file", "/x")], ["several-passdbs"]),
        ([passdb("pam"), passdb("passwd", deny="yes"), OURS], []),
        ([passdb("static", "nopassword=y")], ["everyone-logs-in"]),
        ([passdb("oauth2", "/x")], ["passdb-not-proven"]),
        ([passdb("lua", "file=/etc/own.lua")], ["passdb-not-proven"]),
        ([passdb("pam", result_success="continue-ok")], ["passdb-results"]),
        ([passdb("pam", result_internalfail="return-fail")], ["passdb-results"]),
        ([passdb("pam", skip="authenticated")], ["passdb-conditions"]),
        ([passdb("pam", mechanisms="plain")], ["passdb-conditions"]),
        ([passdb("sql", "/x", SQL)], []),
        ([passdb("sql", "/x", SQL + " AND active = 1")], ["query-condition"]),
        ([passdb("sql", "/x", "password_query = CALL check('%u')")], ["query-unclear"]),
        ([passdb("sql", "/x")], ["query-unreadable"]),
        ([passdb("sql", "/x", "driver = mysql")], ["query-unreadable"]),
        ([passdb("ldap", "/x", "pass_filter = (uid=%u)")], ["ldap-not-proven"]),
        (
            [passdb("ldap", "/x", "pass_filter = (&(uid=%u)(!(off=1)))")],
            ["ldap-not-proven", "query-condition"],
        ),
    ],
)
def test_each_chain(new, given, codes):
    assert [code for code, _ in new(passwords, passdbs(*given))] == codes


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("SELECT 1 FROM u WHERE n = '%{user}'", []),
        ("SELECT 1 FROM u WHERE n = '%{user}' AND active", ["query-condition-2.4"]),
    ],
)
def test_a_query_in_the_block_itself_as_2_4_has_it(new, query, codes):
    change = both(dovecot(version=(2, 4, 1)), passdbs(passdb("sql", query=query)))
    assert [code for code, _ in new(passwords, change)] == codes


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (POLICY, ["auth-policy-there"]),
        ({**POLICY, "auth_policy_check_after_auth": "yes"},
         ["auth-policy-there", "auth-policy-checks"]),
        ({"auth_cache_size": "0"}, []),
        ({"auth_cache_size": "10 M"}, ["auth-cache"]),
        ({"auth_mechanisms": "plain login"}, []),
        ({"auth_mechanisms": "PLAIN SCRAM-SHA-1"}, ["mechanisms-without-password"]),
        ({"auth_username_translation": "%@"}, ["username-translated"]),
    ],
)  # fmt: skip
def test_settings_of_auth(new, given, codes):
    assert [code for code, _ in new(passwords, settings(**given))] == codes


def test_reports_of_our_own_are_not_somebody_elses(new, site):
    attached = both(settings(**POLICY), dovecot(passdbs=(*site.dovecot.passdbs, OURS)))
    assert new(passwords, attached) == []
