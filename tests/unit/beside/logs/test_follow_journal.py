"""
The journal as it grows.

No journald runs where the tests do, so a stand-in program takes the place of ``journalctl``:
it prints entries in the export's format and understands ``--after-cursor`` and ``--follow``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from honeypost.beside.logs.follow_journal import RESTART_SECONDS, JournalFollower
from honeypost.beside.logs.reader import LogLine
from support.waiting import until as wait_until

STAND_IN = """
import sys, time
from pathlib import Path
folder = Path(sys.argv[1])
(folder / "arguments").write_text("\\n".join(sys.argv[2:]))
after = [a.partition("=")[2] for a in sys.argv if a.startswith("--after-cursor=")]
seen = int(after[0].rpartition("=")[2]) if after else 0
deadline = time.monotonic() + 60
while time.monotonic() < deadline and not (folder / "end").exists():
    lines = (folder / "journal").read_text().splitlines()
    for number, line in enumerate(lines[seen:], seen + 1):
        time_ = (1700000000 + number) * 10**6
        sys.stdout.write(f"__CURSOR=s=abc;i={number}\\n__REALTIME_TIMESTAMP={time_}\\n")
        sys.stdout.write(f"SYSLOG_IDENTIFIER=postfix/smtpd\\nMESSAGE={line}\\n\\n")
    sys.stdout.flush()
    seen = len(lines)
    time.sleep(0.02)
sys.exit(str((folder / "end").read_text()))
"""


class Journal:
    """A journal in a folder, its stand-in program, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1_700_000_500.5
        self.made: list[JournalFollower] = []
        (folder / "program.py").write_text(STAND_IN)
        (folder / "journal").write_text("")

    def write(self, *addresses: str) -> None:
        with (self.folder / "journal").open("a") as journal:
            journal.writelines(f"connect from x[{address}]\n" for address in addresses)

    def follower(self, cursor: str = "", since: float | None = None) -> JournalFollower:
        program = (sys.executable, str(self.folder / "program.py"), str(self.folder))
        made = JournalFollower(
            UTC, lambda: self.now, cursor, since, program, machine=self.folder / "machine-id"
        )
        self.made.append(made)
        return made

    def arguments(self) -> list[str]:
        return (self.folder / "arguments").read_text().splitlines()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    for each in made.made:
        each.close()


def until(follower: JournalFollower, count: int) -> list[LogLine]:
    told: list[LogLine] = []

    def enough() -> bool:
        told.extend(follower.poll())
        return len(told) >= count

    wait_until(enough)
    return told


def test_what_is_new_and_where_it_stands(journal: Journal) -> None:
    journal.write("192.0.2.1", "192.0.2.2")
    follower = journal.follower(since=1_600_000_000.0)
    told = until(follower, 2)
    assert [line.event.client for line in told] == ["192.0.2.1", "192.0.2.2"]
    assert (told[1].place.file, told[1].place.line) == ("journal", 2)
    assert told[1].place.time == 1_700_000_002.0
    assert follower.cursor == "s=abc;i=2"
    assert follower.counts.lines == 2
    assert journal.arguments() == [
        *("--no-pager", "--quiet", "--follow", "--merge", "--no-tail", "--output=export"),
        *("--since=@1600000000", "SYSLOG_FACILITY=2"),
    ]
    journal.write("2001:db8::3")
    assert [line.event.client for line in until(follower, 1)] == ["2001:db8::3"]
    assert follower.poll() == []


def test_after_a_restart_it_goes_on_behind_the_cursor(journal: Journal) -> None:
    journal.write("192.0.2.1", "192.0.2.2")
    first = journal.follower(since=0.0)
    until(first, 2)
    first.close()
    journal.write("192.0.2.3")
    second = journal.follower(first.cursor)
    assert [line.event.client for line in until(second, 1)] == ["192.0.2.3"]
    assert "--after-cursor=s=abc;i=2" in journal.arguments()


def test_only_this_machine_is_meant_where_it_is_known(journal: Journal) -> None:
    assert journal.follower().command()[-1] == "SYSLOG_FACILITY=2"
    (journal.folder / "machine-id").write_text("ac8a0db2\n")
    assert journal.follower().command()[-2:] == ["SYSLOG_FACILITY=2", "_MACHINE_ID=ac8a0db2"]


def test_nothing_known_is_from_now_on(journal: Journal) -> None:
    assert "--since=@1700000500" in journal.follower().command()


def test_its_end_is_said_and_it_is_started_again(journal: Journal) -> None:
    journal.write("192.0.2.1")
    follower = journal.follower(since=0.0)
    until(follower, 1)
    (journal.folder / "end").write_text("Failed to open journal")
    with pytest.raises(OSError, match="ended: Failed to open journal"):
        wait_until(lambda: bool(follower.poll()))
    (journal.folder / "end").unlink()
    journal.write("192.0.2.2")
    assert follower.poll() == []  # not at once
    journal.now += RESTART_SECONDS
    assert [line.event.client for line in until(follower, 1)] == ["192.0.2.2"]


def test_an_end_without_a_word_is_said_by_its_code(tmp_path: Path) -> None:
    follower = JournalFollower(UTC, lambda: 0.0, program=("/bin/false",))
    with pytest.raises(OSError, match="/bin/false ended: exit code 1"):
        wait_until(lambda: bool(follower.poll()))


def test_no_such_program() -> None:
    follower = JournalFollower(UTC, lambda: 0.0, program=("/nonexistent/journalctl",))
    with pytest.raises(FileNotFoundError):
        follower.poll()
    follower.close()


def test_one_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("honeypost.beside.logs.follow_journal.STOP_SECONDS", 0.1)
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('x', flush=True)"
    follower = JournalFollower(
        UTC, lambda: 0.0, program=(sys.executable, "-c", stubborn + "; time.sleep(60)")
    )
    follower.poll()
    heard = follower._entries
    wait_until(lambda: follower.poll() == [] and heard._rest)
    follower.close()
    follower.close()
