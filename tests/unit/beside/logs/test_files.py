"""Log files as they lie about."""

from __future__ import annotations

import gzip
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from honeypost.beside.logs.files import Reading, read_logs
from honeypost.beside.logs.reader import Counts, LogLine
from honeypost.beside.logs.rotated import PEEK_LINES
from honeypost.beside.logs.splitting import LINE_BYTES

NOW = datetime(2026, 8, 14, 12, 0, tzinfo=UTC).timestamp()
READING = Reading(UTC, NOW)


def smtpd(day: str, address: str = "192.0.2.1") -> bytes:
    return f"{day} 10:00:00 mx postfix/smtpd[1]: connect from unknown[{address}]\n".encode()


def export(day: int, client: str = "192.0.2.7") -> bytes:
    time = int(datetime(2026, 8, day, tzinfo=UTC).timestamp()) * 10**6
    return (
        f"__CURSOR=s=1;i={day}\n__REALTIME_TIMESTAMP={time}\nSYSLOG_IDENTIFIER=postfix/smtpd\n"
        f"MESSAGE=connect from unknown[{client}]\n\n"
    ).encode()


def read(names: list[str], reading: Reading = READING, counts: Counts | None = None):
    lines: list[LogLine] = []
    for block in read_logs(names, reading, counts or Counts()):
        lines += block
    return lines


def days(names: list[str], reading: Reading = READING) -> list[str]:
    return [
        datetime.fromtimestamp(line.place.time, UTC).date().isoformat()
        for line in read(names, reading)
        if line.place.time
    ]


def test_every_kind_of_file_oldest_first(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_bytes(smtpd("Aug 13"))
    (tmp_path / "mail.log.1").write_bytes(smtpd("Aug  6") + smtpd("Aug 12"))
    (tmp_path / "mail.log.2.gz").write_bytes(gzip.compress(smtpd("Dec 30")))
    (tmp_path / "journal.export").write_bytes(export(4) + export(5))
    names = sorted(str(path) for path in tmp_path.iterdir())
    assert days(names) == [
        *("2025-12-30", "2026-08-04", "2026-08-05", "2026-08-06"),
        *("2026-08-12", "2026-08-13"),
    ]


def test_where_each_line_stands(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    ending = smtpd("Aug 13").rstrip()
    log.write_bytes(b"rubbish\n" + smtpd("Aug 13") + b"Aug 13 10:00:01 mx sshd[1]: hi\n" + ending)
    counts = Counts()
    lines = read([str(log)], counts=counts)
    assert [(line.place.file, line.place.line) for line in lines] == [(str(log), 2), (str(log), 4)]
    assert (counts.lines, counts.known, counts.newest) == (4, 3, lines[-1].place.time)


def test_a_given_year_goes_on_in_the_next_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(smtpd("Dec 30") + smtpd("Jan  2"))
    (tmp_path / "b").write_bytes(smtpd("Jan  3"))
    names = [str(tmp_path / "b"), str(tmp_path / "a")]
    assert days(names, Reading(UTC, NOW, 2010)) == ["2010-12-30", "2011-01-02", "2011-01-03"]


def test_an_old_file_belongs_to_the_year_it_was_written_in(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_bytes(smtpd("Mar  1"))
    written = datetime(2020, 3, 2, tzinfo=UTC).timestamp()
    os.utime(log, (written, written))
    assert days([str(log)]) == ["2020-03-01"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, pack) -> None:
    stdin = io.BufferedReader(io.BytesIO(pack(smtpd("Aug 13", "2001:db8::1"))))
    monkeypatch.setattr(
        "honeypost.beside.logs.files.sys", SimpleNamespace(stdin=SimpleNamespace(buffer=stdin))
    )
    (line,) = read(["-"])
    assert (line.place.file, line.event.client) == ("-", "2001:db8::1")


def test_files_without_a_time_stay_in_their_place(tmp_path: Path) -> None:
    for name, text in {
        "new": smtpd("Aug 13", "192.0.2.4"),
        "none": b"rubbish\n" * (PEEK_LINES + 5),
        "short": b'{"SYSLOG_IDENTIFIER": "postfix/smtpd", "MESSAGE": "connect from x[192.0.2.3]"}\n',
        "old": smtpd("Aug  1", "192.0.2.1"),
    }.items():
        (tmp_path / name).write_bytes(text)
    names = [str(tmp_path / name) for name in ("new", "none", "short", "old")]
    assert [line.place.file for line in read(names)] == [names[3], names[2], names[0]]


def test_standard_input_among_files_is_read_where_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "new").write_bytes(smtpd("Aug 13"))
    stdin = io.BufferedReader(io.BytesIO(smtpd("Aug  1")))
    monkeypatch.setattr(
        "honeypost.beside.logs.files.sys", SimpleNamespace(stdin=SimpleNamespace(buffer=stdin))
    )
    assert days([str(tmp_path / "new"), "-"]) == ["2026-08-13", "2026-08-01"]


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_bytes(smtpd("Aug 13").rstrip() + b"x" * (9 * LINE_BYTES) + b"\n" + smtpd("Aug 14"))
    (line,) = read([str(log)])
    assert line.place.line == 2


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        read(["/nonexistent/mail.log"])
    with pytest.raises(FileNotFoundError):
        read(["/nonexistent/mail.log", "/nonexistent/mail.log.1"])


def test_a_broken_archive_is_said_in_one_line(tmp_path: Path) -> None:
    log = tmp_path / "mail.log.1.gz"
    log.write_bytes(gzip.compress(smtpd("Aug 13") * 50)[:-20])
    with pytest.raises(OSError, match=r"mail\.log\.1\.gz: the compressed file is broken"):
        read([str(log)])
