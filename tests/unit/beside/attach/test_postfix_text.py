from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.beside.attach.postfix_text import (
    PostfixSettings,
    containment_settings,
    edited_main,
    edited_master,
    local_mail,
    remembering,
    restored_main,
    restored_master,
)
from honeypost.beside.postfix.containment_config import ContainmentConfig, Service
from honeypost.beside.survey.site import PostfixService
from support.attach_site import MAIN, MASTER, AttachSite, fake_postconf

SETTINGS = PostfixSettings(
    {"ours": "1", "mine": "theirs"},
    {"bounce/unix": [("a", "b c")]},
    [Service("decoy", "unix", "- - n - 5 lmtp", (("x", "y"),))],
)


@pytest.mark.parametrize(("classes", "kept"), [("", False), ("notify", False), ("bounce", True)])
def test_a_site_whose_milters_see_notices_keeps_that(tmp_path, classes, kept):
    site, containment = (
        AttachSite(tmp_path).site.postfix,
        ContainmentConfig("k7qp2mzx.invalid", "X-Qr7tW2k", "unix:/sink", "unix:/policy"),
    )
    settings = containment_settings(
        replace(site, settings={"internal_mail_filter_classes": classes}), containment
    )
    (cleanup,) = (service for service in settings.services if service.name == "cleanup-dsn")
    assert ("non_smtpd_milters" not in dict(cleanup.options)) is kept


def test_what_stood_there_is_put_back_and_what_did_not_goes():
    settings = remembering(SETTINGS, MAIN, fake_postconf)
    assert settings.before == {"mine": "reject_unknown_sender_domain"}
    edited = edited_main(MAIN, settings, fake_postconf) + "new = 1\n"
    restored = restored_main(edited, settings, fake_postconf)
    assert sorted(restored.splitlines()) == sorted([*MAIN.splitlines(), "new = 1"])


def test_a_parameter_that_the_operator_changed_since_is_his():
    settings = remembering(SETTINGS, MAIN, fake_postconf)
    edited = edited_main(MAIN, settings, fake_postconf).replace("ours = 1", "ours = 2")
    assert "ours = 2" in restored_main(edited, settings, fake_postconf)


def test_master_is_as_before_but_for_the_operator_s_edits():
    edited = edited_master(MASTER, SETTINGS) + "new unix - - n - - lmtp\n"
    assert restored_master(edited, SETTINGS) == MASTER + "new unix - - n - - lmtp\n"


def test_local_mail_keeps_the_ways_of_the_cleanup_it_had(tmp_path):
    postfix = AttachSite(tmp_path).site.postfix
    own = PostfixService(
        "own", "unix", "n - y - 0", "cleanup", True,
        options={"header_checks": "regexp:/a,\n  static:b", "x": "y\n  z"},
    )  # fmt: skip
    pickup = replace(
        postfix.pickup,
        effective={"cleanup_service_name": "own", "receive_override_options": "no_milters"},
    )
    site = replace(postfix, services=(pickup, own), raw={"body_checks": "static:c"})
    [(label, mail)] = local_mail(site)
    assert (label, mail.overrides) == ("pickup/unix", ("no_milters",))
    assert mail.cleanup.text().startswith("own unix n - y - 0 cleanup\n")
    assert dict(mail.cleanup.options)["x"] == "y z"
    assert mail.checks == {
        "header_checks": "regexp:/a, static:b",
        "mime_header_checks": "",
        "nested_header_checks": "",
        "body_checks": "static:c",
    }


def test_without_a_way_for_local_mail_there_is_nothing_to_add(tmp_path):
    postfix = AttachSite(tmp_path).site.postfix
    for service in ("pickup", "cleanup"):
        left = tuple(s for s in postfix.services if s.name != service)
        assert list(local_mail(replace(postfix, services=left))) == []
