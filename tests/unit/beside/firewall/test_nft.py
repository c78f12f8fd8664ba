"""The program is run to its end, or ended."""

import pytest

from honeypost.beside.firewall.nft import Nft
from honeypost.errors import FirewallError


async def test_text_and_arguments_reach_it(nft):
    runner = Nft(str(nft.program))
    await runner.apply("add table inet x\n")
    nft.count(7)
    assert b'"packets": 7' in await runner.show(["-j", "list"])
    assert nft.told == ["add table inet x", "-j list"]


async def test_what_it_complains_is_told_in_one_line(nft):
    nft.break_on("table")
    with pytest.raises(FirewallError, match=r"^nft: Error: no table$"):
        await Nft(str(nft.program)).apply("add table inet x\n")


async def test_a_failure_without_a_word_is_one(tmp_path):
    program = tmp_path / "nft"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(FirewallError, match="nft: 3"):
        await Nft(str(program)).apply("x")


async def test_one_that_hangs_is_ended(tmp_path):
    program = tmp_path / "nft"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(FirewallError, match="longer than"):
        await Nft(str(program), seconds=0.1).apply("x")


async def test_a_missing_program_is_told(tmp_path):
    with pytest.raises(FirewallError, match="No such file"):
        await Nft(str(tmp_path / "none")).apply("x")
