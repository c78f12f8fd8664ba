from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from honeypost.beside.attach.diff import unified
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.plan import Group, make_plan
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.postfix.containment_config import Service
from honeypost.beside.survey.recipes import NewFile
from support.attach_site import KEY, MAIN, MASTER, NONCE, AttachSite, fake_postconf

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def site(tmp_path):
    return AttachSite(tmp_path)


def text_of(plan, name):
    return next(f.content.decode() for f in plan.files if f.path.name == name)


def test_containment_comes_first_and_what_takes_in_comes_last(site):
    plan = site.plan()
    assert [f.group for f in plan.files] == [
        *[Group.CONTAINMENT] * 2, Group.OWN, *[Group.CHAIN] * 6,
    ]  # fmt: skip
    assert [f.path.name for f in plan.of(Group.CHAIN)][-2:] == [
        "00-honeypost.conf",
        "99-honeypost.conf",
    ]


def test_the_site_s_own_lists_stand_behind_ours(site):
    master = text_of(site.plan(), "master.cf")
    assert "permit}}, $mine}" in master
    assert "private/honeypost-lmtp}}, reject_unauth_pipelining, permit}" in master
    assert master.startswith(MASTER.partition("bounce")[0])
    main = text_of(site.plan(), "main.cf")
    assert main == MAIN + "decoy_destination_recipient_limit = 1000\n"


def test_requeued_mail_gets_a_cleanup_of_its_own(site):
    master = text_of(site.plan(), "master.cf")
    pickup, _, rest = master.partition("pickup    unix")[2].partition("cleanup   unix")
    assert pickup.splitlines()[1:] == ["    -o cleanup_service_name=cleanup-requeue"]
    added = rest.partition(
        "cleanup-requeue unix  n       -       y       -       0       cleanup\n"
    )[2]
    assert added.splitlines()[0] == (
        "    -o {header_checks=regexp:{{/^X-Qr7tW2k:/ FILTER decoy:unix:private/honeypost-lmtp}}}"
    )


def test_an_older_postfix_gets_its_tables_in_files(site, tmp_path):
    """3.5 and 3.6 have not run here."""
    old = AttachSite(tmp_path, version=(3, 5, 25))
    plan = old.plan()
    text = "".join(
        f"== {file.path.name}\n{file.content.decode()}" for file in plan.of(Group.CONTAINMENT)
    ).replace(str(tmp_path), "")
    assert "regexp:{{" not in text
    assert text == (GOLDEN / "postfix-3.5.txt").read_text()
    assert "regexp:{{" not in text_of(site.plan(inline_tables=False), "master.cf")


def test_secrets_are_not_open_and_not_shown(site):
    new = NewFile(site.dovecot / "honeypost/deny.ext", "connect = password=hush\n")
    plan = site.plan(new_files=(new,))
    shown = unified(plan, lambda path: path.read_text() if path.exists() else None)
    assert "--- /dev/null" in shown
    for secret in (KEY, NONCE, "hush"):
        assert secret not in shown
        holders = [f for f in plan.files if secret in f.content.decode()]
        assert holders
        assert not any(f.mode & 0o004 for f in holders)


def test_what_is_there_already_makes_no_diff(site):
    plan = site.plan()
    texts = {f.path: f.content.decode() for f in plan.files}
    assert unified(plan, texts.get) == ""
    without_end = replace(plan.files[0], content=b"x")
    assert "\\ No newline" in unified(replace(plan, files=(without_end,)), lambda _: "y")


def test_without_conf_d_the_main_file_takes_ours_in(tmp_path):
    site = AttachSite(tmp_path, drop_in=False)
    plan = site.plan()
    assert plan.files[-1].path == plan.main_dovecot == site.dovecot / "dovecot.conf"
    assert "!include_try" in text_of(plan, "dovecot.conf")


def test_settings_of_another_measure_are_added(site):
    late = PostfixSettings(
        {"fallback_transport": "limbo:unix:x"},
        {"bounce/unix": [("a", "b")], "submission/inet": [("c", "d")]},
        [Service("limbo", "unix", "- - n - 5 lmtp")],
    )
    plan = site.plan(layers={"late bounce": late})
    master = text_of(plan, "master.cf")
    assert "    -o a=b\n" in master
    assert "    -o c=d\n" in master
    assert "limbo      unix" in master
    assert "fallback_transport = limbo" in text_of(plan, "main.cf")
    assert plan.closed == b""


def test_until_unknown_names_are_accepted_master_cf_is_without_that(site):
    layers = {
        "late bounce": PostfixSettings(services=[Service("limbo", "unix", "- - n - 5 lmtp")]),
        "acceptance": PostfixSettings(options={"submission/inet": [("accepts", "all")]}),
    }
    plan = site.plan(layers=layers)
    assert b"limbo " in plan.closed
    assert b"accepts" not in plan.closed
    assert "accepts=all" in text_of(plan, "master.cf")


def test_what_does_not_fit_is_refused_in_words(site):
    taken = PostfixSettings(services=[Service("bounce", "unix", "- - n - 5 lmtp")])
    with pytest.raises(AttachFailed, match="has a service bounce/unix already"):
        site.plan(layers={"x": taken})
    missing = PostfixSettings(options={"smtps/inet": [("a", "b")]})
    with pytest.raises(AttachFailed, match="has no service smtps/inet"):
        site.plan(layers={"x": missing})
    with pytest.raises(AttachFailed, match="postconf refuses our settings: postconf: fatal: no"):
        site.plan(layers={"x": PostfixSettings({"refused": "x"})})
    chain = replace(site.text().chain, key="a\nb")
    with pytest.raises(AttachFailed, match="cannot stand"):
        make_plan(
            site.site,
            site.wanted(dovecot=replace(site.text(), chain=chain)),
            Path.read_text,
            fake_postconf,
        )
