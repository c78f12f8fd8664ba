"""Every transcript is played twice: whole, and byte by byte."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.proto.effects import Core
from honeypost.proto.lmtp.server import LmtpServer
from honeypost.proto.smtp.server import SmtpServer
from honeypost.testing.transcript import play, read_transcript

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(path.relative_to(HERE).as_posix() for path in HERE.rglob("*.chat"))


def core_for(name: str, text: str) -> Core:
    """Make the core that a transcript is about."""
    if name.startswith("lmtp/"):
        return LmtpServer(hostname="mx1.example.org")
    role = re.search(r"(?m)^# role: (\S+)$", text)
    assert role is not None, f"{name} names no role"
    return SmtpServer(PROFILE, Protocol(role[1]), hostname="mx1.example.org")


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_plays_as_written(name: str, bytewise: bool) -> None:
    text = (HERE / name).read_text(encoding="utf-8")
    play(core_for(name, text), read_transcript(text), bytewise=bytewise)


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 7
