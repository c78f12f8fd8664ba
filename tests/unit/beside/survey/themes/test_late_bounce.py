import pytest

from honeypost.beside.survey.kinds import Part
from honeypost.beside.survey.site import Domain, DomainKind
from honeypost.beside.survey.themes import late_bounce
from support.changed_site import both, main, postfix, service

RELAY = postfix(domains=(Domain("r.example", DomainKind.RELAY),))
ALIAS = postfix(domains=(Domain("a.example", DomainKind.ALIAS),))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (main(luser_relay="a@b"), ["luser-relay"]),
        (main(fallback_transport="smtp:x"), ["fallback-transport"]),
        (main(fallback_transport="limbo:unix:private/lmtp"), []),
        (main(fallback_transport_maps="hash:/x"), ["fallback-transport"]),
        (main(mailbox_transport="lmtp:x"), ["mailbox-transport"]),
        (main(mailbox_transport_maps="hash:/x"), ["mailbox-transport"]),
        (main(transport_maps="hash:/x"), ["transport-maps"]),
        (main(delay_warning_time="4h"), ["delay-warning"]),
        (main(delay_warning_time="0h"), []),
        (main(soft_bounce="yes"), ["soft-bounce"]),
        (main(local_recipient_maps=""), ["local-accepts-all"]),
        (RELAY, ["relay-domain"]),
        (ALIAS, ["alias-domain"]),
        (main(smtpd_reject_unlisted_recipient="no"), []),
        (both(ALIAS, main(smtpd_reject_unlisted_recipient="no")),
         ["alias-domain", "accepts-unknown", "accepts-unknown"]),
        (service("submission", options={"local_recipient_maps": "unix:passwd.byname"}),
         ["local-maps-on-service"]),
    ],
)  # fmt: skip
def test_each_setting(new, change, codes):
    assert [code for code, _ in new(late_bounce, change)] == codes


def test_dsn_is_told_of_the_mx_alone(site):
    def offering(changed):
        return [f.text for f in late_bounce.find(changed) if f.code == "offers-dsn"]

    assert offering(site) == [
        "smtp/inet offers DSN: with NOTIFY=SUCCESS a sender learns who is real."
    ]
    silent = service("smtp", options={"smtpd_discard_ehlo_keywords": "silent-discard, DSN"})
    assert offering(silent(site)) == []


def test_all_of_it_is_about_late_bounce():
    assert {kind.part for kind in late_bounce.KINDS} == {Part.LATE_BOUNCE}
