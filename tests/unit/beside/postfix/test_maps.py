"""``postmap`` is a script here; the real one is asked in tests/integration."""

from __future__ import annotations

import asyncio
import stat

import pytest

from honeypost.beside.cannot_tell import CannotTell
from honeypost.beside.postfix.maps import Maps

SCRIPT = """#!/bin/sh
# -c DIR -q - MAP: the map is a file with one key a line
echo "$@" >> {log}
case "$5" in
  dead) echo "postmap: fatal: open database: no such file" >&2; exit 1 ;;
  slow) echo $$ > {pid}; exec sleep 60 ;;
esac
while read key; do if grep -qxF "$key" "$5"; then printf '%s\\tx\\n' "$key"; fi; done
"""


@pytest.fixture
def postmap(tmp_path):
    script = tmp_path / "postmap"
    script.write_text(SCRIPT.format(log=tmp_path / "log", pid=tmp_path / "pid"))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


@pytest.fixture
def aliases(tmp_path):
    path = tmp_path / "aliases"
    path.write_text("sales\n@catchall.org\n")
    return str(path)


async def test_a_key_of_any_map_is_found(tmp_path, postmap, aliases):
    other = tmp_path / "other"
    other.write_text("bob\n")
    maps = Maps("/conf", [aliases, str(other)], program=postmap)
    assert await maps.any_of(["x", "bob"]) is True
    assert await maps.any_of(["x", "@catchall.org"]) is True
    assert await maps.any_of(["x", "bo"]) is False


async def test_postmap_is_told_the_configuration(tmp_path, postmap, aliases):
    await Maps("/conf", [aliases], program=postmap).any_of(["x"])
    assert (tmp_path / "log").read_text() == f"-c /conf -q - {aliases}\n"


async def test_a_word_on_standard_error_is_a_doubt_whatever_else_was_found(postmap, aliases):
    with pytest.raises(CannotTell, match="no such file"):
        await Maps("/conf", [aliases, "dead"], program=postmap).any_of(["sales"])


async def test_a_missing_program_is_a_doubt(tmp_path):
    with pytest.raises(CannotTell, match="No such file"):
        await Maps("/conf", ["m"], program=str(tmp_path / "none")).any_of(["x"])


async def test_a_hung_program_is_killed_when_nobody_waits_any_more(tmp_path, postmap):
    question = asyncio.ensure_future(Maps("/conf", ["slow"], program=postmap).any_of(["x"]))
    pid = tmp_path / "pid"
    async with asyncio.timeout(5):
        while not pid.exists() or not pid.read_text():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    assert not (tmp_path / "/proc" / pid.read_text().strip()).exists()
