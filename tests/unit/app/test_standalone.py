"""What stands in for real servers."""

from __future__ import annotations

from pathlib import Path

from honeypost.app.standalone import containment, real_names
from honeypost.beside.containment import AttachedContainment
from honeypost.beside.names_service import NamesClient
from honeypost.config.schema import Beside, Config, Paths, Site
from honeypost.ports import Reality

PATHS = Paths(Path("/nonexistent"))


async def test_standalone_nobody_is_real() -> None:
    assert await real_names(Config(), PATHS).reality("info@example.org") is Reality.UNKNOWN


async def test_standalone_names_of_a_file_are_real(tmp_path: Path) -> None:
    (tmp_path / "names").write_text("bob\ncarol@example.org\n")
    names = real_names(
        Config(site=Site(real_names=str(tmp_path / "names")), beside=Beside(names_seconds=0.45)),
        PATHS,
    )
    assert await names.reality("bob@example.org") is Reality.REAL
    assert await names.reality("bbo@example.org") is Reality.REAL
    assert await names.reality("webmaster@example.org") is Reality.UNKNOWN


async def test_beside_real_servers_the_worker_is_asked_and_its_silence_is_no_answer() -> None:
    for beside in (Beside(userdb_socket="/run/x-userdb"), Beside(maps=("hash:/etc/aliases",))):
        names = real_names(Config(beside=beside), PATHS)
        assert isinstance(names, NamesClient)
        assert await names.reality("info@example.org") is Reality.UNSURE


def test_standalone_mail_stays_in_by_structure() -> None:
    assert containment(Config(), {"smtp", "submission"}).doubt() == ""


def test_attached_the_containment_is_looked_at() -> None:
    attached = containment(Config(beside=Beside(containment="/nonexistent")), {"lookup"})
    assert isinstance(attached, AttachedContainment)
    assert attached.doubt() != ""


def test_a_lookup_end_without_attached_containment_grants_nothing() -> None:
    assert "beside.containment" in containment(Config(), {"lookup", "submission"}).doubt()
