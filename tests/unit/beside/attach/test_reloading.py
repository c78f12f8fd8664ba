from __future__ import annotations

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.reloading import (
    FIREWALL_OFF,
    FIREWALL_ON,
    OFF,
    ON,
    Reloading,
    attempted,
)
from honeypost.beside.containment import MARGIN_SECONDS
from honeypost.beside.survey.programs import Answer
from honeypost.errors import SurveyError
from support.attach_site import Commands


def test_the_commands_are_those_of_a_host_with_our_units(tmp_path):
    assert Reloading.here(tmp_path).on_commands == ()
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert Reloading.here(tmp_path).off_commands == ()
    unit = tmp_path / "lib/systemd/system/honeypost-edge.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    here = Reloading.here(tmp_path)
    assert (here.on_commands, here.off_commands) == (ON, OFF)
    assert here.with_firewall().on_commands == (*FIREWALL_ON, *ON)
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "usr/sbin/nft").touch()
    assert Reloading.here(tmp_path).off_commands == (*OFF, *FIREWALL_OFF)


def test_without_units_of_ours_no_helper_is_started():
    by_hand = Reloading(on_commands=())
    assert by_hand.with_firewall() is by_hand


def test_postfix_is_reloaded_only_when_its_new_processes_can_be_told_from_the_old_ones():
    done = []
    Reloading(
        run=lambda command, _: done.append(command) or Answer("", "", 0), pause=done.append
    ).postfix()
    pause, command = done
    assert pause > MARGIN_SECONDS
    assert command == ("postfix", "reload")


def test_a_failure_is_told_in_the_command_s_own_words():
    with pytest.raises(AttachFailed, match="postfix reload: it fails"):
        Commands("postfix").reloading().postfix()

    def missing(_, __):
        raise SurveyError("doveadm is not installed")

    with pytest.raises(AttachFailed, match="not installed"):
        Reloading(run=missing).dovecot()


def test_the_socket_of_the_late_bounce_has_the_site_s_name():
    commands = Commands()
    commands.reloading().own_on("dlmtp")
    commands.reloading().own_off("dlmtp", only_limbo=True)
    commands.reloading().own_off("dlmtp")
    commands.reloading().own_on()
    assert commands.called == [
        "limbo-on dlmtp", "on", "limbo-off dlmtp", "off", "limbo-off dlmtp", "on",
    ]  # fmt: skip
    by_hand = Reloading.by_hand()
    assert not (*by_hand.limbo_on, *by_hand.limbo_off, *by_hand.on_commands)


def test_on_the_way_back_a_failure_is_a_sentence():
    assert attempted(Commands().reloading().own_off) == ""
    assert "it fails" in attempted(Commands("off").reloading().own_off)
