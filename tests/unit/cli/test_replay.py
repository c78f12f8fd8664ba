"""``honeypost replay`` as an operator sees it."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from honeypost.beside.logs.reader import Counts, LogLine
from honeypost.cli import replay as verb
from honeypost.cli.main import main
from honeypost.engine import tally

FIELDS = [
    *("file", "line", "time", "kind", "client", "account", "service", "outcome"),
    *("flag", "answer", "campaign", "evidence"),
]


def refusal(second: int, client: str, login: str) -> str:
    return (
        f"Nov 23 10:00:{second:02} mx postfix/submission/smtpd[9]: warning: unknown[{client}]:"
        f" SASL PLAIN authentication failed: (reason unavailable), sasl_username={login}\n"
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    lines = ["rubbish\n"]
    lines += [
        refusal(n, f"192.0.2.{n}", "info@example.org" if n % 2 else "info") for n in range(12)
    ]
    lines += [refusal(20, "2001:db8::1", name) for name in ("info", "info@example.org", "alcie")]
    lines.append(
        "Nov 23 10:01:00 mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550"
        " 5.1.1 <no@example.org>: Recipient address rejected: User unknown in local recipient"
        " table; from=<> to=<no@example.org> proto=ESMTP helo=<x>\n"
    )
    lines.append(
        "Nov 23 10:02:00 mx dovecot: imap-login: Login: user=<alice>, method=PLAIN,"
        " rip=192.0.2.200, lip=192.0.2.2, mpid=1, TLS\n"
    )
    path.write_text("".join(lines))
    return path


def test_the_summary(log: Path, tmp_path: Path, capsys) -> None:
    users = tmp_path / "users"
    users.write_text("# our people\nalice  # boss\n\n")
    options = ["--domain", "example.org", "--users", str(users), "--year", "2025", "--tz", "UTC"]
    assert main(["replay", str(log), *options]) == 0
    shown = capsys.readouterr().out
    assert "18 lines, 17 of them about clients" in shown
    assert "2025-11-23T10:00:00Z to 2025-11-23T10:02:00Z" in shown
    assert "Refused and never let in: 13 networks" in shown
    assert "and 3 more" in shown
    assert "1 of them tried a name with and without its domain" in shown
    assert "192.0.2.200" not in shown
    assert "the name is one slip away from a real user's" in shown
    assert "logins let in, 1" in shown
    assert "unknown recipients, 1" in shown
    assert "info@example.org (14 refusals)" in shown
    assert "whether a guess was common enough to win stays open" in shown
    assert "--users" not in shown


def test_what_it_could_not_know_is_said(log: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("honeypost.engine.replay.MOST_NETWORKS", 5)
    assert main(["replay", str(log)]) == 0
    shown = capsys.readouterr().out
    assert "only names that logged in within it count as real (see --users)" in shown
    assert "without --domain no account could become a decoy" in shown
    assert "10 networks and accounts were too many to remember" in shown
    assert tally.MOST_NETWORKS > 5


def test_more_accounts_than_fit_the_screen(tmp_path: Path, capsys) -> None:
    log = tmp_path / "mail.log"
    log.write_text("".join(refusal(n, "192.0.2.1", f"name{n}") for n in range(14)))
    assert main(["replay", str(log)]) == 0
    assert "Accounts at which logins were refused: 14" in capsys.readouterr().out


def test_lines_without_time_and_without_name(tmp_path: Path, capsys) -> None:
    log = tmp_path / "mail.log"
    entry = {"SYSLOG_IDENTIFIER": "dovecot", "MESSAGE": "imap-login: Login: user=<>, rip=::1"}
    log.write_text(json.dumps(entry) + "\n")
    assert main(["replay", str(log)]) == 0
    assert "1 lines, 1 of them about clients\n" in capsys.readouterr().out


def test_a_log_about_nobody(tmp_path: Path, capsys) -> None:
    log = tmp_path / "mail.log"
    log.write_text("rubbish\nNov 23 10:00:00 mx sshd[1]: hello\n")
    assert main(["replay", str(log)]) == 0
    assert capsys.readouterr().out == (
        "2 lines read, 1 of them log lines; none is about a client.\n"
    )


def test_one_json_object_an_event(log: Path, capsysbinary) -> None:
    assert main(["replay", str(log), "--json", "--year", "2025", "--tz", "Europe/Berlin"]) == 0
    events = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert len(events) == 17
    assert list(events[0]) == FIELDS
    assert events[0]["time"] == "2025-11-23T09:00:00Z"
    assert events[1] == {
        "file": str(log),
        "line": 3,
        "time": "2025-11-23T09:00:01Z",
        "kind": "login",
        "client": "192.0.2.1",
        "account": "info@example.org",
        "service": "submission",
        "outcome": "refused",
        "flag": "unsure",
        "answer": "refused",
        "campaign": "",
        "evidence": [],
    }


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--tz", "Mars/Olympus"], "--tz Mars/Olympus: no such time zone"),
        (["--tz", "../etc/passwd"], "--tz ../etc/passwd: no such time zone"),
        (["--year", "20"], "--year 20: not a year of a log"),
    ],
)
def test_usage_problems(log: Path, options: list[str], complaint: str, capsys) -> None:
    assert main(["replay", str(log), *options]) == 2
    assert complaint in capsys.readouterr().err


def test_a_missing_file_is_one_clear_line(capsys) -> None:
    assert main(["replay", "/nonexistent/mail.log"]) == 1
    assert capsys.readouterr().err == (
        "honeypost: /nonexistent/mail.log: No such file or directory\n"
    )


def test_progress_only_when_it_takes_long() -> None:
    counts = Counts()

    def blocks() -> Iterator[list[LogLine]]:
        for _ in range(5):
            counts.lines += 1000
            yield []

    screen = io.StringIO()
    assert len(list(verb.with_progress(blocks(), counts, screen, lambda: 0.0))) == 5
    assert screen.getvalue() == ""
    counts = Counts()
    clock = itertools.count(0.0, 0.6)
    assert len(list(verb.with_progress(blocks(), counts, screen, lambda: next(clock)))) == 5
    assert "replay: 2,000 lines" in screen.getvalue()
    assert screen.getvalue().endswith("s\n")
