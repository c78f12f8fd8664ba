from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from honeypost.config import secrets
from honeypost.config.secrets import create_if_missing, read
from honeypost.errors import ConfigError

NOBODY = 65534


def counting(start: int = 0) -> Callable[[int], bytes]:
    numbers = cycle(range(256))
    for _ in range(start):
        next(numbers)
    return lambda size: bytes(next(numbers) for _ in range(size))


def test_made_once_and_then_the_same(tmp_path: Path) -> None:
    path = tmp_path / "data" / "site.json"
    first = create_if_missing(path, os.urandom)
    assert create_if_missing(path, os.urandom) == first == read(path)
    assert len(first.key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["site.json"]


def test_no_two_sites_share_anything(tmp_path: Path) -> None:
    a, b = (create_if_missing(tmp_path / name / "site.json", os.urandom) for name in "ab")
    assert not {a.site, a.key, a.marker_domain, a.header} & {
        b.site,
        b.key,
        b.marker_domain,
        b.header,
    }


def test_chance_decides_all_of_it(tmp_path: Path) -> None:
    made = create_if_missing(tmp_path / "site.json", counting())
    assert made.site == bytes(range(8)).hex()
    assert made.key == bytes(range(8, 40))
    assert made.marker_domain == "efghijkl.invalid"
    assert made.header == "X-wxyz012"


def test_every_letter_is_as_likely_as_any_other() -> None:
    """256 is no multiple of 36: what is left over is drawn again."""
    drawn = secrets._word(secrets.LOWER, 504, counting())
    assert {drawn.count(letter) for letter in secrets.LOWER} == {14}


def test_a_file_that_another_process_made_first_wins(tmp_path: Path) -> None:
    path = tmp_path / "site.json"
    mine = secrets._encoded(secrets._fresh(counting()))
    theirs = create_if_missing(path, counting(7))
    secrets._write_once(path, mine, os.urandom)
    assert read(path) == theirs
    assert len(list(tmp_path.iterdir())) == 1


def test_file_and_folder_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: synced.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"),
    )
    create_if_missing(tmp_path / "site.json", os.urandom)
    assert synced == ["file", "folder"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can own a file as root")
@pytest.mark.parametrize(("mode", "fine"), [(0o640, True), (0o660, False), (0o644, False)])
def test_what_root_owns_its_group_may_read(tmp_path: Path, mode: int, fine: bool) -> None:
    path = tmp_path / "site.json"
    made = create_if_missing(path, os.urandom)
    path.chmod(mode)
    if fine:
        assert read(path) == made
    else:
        with pytest.raises(ConfigError, match="open to others"):
            read(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "site.json"
    create_if_missing(path, os.urandom)
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    with pytest.raises(ConfigError, match=f"open to others \\({mode:04o}\\); chmod 600"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'"x"'])
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "site.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not the JSON object"):
        create_if_missing(path, os.urandom)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("site", "x"),
        ("key", "00"),
        ("marker_domain", "example.org"),
        ("header", "Received"),
        ("header", 7),
    ],
)
def test_a_damaged_value_is_named(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "site.json"
    create_if_missing(path, os.urandom)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ConfigError, match=f"{key}: is missing or damaged"):
        read(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read(tmp_path / "site.json")
