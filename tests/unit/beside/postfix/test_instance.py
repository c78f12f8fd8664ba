from __future__ import annotations

import fcntl
import os
import subprocess
import time
from pathlib import Path

import pytest

from honeypost.beside.postfix import instance


def stat_line(pid, name, ticks):
    after = ["S", "1", *["0"] * 17, str(ticks), "0", "0"]
    return f"{pid} ({name}) {' '.join(after)}\n"


def write_process(proc, pid, name, ticks, children=""):
    folder = proc / str(pid)
    (folder / "task" / str(pid)).mkdir(parents=True, exist_ok=True)
    (folder / "stat").write_text(stat_line(pid, name, ticks))
    (folder / "task" / str(pid) / "children").write_text(children)


def test_a_process_is_read_whatever_its_name_contains(tmp_path):
    write_process(tmp_path, 7, "a) S 1 (b", 250)
    found = instance.read_process(7, tmp_path)
    assert found == instance.Process(7, "a) S 1 (b", 250 / instance.TICKS_PER_SECOND)


def test_a_process_that_is_gone_is_none(tmp_path):
    assert instance.read_process(7, tmp_path) is None


def test_a_stat_without_a_name_makes_no_sense(tmp_path):
    write_process(tmp_path, 7, "x", 1)
    (tmp_path / "7/stat").write_text("7 nonsense")
    with pytest.raises(ValueError, match="makes no sense"):
        instance.read_process(7, tmp_path)


def test_our_own_child_is_seen_with_its_start():
    before = time.time()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        assert child.pid in instance.list_children(os.getpid())
        found = instance.read_process(child.pid)
        child.stdin.close()
    started = found.started + instance.boot_offset()
    assert before - 0.1 < started < time.time() + 0.1


def test_children_are_listed(tmp_path):
    write_process(tmp_path, 1, "master", 1, "2 3 ")
    assert instance.list_children(1, tmp_path) == [2, 3]


def test_too_many_children_are_a_doubt(tmp_path, monkeypatch):
    monkeypatch.setattr(instance, "PROCESSES", 1)
    write_process(tmp_path, 1, "master", 1, "2 3 ")
    with pytest.raises(ValueError, match="more than 1"):
        instance.list_children(1, tmp_path)


def test_a_list_that_never_stands_still_is_a_doubt():
    class Restless:
        reads = 0

        def __truediv__(self, _):
            return self

        def read_bytes(self):
            self.reads += 1
            return str(self.reads).encode()

    restless = Restless()
    with pytest.raises(ValueError, match="too fast"):
        instance.list_children(1, restless)
    assert restless.reads == instance.READINGS + 1


def test_the_master_is_the_one_of_the_pid_file(tmp_path):
    (tmp_path / "pid").mkdir()
    (tmp_path / "pid/master.pid").write_text("             42\n")
    with pytest.raises(ValueError, match="does not run"):
        instance.read_master(tmp_path, tmp_path)
    write_process(tmp_path, 42, "cat", 9)
    with pytest.raises(ValueError, match="does not run"):
        instance.read_master(tmp_path, tmp_path)
    write_process(tmp_path, 42, "master", 9)
    assert instance.read_master(tmp_path, tmp_path).pid == 42


LOCKS = """\
1: POSIX  ADVISORY  WRITE 7 fe:00:{inode} 0 EOF
1: -> FLOCK  ADVISORY  WRITE 8 fe:00:{inode} 0 EOF
2: FLOCK  ADVISORY  WRITE 9 fe:00:1{inode} 0 EOF
3: FLOCK  ADVISORY  WRITE {pid} 00:2f:{inode} 0 EOF
"""


def as_seen_by_others(monkeypatch):
    """Root may read everything, so the refusal is made."""

    def refuse(path, *arguments):
        if path.name == "master.pid":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *arguments)

    read = Path.read_text
    monkeypatch.setattr(Path, "read_text", refuse)


def test_who_may_not_read_the_pid_file_sees_who_holds_its_lock(tmp_path, monkeypatch):
    as_seen_by_others(monkeypatch)
    (tmp_path / "pid").mkdir()
    (tmp_path / "pid/master.pid").write_text("             42\n")
    inode = (tmp_path / "pid/master.pid").stat().st_ino
    (tmp_path / "locks").write_text(LOCKS.format(inode=inode, pid=42))
    write_process(tmp_path, 42, "master", 9)
    assert instance.read_master(tmp_path, tmp_path).pid == 42
    (tmp_path / "locks").write_text("".join(LOCKS.format(inode=inode, pid=42).splitlines(True)[:3]))
    with pytest.raises(ValueError, match="does not run"):
        instance.read_master(tmp_path, tmp_path)


def test_the_kernel_shows_who_holds_a_lock(tmp_path, monkeypatch):
    as_seen_by_others(monkeypatch)
    (tmp_path / "pid").mkdir()
    with (tmp_path / "pid/master.pid").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        named = instance.Process(os.getpid(), "master", 1.0)
        monkeypatch.setattr(instance, "read_process", lambda pid, _: pid == named.pid and named)
        assert instance.read_master(tmp_path) == named


def test_the_boot_has_an_id():
    assert len(instance.boot_id()) == 36
