"""What the package holds, looked at without installing it."""

from __future__ import annotations

import subprocess
import tarfile
from itertools import pairwise
from pathlib import Path

import pytest

from conftest import program
from honeypost.cli.main import VERBS
from support import bookworm

pytestmark = pytest.mark.real

SITE = "opt/venvs/honeypost/lib/python3.11/site-packages"
PLACES = (
    "etc/honeypost/", "opt/venvs/honeypost/", "usr/bin/honeypost", "usr/lib/honeypost/",
    "usr/lib/systemd/system/", "usr/lib/sysusers.d/honeypost.conf",
    "usr/lib/tmpfiles.d/honeypost.conf", "usr/share/",
)  # fmt: skip
PACKED_BYTES = 12 * 1024 * 1024
UNPACKED_BYTES = 48 * 1024 * 1024


@pytest.fixture(scope="module")
def deb() -> Path:
    for name in ("dpkg-deb", "dpkg-shlibdeps", "strip"):
        program(name)
    return bookworm.package()


@pytest.fixture(scope="module")
def members(deb: Path) -> dict[str, tarfile.TarInfo]:
    """The files by name, without the leading "./"."""
    listing = ["dpkg-deb", "--fsys-tarfile", deb]
    with (
        subprocess.Popen(listing, stdout=subprocess.PIPE) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive,
    ):
        return {member.name.removeprefix("./"): member for member in archive}


def test_lintian_has_nothing_to_say(deb: Path) -> None:
    said = subprocess.run(
        [program("lintian"), "--allow-root", "--tag-display-limit", "0", deb],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.stdout + said.stderr == ""
    overrides = (bookworm.ROOT / "packaging/debian/lintian-overrides").read_text().splitlines()
    pairs = pairwise(overrides)
    reasons = [above.startswith("#") for above, line in pairs if not line.startswith("#")]
    assert reasons
    assert all(reasons)


def test_it_is_small_and_holds_only_what_runs(
    deb: Path, members: dict[str, tarfile.TarInfo]
) -> None:
    assert deb.stat().st_size < PACKED_BYTES
    assert sum(member.size for member in members.values()) < UNPACKED_BYTES
    inside = {Path(name).relative_to(SITE).parts[0] for name in members if f"{SITE}/" in name}
    assert not {"pip", "setuptools", "wheel", "tests", "bin"} & inside
    assert {"honeypost", "msgspec", "typer"} <= inside
    assert not [name for name in members if name.endswith((".pyc", ".pyi", ".h", ".c"))]


def test_every_file_is_roots_and_nobody_elses_to_write(members: dict[str, tarfile.TarInfo]) -> None:
    for name, member in members.items():
        assert (member.uid, member.gid, member.uname) == (0, 0, "root"), name
        assert member.issym() or not member.mode & 0o6022, name
        assert member.mtime <= int(bookworm.EPOCH), name
        assert member.isdir() or name.startswith(PLACES), name


def test_only_the_interpreter_and_one_program_can_be_run(
    members: dict[str, tarfile.TarInfo],
) -> None:
    run = {name for name, member in members.items() if member.isfile() and member.mode & 0o111}
    links = {name: member.linkname for name, member in members.items() if member.issym()}
    assert run - {"usr/lib/honeypost/guard"} == {"opt/venvs/honeypost/bin/honeypost"}
    assert links == {
        "opt/venvs/honeypost/bin/python": "/usr/bin/python3.11",
        "usr/bin/honeypost": "/opt/venvs/honeypost/bin/honeypost",
    }


def test_the_operators_file_is_a_conffile_and_private(
    deb: Path, members: dict[str, tarfile.TarInfo]
) -> None:
    listed = subprocess.run(
        ["dpkg-deb", "--info", deb, "conffiles"], capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == ["/etc/honeypost/honeypost.toml"]
    assert members["etc/honeypost/honeypost.toml"].mode == 0o640


def test_manual_and_completion_know_every_command(deb: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", deb, tmp_path], check=True)
    manual = subprocess.run(
        ["gzip", "-cd", tmp_path / "usr/share/man/man1/honeypost.1.gz"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    script = tmp_path / "usr/share/bash-completion/completions/honeypost"
    asked = (
        f'. {script}; COMP_WORDS=(honeypost ""); COMP_CWORD=1; _honeypost; echo "${{COMPREPLY[@]}}"'
    )
    offered = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert offered.stdout.split() == list(VERBS)
    assert all(f".SS {verb}\n" in manual for verb in VERBS)
