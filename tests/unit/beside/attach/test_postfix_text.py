from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.beside.attach.postfix_text import (
    PostfixSettings,
    containment_settings,
    edited_main,
    edited_master,
    remembering,
    restored_main,
    restored_master,
)
from honeypost.beside.postfix.containment_config import ContainmentConfig, Service
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
