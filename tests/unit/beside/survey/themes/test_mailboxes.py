import pytest

from honeypost.beside.survey.site import Namespace
from honeypost.beside.survey.themes import mailboxes
from support.changed_site import both, dovecot, settings, system


def codes(found):
    return [code for code, _ in found]


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [
        (Namespace("p", "public", "P/", "", inbox=False), ["shared-namespace"]),
        (Namespace("s", "shared", "S/%u/", "maildir:%h", inbox=False), ["shared-namespace"]),
        (Namespace("a", "private", "A/", "", inbox=False), []),
        (Namespace("a", "private", "A/", "mbox:/x", inbox=False), ["namespace-location"]),
        (Namespace("inbox", "private", "", "maildir:/x", inbox=True), ["inbox-location"]),
        (Namespace("inbox", "private", "", "", inbox=True), []),
    ],
)
def test_namespaces(new, namespace, expected):
    assert codes(new(mailboxes, dovecot(namespaces=(namespace,)))) == expected


@pytest.mark.parametrize(
    ("imap", "pop3", "expected", "for_decoys"),
    [
        ("quota", "quota", [], ("quota",)),
        ("", "", ["no-quota"], ("quota",)),
        ("acl", "", ["no-quota"], ("acl", "quota")),
        ("quota imap_quota imap_sieve", "quota", ["acting-plugin"], ("quota", "imap_quota")),
        ("quota replication", "quota replication", ["acting-plugin"] * 2, ("quota",)),
    ],
)
def test_plugins(site, new, imap, pop3, expected, for_decoys):  # noqa: PLR0917 - a table
    change = dovecot(plugins={"": pop3, "imap": imap, "pop3": pop3})
    assert codes(new(mailboxes, change)) == expected
    assert mailboxes.plugins_for_decoys(change(site), "imap") == for_decoys
    assert mailboxes.plugins_for_decoys(change(site), "pop3") == ("quota",)


def test_on_2_4_no_plugins_are_set_by_the_login(new):
    change = both(dovecot(version=(2, 4), plugins={"imap": "imap_sieve"}))
    assert codes(new(mailboxes, change)) == ["acting-plugin-stays", "no-quota-stays"]


def test_groups_and_other_services(new):
    change = settings(mail_access_groups="mail", protocols="imap lmtp sieve submission")
    found = new(mailboxes, change)
    assert codes(found) == ["access-groups", "other-service", "other-service"]


@pytest.mark.parametrize(
    ("uid", "last", "expected"),
    [(499, "0", ["decoy-uid"]), (500, "0", []), (900, "800", ["decoy-uid"]), (None, "0", [])],
)
def test_uids(new, uid, last, expected):
    change = both(system(decoy_uid=uid), settings(first_valid_uid="500", last_valid_uid=last))
    assert codes(new(mailboxes, change)) == expected
