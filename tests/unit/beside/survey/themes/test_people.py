import pytest

from honeypost.beside.survey.site import Domain, DomainKind, NameMap, PamService
from honeypost.beside.survey.themes import people
from support.changed_site import (
    both,
    passdb,
    passdbs,
    postfix,
    settings,
    system,
    userdb,
    userdbs,
)

STACK = ("pam_unix.so", "pam_deny.so", "pam_permit.so")
PAM = both(
    passdbs(passdb("pam")),
    userdbs(userdb("passwd")),
    system(pam=(PamService("dovecot", STACK),)),
)


def codes(found):
    return [code for code, _ in found]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (PamService("dovecot", STACK), []),
        (PamService("dovecot", (*STACK, "pam_faillock.so")), []),
        (PamService("dovecot", (*STACK, "pam_sss.so")), ["pam-module"]),
        (PamService("dovecot", ("pam_permit.so",)), ["pam-without-unix"]),
        (PamService("dovecot", (), "it is gone"), ["pam-unreadable"]),
    ],
)
def test_pam_stacks(new, service, expected):
    found = codes(new(people, both(PAM, system(pam=(service,)))))
    assert found == [*expected, "pam-timing"]


@pytest.mark.parametrize(
    ("form", "told"), [("%Ln", False), ("%n", False), ("%Lu", True), ("", True),
                       ("%{user | username | lower}", False)]
)  # fmt: skip
def test_system_users_have_no_domain(new, form, told):
    found = codes(new(people, both(PAM, settings(auth_username_format=form))))
    assert ("pam-with-domain" in found) is told


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("files systemd", None),
        ("files sss", None),
        ("files ldap [UNAVAIL=return TRYAGAIN=return] systemd", None),
        ("files ldap [tryagain=return unavail=return] systemd", None),
        ("files ldap systemd", "files ldap [UNAVAIL=return TRYAGAIN=return] systemd"),
        ("ldap files", "ldap [UNAVAIL=return TRYAGAIN=return] files"),
        ("files ldap [NOTFOUND=return] nis", "files ldap [UNAVAIL=return TRYAGAIN=return] nis"),
        ("files ldap [UNAVAIL=return] nis", "files ldap [UNAVAIL=return TRYAGAIN=return] nis"),
    ],
)
def test_a_directory_that_may_be_down_must_stop_the_search(site, line, mended):
    change = both(PAM, system(nsswitch=line))
    found = [f.mend for f in people.find(change(site)) if f.code == "nsswitch-order"]
    assert found == ([f"Write `passwd: {mended}` in /etc/nsswitch.conf."] if mended else [])


def test_the_name_service_matters_only_where_it_is_asked(new):
    assert new(people, system(nsswitch="files ldap systemd")) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["userdb-missing"]),
        ([userdb("prefetch")], ["userdb-missing"]),
        ([userdb("prefetch"), userdb("sql")], []),
        ([userdb("lua")], ["userdb-not-proven"]),
        ([userdb("ldap")], ["userdb-unlisted"]),
        ([userdb("static", "uid=1")], ["userdb-unlisted"]),
        ([userdb("static", "uid=1 allow_all_users=yes")], ["userdb-everyone", "userdb-unlisted"]),
        ([userdb("static", allow_all_users="yes")], ["userdb-everyone", "userdb-unlisted"]),
    ],
)
def test_user_databases(new, given, expected):
    assert codes(new(people, userdbs(*given))) == expected


def test_a_static_user_database_over_pam_is_blind(new):
    found = new(people, both(PAM, userdbs(userdb("static"))))
    assert "userdb-blind" in codes(found)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"everyone": True}, ["map-knows-everyone"]),
        ({"trouble": "fatal: x"}, ["map-trouble"]),
        ({"missing": ("info", "sales")}, ["map-lacks-names"]),
        ({"closed": True, "everyone": True}, ["map-knows-everyone", "map-closed"]),
    ],
)
def test_maps(new, given, expected):
    named = NameMap("alias_maps", "hash:/x", **{"everyone": False, **given})
    assert codes(new(people, postfix(names=(named,)))) == expected


def test_domains(new):
    caught = Domain("a.example", DomainKind.MAILBOX, "hash:/v")
    found = new(people, postfix(domains=(caught,), unlisted_domains=("relay_domains = mysql:/x",)))
    assert codes(found) == ["catch-all", "domains-unlisted"]
    assert found[0][1].startswith("Every name at a.example exists (hash:/v)")
