from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest

from honeypost.beside.attach import probes
from honeypost.beside.attach.failure import AttachFailed
from support.attach_site import AttachSite


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(probes, "UP_SECONDS", 0.05)
    monkeypatch.setattr(probes, "LOOK_SECONDS", 0.01)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/honeypost-userdb").touch()
    return AttachSite(tmp_path).site


def programs(monkeypatch, *, login=(77, "auth failed"), postfix=0):
    def runs(command, **_):
        if login is None:
            raise subprocess.TimeoutExpired(command, 1)
        code, said = login if command[0] == "doveadm" else (postfix, "")
        return SimpleNamespace(returncode=code, stdout=said, stderr="")

    monkeypatch.setattr(subprocess, "run", runs)


def test_all_is_well(site, monkeypatch):
    programs(monkeypatch)
    probes.run_probes(site)


def test_dovecot_must_have_taken_our_part_in(site, monkeypatch, tmp_path):
    programs(monkeypatch)
    (tmp_path / "run/honeypost-userdb").unlink()
    with pytest.raises(AttachFailed, match="did not take our part in"):
        probes.run_probes(site)


@pytest.mark.parametrize("login", [(75, "Couldn't connect"), (77, "code=temp_fail"), (0, "ok")])
def test_an_unknown_login_must_be_refused_in_words(site, monkeypatch, login):
    programs(monkeypatch, login=login)
    with pytest.raises(AttachFailed, match="is not refused as it should be"):
        probes.run_probes(site)


def test_a_login_that_hangs_and_a_postfix_that_died_are_told(site, monkeypatch):
    programs(monkeypatch, login=None)
    with pytest.raises(AttachFailed, match="took more than"):
        probes.run_probes(site)
    programs(monkeypatch, postfix=1)
    with pytest.raises(AttachFailed, match="does not run any more"):
        probes.run_probes(site)
