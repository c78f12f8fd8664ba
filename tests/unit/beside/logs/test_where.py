"""Which logs are meant."""

import os
from datetime import UTC
from pathlib import Path

from honeypost.beside.logs.follow import FileFollower
from honeypost.beside.logs.follow_journal import JournalFollower
from honeypost.beside.logs.where import STALE_SECONDS, follow, logs_meant

NOW = 1_772_366_400.0


def write(root: Path, name: str, age: float, text: str = "x") -> Path:
    log = root / name
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)
    os.utime(log, (NOW - age, NOW - age))
    return log


def test_what_was_named_is_meant(tmp_path: Path) -> None:
    assert logs_meant(("/a", "/b"), NOW, tmp_path) == ("/a", "/b")
    assert logs_meant((), NOW, tmp_path) == ()


def test_auto_is_the_log_that_is_written_else_the_journal(tmp_path: Path) -> None:
    assert logs_meant(("auto",), NOW, tmp_path) == ("journal",)
    write(tmp_path, "var/log/mail.log", STALE_SECONDS + 1)
    write(tmp_path, "var/log/maillog", 1, text="")
    assert logs_meant(("auto",), NOW, tmp_path) == ("journal",)
    maillog = write(tmp_path, "var/log/maillog", 1)
    assert logs_meant(("auto",), NOW, tmp_path) == (str(maillog),)
    debians = write(tmp_path, "var/log/mail.log", STALE_SECONDS - 1)
    assert logs_meant(("auto",), NOW, tmp_path) == (str(debians),)


def test_each_log_has_its_follower(tmp_path: Path) -> None:
    log = str(write(tmp_path, "mail.log", 1))
    found = follow(("journal", log), {"journal": "s=1"}, UTC, lambda: NOW, NOW - 60)
    assert isinstance(found["journal"], JournalFollower)
    assert found["journal"].cursor == "s=1"
    assert isinstance(found[log], FileFollower)
