from pathlib import Path

import pytest

from honeypost.beside.dovecot.chain import PAM_DENY, DecoyChain, DenyCopy
from honeypost.beside.survey.recipes import LateBounce, recipe_for
from honeypost.beside.survey.site import Domain, DomainKind, Fail2ban, NameMap, Namespace
from honeypost.errors import SurveyError
from support.changed_site import (
    both,
    dovecot,
    main,
    passdb,
    passdbs,
    postfix,
    settings,
    system,
)

QUERY = "connect = x\npassword_query = SELECT p FROM u WHERE n = '%u'"
FILES = passdb("passwd-file", "/etc/dovecot/users")


@pytest.mark.parametrize(
    ("given", "deny"),
    [
        ([FILES], ()),
        ([passdb("pam")], (PAM_DENY,)),
        ([passdb("sql", "/sql", QUERY)], ()),
        ([passdb("ldap", "/ldap", "pass_filter = (uid=%u)")], ()),
        ([passdb("sql", "/sql", QUERY + " AND on = 1")],
         (DenyCopy("sql", "/d/honeypost-deny-1.conf.ext"),)),
        ([FILES, passdb("pam")], (DenyCopy("passwd-file", "/etc/dovecot/users"), PAM_DENY)),
        ([passdb("pam"), passdb("shadow")], (PAM_DENY,)),
        ([FILES, passdb("sql", "/sql", QUERY)],
         (DenyCopy("passwd-file", "/etc/dovecot/users"), DenyCopy("sql", "/sql"))),
        ([FILES, passdb("ldap", "/l", "pass_filter = (&(uid=%u)(on=1))")],
         (DenyCopy("passwd-file", "/etc/dovecot/users"),
          DenyCopy("ldap", "/d/honeypost-deny-2.conf.ext"))),
    ],
)  # fmt: skip
def test_deny_copies_stand_in_the_order_of_the_databases(site, given, deny):
    assert recipe_for(passdbs(*given)(site), Path("/d")).deny == deny


def test_the_copy_of_a_query_file_has_no_condition_and_is_closed(site):
    change = passdbs(passdb("sql", "/sql", QUERY + " AND on = 1"))
    [file] = recipe_for(change(site), Path("/d")).files
    assert (file.path, file.mode) == (Path("/d/honeypost-deny-1.conf.ext"), 0o600)
    assert file.content == QUERY + "\n"
    assert "connect" not in repr(file)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (passdb("static"), "static"),
        (passdb("sql", "/sql", "x = y"), "cannot be taken apart"),
        (passdb("sql", query="SELECT p FROM u WHERE n = '%u' AND x"), "file of its own"),
    ],
)
def test_what_cannot_be_copied_is_an_error(site, given, why):
    with pytest.raises(SurveyError, match=why):
        recipe_for(passdbs(given)(site))


def test_maps_are_those_that_tell_something(site):
    names = (
        NameMap("alias_maps", "hash:/a", everyone=False),
        NameMap("local_recipient_maps", "hash:/a", everyone=False),
        NameMap("smtpd_sender_login_maps", "pcre:/s", everyone=True),
        NameMap("virtual_alias_maps", "mysql:/v", everyone=False),
    )
    assert recipe_for(postfix(names=names)(site)).maps == ("hash:/a", "mysql:/v")


def test_a_good_site_needs_no_fields(site):
    assert recipe_for(site).fields == {}


def test_fields_of_the_decoys_login(site):
    change = both(
        settings(mail_access_groups="mail"),
        dovecot(
            namespaces=(
                Namespace("inbox", "private", "", "maildir:/x/%u", inbox=True),
                Namespace("public", "public", "P/", "", inbox=False),
                Namespace("old", "private", "O/", "mbox:/x", inbox=False),
                Namespace("plain", "private", "A/", "", inbox=False),
            ),
            plugins={"": "acl", "imap": "acl imap_acl imap_sieve", "pop3": "acl"},
            plugin_settings={},
        ),
    )
    assert recipe_for(change(site)).fields == {
        "userdb_namespace/inbox/location": "maildir:~/Maildir",
        "userdb_namespace/public/disabled": "yes",
        "userdb_namespace/old/disabled": "yes",
        "userdb_mail_access_groups": "honeypost-decoy",
        "imap:userdb_mail_plugins": "acl imap_acl quota",
        "pop3:userdb_mail_plugins": "acl quota",
        "userdb_quota": "maildir:User quota",
    }


def test_on_2_4_plugins_are_left_as_they_are(site):
    bare = dovecot(version=(2, 4), plugins={}, plugin_settings={})
    assert recipe_for(bare(site)).fields == {}


def test_fields_can_stand_in_the_decoys_settings(site):
    change = dovecot(namespaces=(Namespace("inbox", "private", "", "maildir:/x", inbox=True),))
    chain = DecoyChain(
        directory=Path("/lua"),
        url="http://127.0.0.1:1/",
        key="k",
        marker_domain="m.invalid",
        uid=1,
        gid=1,
        home=Path("/home"),
        fields=recipe_for(change(site)).fields,
    )
    assert '["userdb_namespace/inbox/location"] = "maildir:~/Maildir"' in chain.settings()


def test_networks_beyond_loopback(site):
    networks = "127.0.0.0/8 [::1]/128 [::ffff:127.0.0.0]/104 192.0.2.0/24 [2001:db8::]/64 !10.0.0.1"
    ignored = Fail2ban(("127.0.0.1/8", "198.51.100.7", "host.example"), ())
    recipe = recipe_for(both(main(mynetworks=networks), system(fail2ban=ignored))(site))
    assert recipe.no_decoys_from == ("192.0.2.0/24", "2001:db8::/64")
    assert recipe.never_blocked == ("198.51.100.7/32",)
    assert recipe_for(site).never_blocked == ()


def test_a_webmail_here_may_come_from_any_address_of_the_host(site):
    addresses = ("192.0.2.25", "2001:db8::25")
    here = system(addresses=addresses, webmail=(Path("/etc/roundcube"),))
    recipe = recipe_for(both(main(mynetworks="198.51.100.0/24"), here)(site))
    assert recipe.no_decoys_from == ("198.51.100.0/24", "192.0.2.25/32", "2001:db8::25/128")
    without = recipe_for(
        both(main(mynetworks="198.51.100.0/24"), system(addresses=addresses))(site)
    )
    assert without.no_decoys_from == ("198.51.100.0/24",)


def test_each_class_of_domains_has_a_recipe_or_a_reason(site):
    domains = (
        Domain("l.example", DomainKind.LOCAL),
        Domain("m.example", DomainKind.MAILBOX),
        Domain("a.example", DomainKind.ALIAS),
        Domain("r.example", DomainKind.RELAY),
        Domain("c.example", DomainKind.MAILBOX, "hash:/v"),
    )
    found = {r.domain.name: r for r in recipe_for(postfix(domains=domains)(site)).domains}
    assert {name: (r.decoys, r.late_bounce) for name, r in found.items()} == {
        "l.example": (True, LateBounce.LOCAL),
        "m.example": (True, LateBounce.VIRTUAL),
        "a.example": (True, LateBounce.NONE),
        "r.example": (True, LateBounce.NONE),
        "c.example": (False, LateBounce.NONE),
    }
    assert found["m.example"].transport == "lmtp:unix:private/dovecot-lmtp"
    assert [bool(r.why) for r in found.values()] == [False, False, True, True, True]


def test_reports_are_for_us_unless_somebody_has_them(site):
    assert recipe_for(site).reports
    assert not recipe_for(settings(auth_policy_server_url="http://x/")(site)).reports
