from dataclasses import replace

import pytest

from honeypost.beside.postfix.containment_config import ContainmentConfig
from honeypost.beside.survey.site import PostfixService
from honeypost.beside.survey.themes import notices
from support.changed_site import (
    both,
    dovecot,
    main,
    more_services,
    passdb,
    postfix,
    service,
)

LUA = passdb("lua", "file=/usr/share/honeypost/lua/decoy.lua blocking=yes cache_key=%u%w%r")


def named(name):
    return PostfixService(name, "unix", "- - n - -", "lmtp", chroot=False)


@pytest.mark.parametrize("name", ["decoy", "cleanup-dsn", "cleanup-requeue", "limbo"])
def test_our_names_must_be_free(new, name):
    assert [code for code, _ in new(notices, more_services(named(name)))] == ["service-name-taken"]


def test_a_honeypost_that_is_there_is_told_and_its_services_are_its_own(new, site):
    attached = both(
        more_services(named("decoy")),
        service("submission", options={"decoy_budget": "x"}),
        dovecot(passdbs=(*site.dovecot.passdbs, LUA)),
        service("bounce", "unix", options=dict(ContainmentConfig.notice_options())),
    )
    assert [code for code, _ in new(notices, attached)] == ["attached-already"] * 2
    in_main = main(smtpd_restriction_classes="a, decoy_budget")
    assert new(notices, in_main) == [
        ("attached-already", "Postfix has parts of a Honeypost already (main.cf).")
    ]


def test_notice_services_must_be_stock(new, site):
    without = tuple(s for s in site.postfix.services if s.name != "trace")
    assert [c for c, _ in new(notices, postfix(services=without))] == ["notice-service-missing"]
    assert [c for c, _ in new(notices, service("defer", "unix", command="discard"))] == [
        "notice-service-missing"
    ]
    own = service("bounce", "unix", options={"internal_mail_filter_classes": "bounce"})
    assert [c for c, _ in new(notices, own)] == ["notice-service-changed"]


@pytest.mark.parametrize(("classes", "codes"), [("bounce", ["notices-filtered"]), ("", [])])
def test_notices_that_pass_the_sites_checks(new, classes, codes):
    found = new(notices, main(internal_mail_filter_classes=classes))
    assert [code for code, _ in found] == codes


def test_there_must_be_one_way_for_requeued_mail(new, site):
    without = tuple(s for s in site.postfix.services if s.command != "pickup")
    assert [t[:48] for _, t in new(notices, postfix(services=without))] == [
        "master.cf has 0 services that run pickup(8), so "
    ]
    lost = service("pickup", "unix", options={"cleanup_service_name": "own"})
    assert [code for code, _ in new(notices, lost)] == ["pickup-unknown", "pickup-changed"]


def test_a_pickup_of_the_sites_own_is_merged_and_told(new):
    own = both(
        more_services(replace(named("own"), command="cleanup")),
        service("pickup", "unix", options={"cleanup_service_name": "own"}),
        service("pickup", "unix", effective={"receive_override_options": "no_header_body_checks"}),
    )
    assert new(notices, own) == [
        ("pickup-changed", "pickup/unix has its own cleanup_service_name (own)."),
        (
            "pickup-changed",
            "pickup/unix has its own receive_override_options (no_header_body_checks).",
        ),
    ]
    ours = both(own, service("submission", options={"decoy_budget": "x"}))
    assert [code for code, _ in new(notices, ours)] == ["attached-already"]
