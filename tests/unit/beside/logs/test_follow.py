"""A log that grows; what rotation does to it is in tests/property/test_log_follow.py."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from honeypost.beside.logs import follow, rotated
from honeypost.beside.logs.follow import FileFollower
from honeypost.beside.logs.splitting import LINE_BYTES

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def line(second: int, day: int = 23) -> bytes:
    clock = f"10:{second // 60:02}:{second % 60:02}"
    return f"Nov {day} {clock} mx postfix/smtpd[1]: connect from x[10.0.0.{second}]\n".encode()


def add(log: Path, text: bytes) -> None:
    with log.open("ab") as opened:
        opened.write(text)


class Make(Protocol):
    def __call__(self, log: Path, cursor: str = "", since: float | None = None) -> FileFollower: ...


@pytest.fixture
def follower() -> Iterator[Make]:
    """Make followers, and close them."""
    made: list[FileFollower] = []

    def make(log: Path, cursor: str = "", since: float | None = None) -> FileFollower:
        made.append(FileFollower(log, UTC, lambda: NOW, cursor, since))
        return made[-1]

    yield make
    for each in made:
        each.close()


def seen(log: FileFollower, polls: int = 5) -> list[str]:
    lines = [line for _ in range(polls) for line in log.poll()]
    return [line.event.client.removeprefix("10.0.0.") for line in lines]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "mail.log"


def test_a_log_that_comes_late(log: Path, follower: Make) -> None:
    following = follower(log)
    assert (seen(following), following.cursor) == ([], "")
    log.touch()
    assert (seen(following), following.cursor) == ([], "")
    add(log, line(1))
    assert seen(following) == ["1"]
    add(log, line(2) + b"Nov 23 10:00:03 mx sshd[1]: hello\n")
    (told,) = following.poll()
    assert (told.place.file, told.place.line) == (str(log), 2)
    assert told.place.time == datetime(2026, 11, 23, 10, 0, 2, tzinfo=UTC).timestamp()
    assert (following.counts.lines, following.counts.known) == (3, 3)
    assert following.counts.newest == told.place.time + 1


def test_half_a_line_waits_for_its_end(log: Path, follower: Make) -> None:
    following = follower(log)
    add(log, line(1)[:30])
    assert (seen(following), following.cursor) == ([], "")
    add(log, line(1)[30:])
    assert seen(following) == ["1"]


def test_after_a_restart_it_goes_on_in_the_middle(log: Path, follower: Make) -> None:
    add(log, line(1) + line(2)[:30])
    first = follower(log)
    assert seen(first) == ["1"]
    first.close()
    add(log, line(2)[30:] + line(3))
    second = follower(log, first.cursor)
    (two, three) = second.poll()
    assert (two.place.line, three.place.line) == (2, 3)
    third = follower(log, second.cursor)
    assert (seen(third), third.cursor) == ([], second.cursor)


def test_rotated_and_packed_while_we_were_away(log: Path, follower: Make) -> None:
    add(log, line(1))
    first = follower(log)
    assert seen(first) == ["1"]
    first.close()
    add(log, line(2))
    log.with_name("mail.log.2.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.with_name("mail.log.1").write_bytes(line(3))
    log.write_bytes(line(4))
    second = follower(log, first.cursor)
    assert seen(second) == ["2", "3", "4"]
    assert seen(follower(log, second.cursor)) == []


def test_a_file_that_is_gone_is_passed_over(log: Path, follower: Make) -> None:
    add(log, line(1, day=20))
    first = follower(log)
    assert seen(first) == ["1"]
    first.close()
    old = log.with_name("mail.log.2.gz")
    old.write_bytes(gzip.compress(line(7, day=10)))
    os.utime(old, (NOW - 13 * 86_400,) * 2)
    log.with_name("mail.log.1").write_bytes(line(2, day=21))
    log.write_bytes(line(3))
    assert seen(follower(log, first.cursor)) == ["2", "3"]


def test_older_files_when_nothing_is_known(log: Path, follower: Make) -> None:
    add(log, line(4))
    log.with_name("mail.log.1").write_bytes(line(3, day=22))
    log.with_name("mail.log-20261121.gz").write_bytes(gzip.compress(line(2, day=21)))
    for name in ("mail.log.swp", "mail.log.1.xz", "mail.login", "mail.log.3"):
        log.with_name(name).write_bytes(line(9) if name != "mail.log.3" else b"")
    log.with_name("mail.log.4").mkdir()
    log.with_name("mail.log.5.gz").write_bytes(gzip.compress(line(9))[:-12])
    log.with_name("mail.log.6").symlink_to("nowhere")
    old = log.with_name("mail.log.9")
    old.write_bytes(line(1, day=1))
    os.utime(old, (NOW - 20 * 86_400,) * 2)
    assert seen(follower(log, since=NOW - 7 * 86_400)) == ["2", "3", "4"]
    assert seen(follower(log)) == ["4"]
    assert seen(follower(log, cursor="rubbish")) == ["4"]


def test_an_old_file_that_breaks_off_is_read_as_far_as_it_goes(log: Path, follower: Make) -> None:
    several = b"".join(line(n % 60, day=22) for n in range(9000))
    log.with_name("mail.log.1.gz").write_bytes(gzip.compress(several, 0)[:-2000])
    add(log, line(1))
    told = seen(follower(log, since=0.0))
    assert 3000 < len(told) < 9000
    assert told[-1] == "1"


def test_a_line_without_end_costs_no_memory(log: Path, follower: Make) -> None:
    following = follower(log)
    for _ in range(3):
        add(log, b"x" * (4 * LINE_BYTES))
        assert seen(following) == []
    add(log, b"\n" + line(1))
    assert seen(following) == ["1"]


def test_a_poll_reads_so_much_and_no_more(
    log: Path, follower: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "BLOCKS_A_POLL", 1)
    add(log, line(1) * 9000)
    following = follower(log)
    first = len(following.poll())
    assert 0 < first < 9000
    assert first + len(seen(following)) == 9000


def test_what_is_no_file_is_said(log: Path, follower: Make) -> None:
    log.mkdir()
    with pytest.raises(OSError, match=r"mail\.log: not a regular file"):
        follower(log).poll()


def test_a_log_emptied_before_anything_was_read_of_it(log: Path, follower: Make) -> None:
    add(log, b"half a line")
    following = follower(log)
    assert seen(following) == []
    log.write_bytes(line(1))
    assert seen(following) == ["1"]


def test_no_folder_no_rotated_files(tmp_path: Path) -> None:
    assert rotated.starts_since(tmp_path / "none" / "mail.log", 0.0, UTC, NOW) == [
        (tmp_path / "none" / "mail.log", None)
    ]


def test_what_was_read_before_the_disk_failed_is_handed_out_first(
    log: Path, follower: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(log, line(1))
    following = follower(log)
    step = following._step
    steps = iter([step, _broken, _broken])

    def next_step() -> object:
        return next(steps)()

    monkeypatch.setattr(following, "_step", next_step)
    assert len(following.poll()) == 1
    with pytest.raises(OSError, match="Input/output error"):
        following.poll()


def _broken() -> None:
    raise OSError(5, "Input/output error")


def test_a_writer_may_go_on_with_the_old_file_until_the_new_one_has_a_byte(
    log: Path, follower: Make
) -> None:
    add(log, line(1))
    following = follower(log)
    assert seen(following) == ["1"]
    old = log.rename(log.with_name("mail.log.1"))
    log.touch()
    assert seen(following) == []
    add(old, line(2))
    assert seen(following) == ["2"]
    add(old, line(3))
    add(log, line(4))
    assert seen(following) == ["3", "4"]
