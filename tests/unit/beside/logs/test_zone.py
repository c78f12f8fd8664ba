"""The machine's own zone."""

from datetime import UTC
from pathlib import Path

from honeypost.beside.logs.zone import own_zone


def test_where_the_system_names_none_it_is_utc(tmp_path: Path) -> None:
    rules = tmp_path / "localtime"
    assert own_zone(rules) is UTC
    rules.write_bytes(b"nonsense")
    assert own_zone(rules) is UTC


def test_the_machines_own_rules_are_taken() -> None:
    rules = Path("/usr/share/zoneinfo/Europe/Berlin")
    if rules.exists():
        assert own_zone(rules) is not UTC
