from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from honeypost.cli import captures
from honeypost.cli.archive import Archive
from honeypost.cli.main import main
from honeypost.config.schema import Paths
from support.history import ACCOUNT, BODY, BUYER


def test_the_list(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["captures", "--json", "--data", str(told.data)]) == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["queue_id"], first["account"], first["client"]) == ("4Zq1", ACCOUNT, BUYER)
    assert (first["link_count"], first["attachment_count"], first["extracted"]) == (1, 1, True)
    assert (second["recipient_count"], second["extracted"], second["recipients"]) == (
        130,
        False,
        [],
    )
    assert second["sha256"] == hashlib.sha256(BODY).hexdigest()


def test_the_list_on_screen_lets_no_escape_through(
    told: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["captures", "--data", str(told.data), "--limit", "1"]) == 0
    shown = capsys.readouterr().out
    assert "pay \\x1b[2J now" in shown
    assert "\x1b" not in shown
    assert "and 1 older (--limit)" in shown


def test_one_message(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["captures", "show", "4Zq1", "--data", str(told.data)]) == 0
    shown = capsys.readouterr().out
    assert "told          250 2.0.0 Ok: queued as 4Zq1" in shown
    assert "link          hxxp[:]//pay.example/now  (text)" in shown
    assert "attachment    bill.zip  application/zip, 2 KiB" in shown
    assert "  not read      cut\n" in shown
    assert "hxxp[:]//pay.example/now\n" in shown
    assert "http://" not in shown
    assert "\x1b" not in shown


def test_one_that_was_not_looked_at_yet(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["captures", "show", "4Zq2", "--data", str(told.data)]) == 0
    assert "links         not looked at yet" in capsys.readouterr().out
    assert main(["captures", "show", "4Zq2", "--json", "--data", str(told.data)]) == 0
    assert len(json.loads(capsys.readouterr().out)["recipients"]) == 130


def test_raw_is_exact(told: Paths, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with Archive(told) as archive:
        wanted = archive.messages()[0].capture.id
    for name in (wanted, wanted[-8:], "4Zq1"):
        assert main(["captures", "show", name, "--raw", "--data", str(told.data)]) == 0
        assert capfdbinary.readouterr().out == BODY


def test_one_that_is_not_there(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["captures", "show", "nope", "--data", str(told.data)]) == 1
    assert "there is no capture 'nope'" in capsys.readouterr().err


def test_a_name_that_fits_two(
    told: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(captures, "SHORT_ID", 1)
    with Archive(told) as archive:
        ids = [message.capture.id for message in archive.messages()]
    letters = {each[-1] for each in ids}
    if len(letters) == 2:
        monkeypatch.setattr(
            Archive, "messages", lambda self: [m for m in original(self) for _ in (1, 2)]
        )
    assert main(["captures", "show", ids[0][-1], "--data", str(told.data)]) == 2
    assert "fits 2 messages" in capsys.readouterr().err


original = Archive.messages


def test_nothing_captured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["captures", "--data", str(tmp_path)]) == 0
    assert "no decoy has sent anything yet" in capsys.readouterr().out


def test_a_long_message_is_cut_and_says_so() -> None:
    shown = list(captures.lines(b"\n".join(b"x" * 500 for _ in range(300))))
    assert len(shown) == captures.LINES_SHOWN + 1
    assert shown[0] == "x" * captures.LINE_BYTES_SHOWN + "…"
    assert shown[-1] == "... 180 more lines (--raw)"


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", ""),
        (b"To: x\n\nSubject: in the body", ""),
        (b"subject:  a \r\n", "a"),
        (b"no colon\r\nSubject: b", "b"),
    ],
)
def test_the_subject(head: bytes, said: str) -> None:
    assert captures.subject(head) == said
