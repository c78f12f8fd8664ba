"""Log files as they lie about."""

from __future__ import annotations

import gzip
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from honeypost.beside.logs.files import (
    LINE_BYTES,
    PEEK_LINES,
    Reading,
    bounded_lines,
    in_order,
    read_logs,
)

NOW = datetime(2026, 8, 14, 12, 0, tzinfo=UTC).timestamp()
READING = Reading(UTC, NOW)


def smtpd(day: str, address: str = "192.0.2.1") -> bytes:
    return f"{day} 10:00:00 mx postfix/smtpd[1]: connect from unknown[{address}]\n".encode()


def times(names: list[str], reading: Reading = READING) -> list[str]:
    lines = read_logs(names, reading)
    return [
        datetime.fromtimestamp(line.place.time, UTC).date().isoformat()
        for line in lines
        if line.place.time
    ]


def test_plain_and_gzipped_files_oldest_first(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_bytes(smtpd("Aug 13"))
    (tmp_path / "mail.log.1").write_bytes(smtpd("Aug  6") + smtpd("Aug 12"))
    (tmp_path / "mail.log.2.gz").write_bytes(gzip.compress(smtpd("Dec 30")))
    names = sorted(str(path) for path in tmp_path.iterdir())
    assert times(names) == ["2025-12-30", "2026-08-06", "2026-08-12", "2026-08-13"]


def test_where_each_line_stands(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_bytes(b"rubbish\n" + smtpd("Aug 13") + b"Aug 13 10:00:01 mx sshd[1]: hello\n")
    lines = list(read_logs([str(log)], READING))
    assert [(line.place.line, line.known, line.event is not None) for line in lines] == [
        (1, False, False),
        (2, True, True),
        (3, True, False),
    ]
    assert {line.place.file for line in lines} == {str(log)}


def test_a_given_year_goes_on_in_the_next_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(smtpd("Dec 30") + smtpd("Jan  2"))
    (tmp_path / "b").write_bytes(smtpd("Jan  3"))
    names = [str(tmp_path / "b"), str(tmp_path / "a")]
    assert times(names, Reading(UTC, NOW, 2010)) == ["2010-12-30", "2011-01-02", "2011-01-03"]


def test_an_old_file_belongs_to_the_year_it_was_written_in(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_bytes(smtpd("Mar  1"))
    written = datetime(2020, 3, 2, tzinfo=UTC).timestamp()
    os.utime(log, (written, written))
    assert times([str(log)]) == ["2020-03-01"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(smtpd("Aug 13", "2001:db8::1")))
    monkeypatch.setattr("honeypost.beside.logs.files.sys", SimpleNamespace(stdin=stdin))
    (line,) = read_logs(["-"], READING)
    assert line.place.file == "-"
    assert line.event is not None
    assert line.event.client == "2001:db8::1"


def test_files_without_a_time_stay_in_their_place(tmp_path: Path) -> None:
    for name, text in {
        "new": smtpd("Aug 13"),
        "none": b"rubbish\n" * (PEEK_LINES + 5),
        "short": b"rubbish\n",
        "old": smtpd("Aug  1"),
    }.items():
        (tmp_path / name).write_bytes(text)
    names = [str(tmp_path / name) for name in ("new", "none", "short", "old")]
    ordered = [Path(name).name for name in in_order(names, READING)]
    assert ordered == ["old", "none", "short", "new"]
    assert in_order([names[0], "-"], READING) == [names[0], "-"]


def test_a_line_without_end_is_cut() -> None:
    log = io.BytesIO(b"a\r\n" + b"x" * (3 * LINE_BYTES) + b"\nb")
    assert [line[:1] + str(len(line)).encode() for line in bounded_lines(log)] == [
        b"a1",
        b"x%d" % LINE_BYTES,
        b"b1",
    ]


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        list(read_logs(["/nonexistent/mail.log"], READING))
