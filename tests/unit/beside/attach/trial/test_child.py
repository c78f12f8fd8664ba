"""The parent's and the child's part of a trial, with the mounts and the daemons left out."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import msgspec
import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial import child, covering, run
from honeypost.beside.attach.trial.orders import Report
from honeypost.beside.attach.trial.run import make_orders, run_trial
from support.attach_site import AttachSite

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.fixture
def site(tmp_path):
    return AttachSite(tmp_path)


@pytest.fixture
def orders(site, tmp_path, monkeypatch):
    """Orders whose mounts are noted, with files in place as the mounts would have them."""
    mounts = []
    monkeypatch.setattr(covering, "mount", lambda *a: mounts.append(str(a[2])))
    monkeypatch.setattr(covering.shutil, "chown", lambda *_: None)
    folder = tmp_path / "t"
    folder.mkdir()
    wanted = site.wanted()
    settings = {"data_directory": str(tmp_path / "pfdata")}
    made = make_orders(site.plan(), site.site, wanted, folder)
    return SimpleNamespace(
        orders=msgspec.structs.replace(
            made, data_directory=settings["data_directory"], dovecot_state=str(tmp_path / "state")
        ),
        mounts=mounts,
    )


def test_every_place_is_covered_and_our_part_stands_in_it(site, orders):
    covering.cover(orders.orders)
    for place in (site.postfix, site.dovecot, site.base / "spool", site.base / "pfdata"):
        assert str(place) in orders.mounts
    assert (site.dovecot / "conf.d/99-honeypost.conf").exists()
    assert not site.layout.attached_config.exists()
    covering.cover_homes(orders.orders)
    assert orders.orders.decoy_home in orders.mounts


def test_a_mount_that_is_not_allowed_is_told_in_words(monkeypatch):
    done = SimpleNamespace(returncode=32, stderr="mount: permission denied.\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(AttachFailed, match=r"mount namespace here \(mount: permission denied"):
        covering.mount("--bind", "a", "b")


def test_the_child_sets_up_runs_and_reports(site, orders, tmp_path, monkeypatch):
    class Daemon:
        def __init__(self, *_):
            pass

        def configure(self):
            pass

        start = configure

        def said(self):
            return "last words"

    monkeypatch.setattr(child, "PrivateDovecot", Daemon)
    monkeypatch.setattr(child, "PrivatePostfix", Daemon)

    def runs(self):
        self.passed.append("it holds")
        answer = self.lookup._answer
        assert answer(f"password={self.password}".encode()).startswith("user=trial@")
        assert answer(b"password=x") == ""

    monkeypatch.setattr(child.Bench, "run", runs)
    told, report = tmp_path / "orders.json", tmp_path / "report.json"
    told.write_bytes(msgspec.json.encode(orders.orders))
    assert child.main([str(told), str(report)]) == 0
    assert msgspec.json.decode(report.read_bytes(), type=Report) == Report(["it holds"])
    assert "127.0.0.1:2740" not in (site.dovecot / "honeypost/decoy-settings.lua").read_text()


def test_the_child_reports_why_it_failed(site, orders, monkeypatch):
    monkeypatch.setattr(covering, "mount", lambda *_: None)
    site.plan()
    settings = next(f for f in orders.orders.files if f[0].endswith("decoy-settings.lua"))
    others = [f for f in orders.orders.files if f is not settings]
    nowhere = (settings[0], b"return {}\n", *settings[2:])
    report = child.tried(msgspec.structs.replace(orders.orders, files=[*others, nowhere]))
    assert report.failed.endswith("decoy-settings.lua names no server")


def trial(site):
    return run_trial(site.plan(), site.site, site.wanted(), site.layout)


def test_the_report_of_the_child_is_the_outcome(site, monkeypatch):
    def reports(report):
        def runs(command, **_):
            command[-1].write_bytes(msgspec.json.encode(report))
            return SimpleNamespace(stderr="")

        monkeypatch.setattr(run.subprocess, "run", runs)

    reports(Report(["it holds"]))
    assert trial(site) == ["it holds"]
    reports(Report([], "it does not hold", "one\ntwo\n"))
    with pytest.raises(AttachFailed, match="it does not hold\n  one\n  two"):
        trial(site)
    reports(Report([], "it does not hold"))
    with pytest.raises(AttachFailed, match=r"it does not hold$"):
        trial(site)
    assert not site.layout.trials.exists()


def test_a_child_that_hangs_or_says_nothing_fails(site, monkeypatch):
    def hangs(command, **_):
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(run.subprocess, "run", hangs)
    with pytest.raises(AttachFailed, match="did not end within"):
        trial(site)
    said = SimpleNamespace(stderr="unshare: not permitted\n")
    monkeypatch.setattr(run.subprocess, "run", lambda *_, **__: said)
    with pytest.raises(AttachFailed, match="could not run: unshare: not permitted"):
        trial(site)
