"""A Postfix of files: processes and clocks are written by hand."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from honeypost.beside import containment
from honeypost.beside.containment import AttachedContainment
from honeypost.beside.manifest import record_attachment
from honeypost.beside.postfix.instance import TICKS_PER_SECOND, boot_offset

MASTER = 100


class Postfix:
    """An attached instance whose processes start when the test says so."""

    def __init__(self, base: Path) -> None:
        self.base, self.proc = base, base / "proc"
        self.directory, self.manifest = base / "postfix", base / "manifest.json"
        for folder in ("postfix", "queue/pid", "proc"):
            (base / folder).mkdir(parents=True)
        self.main, self.master = self.directory / "main.cf", self.directory / "master.cf"
        self.main.write_text("contained\n")
        self.master.write_text("contained\n")
        (base / "queue/pid/master.pid").write_text(f"{MASTER}\n")
        self.children: dict[int, str] = {}
        self.record()
        self.run(MASTER, "master", after=-50.0)
        self.run(101, "qmgr", after=1.0)
        self.run(102, "smtpd", after=1.0)

    def record(self) -> None:
        record_attachment(
            self.manifest, postfix_directory=self.directory, queue_directory=self.base / "queue"
        )

    def restart(self, pid: int, name: str, *, after: float) -> int:
        """End a process and start another in its place; gives its new process id."""
        self.end(pid)
        self.run(pid + 1000, name, after=after)
        return pid + 1000

    def run(self, pid: int, name: str, *, after: float) -> None:
        """Start a process so many seconds after the last change of the files."""
        changed = max(path.stat().st_ctime for path in (self.main, self.master))
        ticks = int((changed + after - boot_offset()) * TICKS_PER_SECOND)
        folder = self.proc / str(pid) / "task" / str(pid)
        folder.mkdir(parents=True, exist_ok=True)
        fields = " ".join(["S", "1", *["0"] * 17, str(ticks), "0"])
        (self.proc / str(pid) / "stat").write_text(f"{pid} ({name}) {fields}\n")
        (folder / "children").touch()
        if pid != MASTER:
            self.children[pid] = name
        self._list()

    def end(self, pid: int) -> None:
        del self.children[pid]
        self._list()

    def _list(self) -> None:
        listed = self.proc / str(MASTER) / "task" / str(MASTER) / "children"
        listed.write_text("".join(f"{pid} " for pid in self.children))


@pytest.fixture
def postfix(tmp_path):
    return Postfix(tmp_path)


@pytest.fixture
def attached(postfix):
    return AttachedContainment(postfix.manifest, proc=postfix.proc)


def test_no_doubt_while_everything_runs_as_attached(attached):
    assert attached.doubt() == ""
    assert attached.doubt() == ""


@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_an_altered_file_stops_grants(postfix, attached, name):
    assert attached.doubt() == ""
    (postfix.directory / name).write_text("the site's template\n")
    assert f"{name} is not what was attached" in attached.doubt()


@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_a_file_put_back_stops_grants_until_everything_is_younger(postfix, attached, name):
    path = postfix.directory / name
    path.write_text("altered\n")
    path.write_text("contained\n")
    postfix.run(101, "qmgr", after=-1.0)
    postfix.run(102, "smtpd", after=-1.0)
    assert "qmgr[101] may have loaded" in attached.doubt()
    postfix.restart(101, "qmgr", after=1.0)
    assert "smtpd[102] may have loaded" in attached.doubt()
    postfix.end(102)
    assert attached.doubt() == ""


@pytest.mark.parametrize("name", sorted(containment.LETS_MAIL_OUT))
def test_one_old_process_is_enough(postfix, attached, name):
    postfix.run(140, name, after=-1.0)
    assert f"{name}[140]" in attached.doubt()


def test_a_start_within_the_clocks_tick_is_too_close(postfix, attached):
    postfix.run(140, "smtpd", after=containment.MARGIN_SECONDS - 0.02)
    assert "smtpd[140]" in attached.doubt()
    postfix.restart(140, "smtpd", after=containment.MARGIN_SECONDS + 0.02)
    assert attached.doubt() == ""


def test_processes_that_let_no_mail_out_may_be_old(postfix, attached):
    postfix.run(141, "anvil", after=-9.0)
    assert attached.doubt() == ""


def test_a_process_id_given_away_is_taken_for_the_older_process(postfix, attached):
    for pid, name in ((101, "qmgr"), (102, "smtpd")):
        postfix.run(pid, name, after=0.1)
    assert attached.doubt() == ""
    before, deadline = postfix.main.stat().st_ctime, time.monotonic() + 5
    while postfix.main.stat().st_ctime < before + 0.2:  # on the file's clock
        assert time.monotonic() < deadline
        postfix.main.touch()
    for pid, name in ((101, "qmgr"), (102, "smtpd")):
        postfix.run(pid, name, after=1.0)
    assert "may have loaded" in attached.doubt()


def test_without_a_queue_manager_nobody_knows_what_the_master_read(postfix, attached):
    postfix.end(101)
    assert "queue manager" in attached.doubt()


def test_a_dead_master_stops_grants(postfix, attached):
    (postfix.proc / str(MASTER) / "stat").unlink()
    assert "does not run" in attached.doubt()


def test_without_a_manifest_nothing_is_granted(tmp_path):
    assert "cannot be checked" in AttachedContainment(tmp_path / "none").doubt()


def test_a_broken_manifest_stops_grants(postfix, attached):
    postfix.manifest.write_text("{}")
    assert "cannot be checked" in attached.doubt()


def test_an_unreadable_file_stops_grants(postfix, attached):
    postfix.main.unlink()
    assert "cannot be checked" in attached.doubt()


def test_a_new_attachment_is_taken_up(postfix, attached):
    postfix.main.write_text("contained, better\n")
    assert "not what was attached" in attached.doubt()
    postfix.record()
    for pid, name in ((101, "qmgr"), (102, "smtpd")):
        postfix.run(pid, name, after=1.0)
    assert attached.doubt() == ""


def test_an_alteration_that_keeps_size_and_mtime_is_seen(postfix, attached):
    assert attached.doubt() == ""
    before = postfix.main.stat()
    postfix.main.write_text("c0ntained\n")
    os.utime(postfix.main, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "main.cf is not what was attached" in attached.doubt()


def test_a_link_that_was_turned_away_and_back_is_a_change(postfix, attached):
    target = postfix.directory / "main.cf.ours"
    postfix.main.rename(target)
    postfix.main.symlink_to(target)
    for pid, name in ((101, "qmgr"), (102, "smtpd")):
        postfix.run(pid, name, after=1.0)
    assert "may have loaded" in attached.doubt() or attached.doubt() == ""
    linked = postfix.main.lstat().st_ctime
    for pid, name in ((101, "qmgr"), (102, "smtpd")):
        postfix.run(pid, name, after=1.0 + linked - target.stat().st_ctime)
    assert attached.doubt() == ""
    deadline = time.monotonic() + 5
    while postfix.main.lstat().st_ctime < linked + 1.1:  # a second, on the file's clock
        assert time.monotonic() < deadline
        postfix.main.unlink()
        postfix.main.symlink_to(target)
    assert "may have loaded" in attached.doubt()


def test_files_are_hashed_again_only_when_they_changed(postfix, attached, monkeypatch):
    hashed = []
    real = containment.digest
    monkeypatch.setattr(containment, "digest", lambda path: hashed.append(path) or real(path))
    attached.doubt()
    attached.doubt()
    assert len(hashed) == 2
    os.utime(postfix.main)
    attached.doubt()
    assert len(hashed) == 4


def test_setting_the_clock_forward_makes_nobody_younger(postfix, attached, monkeypatch):
    postfix.run(140, "smtpd", after=-1.0)
    offset = boot_offset()
    monkeypatch.setattr(containment, "boot_offset", lambda: offset + 3600)
    assert "smtpd[140]" in attached.doubt()


def test_after_a_reboot_the_clocks_of_now_count(postfix, attached, monkeypatch):
    raw = json.loads(postfix.manifest.read_text())
    raw |= {"boot": "another", "offset": raw["offset"] - 3600}
    postfix.manifest.write_text(json.dumps(raw))
    assert attached.doubt() == ""
    raw["boot"] = containment.boot_id()
    postfix.manifest.write_text(json.dumps(raw))
    assert "may have loaded" in attached.doubt()


def test_a_hundred_smtpds_cost_less_than_five_milliseconds(postfix, attached):
    for pid in range(200, 300):
        postfix.run(pid, "smtpd", after=1.0)
    attached.doubt()
    best = min(_seconds(attached.doubt) for _ in range(20))
    assert best < (0.005 if sys.gettrace() is None else 0.1)  # coverage measured along


def _seconds(call) -> float:
    before = time.perf_counter()
    assert call() == ""
    return time.perf_counter() - before
