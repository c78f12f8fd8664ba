"""The late bounce as two layers of one site; what they do is shown on a real Postfix."""

from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.late_bounce import late_bounce_text
from honeypost.beside.postfix.limbo_config import SOCKET_NAMES
from honeypost.beside.survey.recipes import recipe_for
from honeypost.beside.survey.site import Domain, DomainKind, PostfixService
from honeypost.config.schema import SiteSecrets
from support.attach_site import HEADER, MARKER, AttachSite

SECRETS = SiteSecrets("00ff", bytes(32), MARKER, HEADER)
VIRTUAL = Domain("example.org", DomainKind.MAILBOX)
SETTINGS = {
    "myhostname": "mail.example.org",
    "mynetworks": "127.0.0.0/8 [::1]/128 [::ffff:127.0.0.0]/104 !192.0.2.9 192.0.2.0/24",
    "virtual_mailbox_maps": "hash:/etc/postfix/boxes, proxy:mysql:/etc/postfix/more.cf",
    "virtual_transport": "lmtp:unix:private/dovecot-lmtp",
    "maximal_queue_lifetime": "5d",
}


def text(tmp_path, *domains, settings=(), raw=(), version=(3, 7, 11), service=()):
    made = AttachSite(tmp_path)
    effective = {**SETTINGS, **dict(settings)}
    mx = PostfixService(
        "smtp", "inet", "n - y - -", "smtpd", True, options=dict(service), effective=dict(service)
    )
    closed = {"smtpd_recipient_restrictions": "permit_sasl_authenticated, reject"}
    submission = PostfixService(
        "submission", "inet", "n - y - -", "smtpd", True, options=closed, effective=closed
    )
    postfix = replace(
        made.site.postfix,
        settings=effective,
        raw={**effective, **dict(raw)},
        version=version,
        services=(mx, submission),
        domains=domains or (VIRTUAL,),
    )
    site = replace(made.site, postfix=postfix)
    containment = made.wanted().containment
    return late_bounce_text(postfix, recipe_for(site), containment, SECRETS, 4 * 3600.0)


def test_virtual_mailboxes_and_system_users_in_two_layers(tmp_path):
    local = Domain("mail.example.org", DomainKind.LOCAL)
    made = text(tmp_path, VIRTUAL, local, Domain("localhost", DomainKind.LOCAL))
    assert made.limbo.domains == ["example.org", "mail.example.org"]
    assert made.limbo.name == SOCKET_NAMES[0]
    hop = f"limbo:unix:{made.limbo.socket}"
    assert made.routes.main["fallback_transport"] == hop
    assert made.routes.main["transport_maps"] == (
        "pipemap:{hash:/etc/postfix/boxes, static:{lmtp:unix:private/dovecot-lmtp}},"
        " pipemap:{proxy:mysql:/etc/postfix/more.cf, static:{lmtp:unix:private/dovecot-lmtp}},"
        f" inline:{{{{example.org={hop}}}}}"
    )
    assert "delay_warning_time" not in made.routes.main
    (checks,) = made.routes.options["cleanup-dsn/unix"]
    assert checks[0] == "body_checks"
    assert f"/^{HEADER}:/ DISCARD" in checks[1]
    assert f"/{made.limbo.token}/ DISCARD" in checks[1]
    assert [service.name for service in made.routes.services] == ["limbo"]


def test_only_services_that_take_mail_from_outside_accept_unknown_names(tmp_path):
    service = {
        "smtpd_recipient_restrictions": "check_x,\n  permit",
        "smtpd_sasl_auth_enable": "yes",
    }
    made = text(tmp_path, service=service)
    assert list(made.acceptance.options) == ["smtp/inet"]
    options = dict(made.acceptance.options["smtp/inet"])
    assert options["smtpd_reject_unlisted_recipient"] == "no"
    lists = options["smtpd_recipient_restrictions"]
    assert lists.endswith(", check_x, permit")
    assert "check_sasl_access" in lists
    assert "{127.0.0.0/8 reject_unlisted_recipient}, {::1/128 " in lists
    assert "192.0.2.0/24" in lists
    assert "192.0.2.9" not in lists
    assert "ffff" not in lists
    assert made.acceptance.main == {}


def test_what_the_site_has_already_is_kept_in_mind(tmp_path):
    raw = {"transport_maps": "hash:/etc/postfix/transport"}
    used = {"x_socket": f"lmtp:unix:private/{SOCKET_NAMES[0]}", "delay_warning_time": "4h"}
    made = text(tmp_path, raw=raw, settings={**used, "virtual_transport": "virtual"})
    assert made.routes.main["transport_maps"].startswith("hash:/etc/postfix/transport, pipemap:")
    assert "static:{virtual:}" in made.routes.main["transport_maps"]
    assert made.routes.main["delay_warning_time"] == "0h"
    assert made.limbo.name == SOCKET_NAMES[1]


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"version": (3, 6, 4)}, "needs Postfix 3.7"),
        (
            {"service": {"smtpd_recipient_restrictions": "permit_mynetworks, reject"}},
            "no service of this Postfix takes mail from outside",
        ),
        ({"settings": {"mynetworks": "hash:/etc/postfix/ours"}}, "mynetworks has hash:/etc/"),
        ({"settings": {"content_filter": "smtp:[::1]:10024"}}, "content_filter is set"),
        ({"service": {"content_filter": "amavis:x"}}, "content_filter is set"),
        ({"settings": {"maximal_queue_lifetime": "1d"}}, "give up before the bounce is due"),
        ({"settings": {"virtual_mailbox_maps": "inline:{a=b}"}}, "late bounce: .* cannot stand"),
    ],
)
def test_what_cannot_be_is_refused_in_words(tmp_path, changes, because):
    with pytest.raises(AttachFailed, match=because):
        text(tmp_path, **changes)


@pytest.mark.parametrize(
    ("domain", "because"),
    [
        (Domain("c.org", DomainKind.MAILBOX, "hash:/x"), r"c.org: catch-all \(hash:/x\)"),
        (Domain("a.org", DomainKind.ALIAS), "a.org: virtual alias"),
        (Domain("r.org", DomainKind.RELAY), "r.org: relay"),
        (Domain("localhost", DomainKind.LOCAL), "there is none"),
    ],
)
def test_classes_of_domains_that_cannot_have_one_are_named(tmp_path, domain, because):
    with pytest.raises(AttachFailed, match=f"no domain of this host.*{because}"):
        text(tmp_path, domain)


def test_beside_a_catch_all_the_other_domains_have_one(tmp_path):
    made = text(tmp_path, VIRTUAL, Domain("c.org", DomainKind.MAILBOX, "hash:/x"))
    assert made.limbo.domains == ["example.org"]
