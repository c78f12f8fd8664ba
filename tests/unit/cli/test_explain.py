from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from honeypost.cli import explain as module
from honeypost.cli.archive import Archive
from honeypost.cli.main import main
from honeypost.config.schema import Paths
from support.history import ABSENT, ACCOUNT, BUYER, GUESSERS, REAL


def explained(
    capsys: pytest.CaptureFixture[str], paths: Paths, subject: str, code: int = 0
) -> dict[str, Any]:
    assert main(["explain", subject, "--json", "--data", str(paths.data)]) == code
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("name", [ACCOUNT, "info", "INFO@EXAMPLE.ORG"])
def test_an_account(told: Paths, capsys: pytest.CaptureFixture[str], name: str) -> None:
    found = explained(capsys, told, name)
    assert (found["kind"], found["subject"], found["disagreements"]) == ("account", ACCOUNT, 0)
    reasons = [piece["reason"] for piece in found["evidence"]]
    assert reasons[:6] == [
        "too-few-failures", "too-few-failures", "adopted", "entered", "other-secret", "entered",
    ]  # fmt: skip
    assert [piece["distinct_failures"] for piece in found["evidence"][:3]] == [1, 2, 2]
    assert found["evidence"][0]["answer"].startswith("535 5.7.8")
    assert found["evidence"][2]["answer"].startswith("235 2.7.0")
    assert any(
        "won 2026-03-01 12:07:00 by 198.51.100.7 with 'letmein'" in s for s in found["summary"]
    )
    assert any("2001:db8:77::/64 knew the secret at its first try" in s for s in found["summary"])
    assert "works at least until 2026-08-28" in found["undo"][0]


def test_a_real_name_keeps_nothing(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, told, REAL)
    assert {piece["reason"] for piece in found["evidence"]} == {"real-name"}
    assert {piece["distinct_failures"] for piece in found["evidence"]} == {0}
    assert "letmein" not in json.dumps(found)
    assert "site.real_names" in found["undo"][0]


def test_a_name_that_does_not_exist(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, told, ABSENT)
    assert {piece["reason"] for piece in found["evidence"]} == {"absent"}
    assert found["recomputed"] == 3


@pytest.mark.parametrize(
    "address", [GUESSERS[1], "2001:0DB8:1:0::1", "2001:db8:1::ffff", "2001:db8:1::/64"]
)
def test_an_address_and_its_network(
    told: Paths, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    found = explained(capsys, told, address)
    assert found["kind"] == "address"
    assert {piece["account"] for piece in found["evidence"]} == {ACCOUNT, REAL, ABSENT}


def test_the_address_that_was_told(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, told, BUYER)
    assert any(
        "a handover: it never guessed at info@example.org" in line for line in found["summary"]
    )


def test_probes(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, told, "192.0.2.9")
    assert [(piece["reason"], piece["recomputed"]) for piece in found["evidence"]] == [
        ("exists", "agrees"), ("absent", "agrees"), ("absent", "agrees"), ("relay-denied", ""),
    ]  # fmt: skip


def test_a_message_by_its_queue_id_leaves_the_others_out(
    told: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    found = explained(capsys, told, "4Zq2")
    assert [piece["kind"] for piece in found["evidence"]] == ["decoy.entered", "message.captured"]
    assert any("130 recipients" in line for line in found["summary"])
    assert found["disagreements"] == 0


def test_a_message_by_the_id_that_captures_lists(
    told: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = explained(capsys, told, "4Zq2")
    assert explained(capsys, told, whole["subject"][-8:]) == whole


def test_a_session(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive(told) as archive:
        session = next(e.who.session for e in archive.entries(client="192.0.2.51") if e.who)
    found = explained(capsys, told, session)
    assert (found["kind"], found["evidence"][0]["reason"]) == ("session", "not-a-name")
    assert found["evidence"][0]["account"] == "no such@name"


def test_others_words_and_budgets(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(capsys, told, "192.0.2.60")["evidence"][0]["answer"].startswith("421 4.7.0")
    reported = explained(capsys, told, "192.0.2.61")
    assert reported["evidence"][0]["answer"] == "refused, in Dovecot's own words"
    assert reported["recomputed"] == 0


def test_what_is_not_stored(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "203.0.113.7", "--data", str(told.data)]) == 1
    assert capsys.readouterr().err == "honeypost: nothing is stored about '203.0.113.7'\n"


def test_evidence_that_does_not_lead_to_the_answer_is_a_problem(
    history: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(history.journal) as journal:
        journal.execute(
            "UPDATE events SET payload = replace(payload, 'too-few-failures', 'absent')"
            " WHERE kind = 'login.refused' AND client = ?",
            (GUESSERS[0],),
        )
    journal.close()
    found = explained(capsys, history, ACCOUNT, code=1)
    assert found["disagreements"] == 1
    assert found["evidence"][0]["recomputed"] == "disagrees"
    assert main(["explain", ACCOUNT, "--data", str(history.data)]) == 1
    assert "disagrees: 1 of 8 answers" in capsys.readouterr().out


def test_a_capture_whose_bytes_changed_is_a_problem(
    history: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    segment = next(path for path in history.segments.iterdir() if path.stat().st_size > 100)
    segment.write_bytes(segment.read_bytes().replace(b"pay.example/now", b"pay.example/NOW"))
    found = explained(capsys, history, "4Zq1", code=1)
    assert found["evidence"][-1]["recomputed"] == "disagrees"


def test_a_capture_that_is_gone_is_none(history: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    for path in history.segments.iterdir():
        path.unlink()
    found = explained(capsys, history, BUYER)
    assert "no longer stored" in found["evidence"][1]["because"]
    assert found["disagreements"] == 0


def test_a_probe_that_does_not_follow_is_a_problem(
    history: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(history.journal) as journal:
        journal.execute(
            "UPDATE events SET payload = replace(payload, 'unknown', 'accepted')"
            " WHERE kind = 'recipient.probed'"
        )
    journal.close()
    found = explained(capsys, history, "192.0.2.9", code=1)
    assert [piece["recomputed"] for piece in found["evidence"]][:2] == ["agrees", "disagrees"]


def test_a_probe_of_a_real_name_that_the_key_would_have(
    history: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    (history.data / "honeypost.toml").write_text("[decoys]\nname_share = 1.0\n")
    found = explained(capsys, history, "192.0.2.9")
    assert found["evidence"][2]["reason"] == "real-name"


def test_the_screen(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "info", "--data", str(told.data)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("info@example.org  account\n")
    assert "  12:01:00  192.0.2.1        info@example.org  failure 1, opens after 2" in shown
    assert "told          535 5.7.8 Error: authentication failed" in shown
    assert "agrees: all 8 follow from the stored evidence" in shown
    assert main(["explain", "192.0.2.61", "--data", str(told.data)]) == 0
    assert "nothing here was decided by a rule" in capsys.readouterr().out


def test_only_the_newest_evidence_is_listed(
    told: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVIDENCE_SHOWN", 2)
    found = explained(capsys, told, "info")
    assert (len(found["evidence"]), found["left_out"]) == (2, 8)
    assert main(["explain", "info", "--data", str(told.data)]) == 0
    assert "8 older pieces of evidence are not shown" in capsys.readouterr().out


def test_a_message_that_outlived_its_events(
    history: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(history.journal) as journal:
        journal.execute("DELETE FROM events")
    journal.close()
    found = explained(capsys, history, "4Zq1")
    assert found["summary"] == ["the events about it are older than the journal keeps"]
