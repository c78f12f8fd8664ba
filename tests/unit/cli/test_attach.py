"""The four commands, over a host that is given."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.host import Proposal
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.record import Attachment, State, save
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.attach.settling import Waiting
from honeypost.beside.postfix.waiting import WaitingMessage
from honeypost.beside.survey.kinds import Finding, Severity
from honeypost.cli import attaching
from honeypost.cli import detach as detach_module
from honeypost.cli.main import main
from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing

WARNING = Finding("warns", Severity.WARN, "It is so.", "Nothing to do.")
REFUSAL = Finding("stops", Severity.REFUSE, "It cannot be.", "Mend it.")


@dataclass
class Record:
    id: str = "2026"
    state: State = State.ATTACHED
    layers: dict[str, int] = field(default_factory=dict)


@dataclass
class FakeHost:
    layout: Layout
    findings: tuple[Finding, ...] = (WARNING,)
    record: Record | None = None
    called: list[str] = field(default_factory=list)
    reloading: Reloading = field(default_factory=Reloading)
    diff: str = "--- a\n+++ b\n"
    messages: tuple[WaitingMessage, ...] = ()
    waiting: Waiting = Waiting.STOP

    def propose(self):
        return Proposal(None, self.findings, None, None, self.diff, self.record)

    def refuse_broken_off(self):
        if self.record and self.record.state is not State.ATTACHED:
            raise AttachFailed("broke off")

    def waiting_messages(self):
        return self.messages

    def attach(self, proposal, *, real_name):
        self.called.append(f"attach {real_name}")
        self.record = Record()
        return ["one note"]

    def detach(self):
        self.called.append(f"detach {len(self.reloading.off_commands)}")
        self.record = None
        return []

    def rollback(self, name):
        self.called.append(f"rollback {name}")
        return []


@pytest.fixture
def host(tmp_path, monkeypatch):
    made = FakeHost(Layout(tmp_path / "attach", tmp_path))

    def give(*_):
        return made

    def changed(host, **parts):
        for name, value in parts.items():
            setattr(host, name, value)
        return host

    monkeypatch.setattr(attaching, "host", give)
    monkeypatch.setattr(attaching, "current", lambda _: made.record)
    monkeypatch.setattr(attaching, "replace", changed)
    monkeypatch.setattr(detach_module, "current", lambda _: made.record)
    monkeypatch.setattr(
        detach_module, "replace", lambda o, **p: changed(o, **p) if o is made else _reloading(p)
    )
    return made


def _reloading(parts):
    return Reloading(**parts)


def test_without_apply_it_is_shown_and_nothing_done(host, tmp_path, capsys):
    assert main(["attach", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "note [warns] It is so." in out
    assert "+++ b" in out
    assert host.called == []


def test_a_refusal_ends_with_1(host, tmp_path, capsys):
    host.findings = (WARNING, REFUSAL)
    assert main(["attach", "--apply", "--force", "--data", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.index("refused [stops]") < out.index("note [warns]")
    assert host.called == []


def test_apply_waits_for_a_week_of_looking_unless_forced(host, tmp_path, capsys):
    assert main(["attach", "--apply", "--data", str(tmp_path)]) == 2
    assert "no log was looked at yet" in capsys.readouterr().err
    arguments = ["attach", "--apply", "--force", "--account", "bob", "--data", str(tmp_path)]
    assert main(arguments) == 0
    assert host.called == ["attach bob"]
    out = capsys.readouterr().out
    assert "note: one note" in out
    host.diff = ""
    assert main(["attach", "--apply", "--data", str(tmp_path)]) == 0
    assert "attached since 2026; nothing is to change" in capsys.readouterr().out
    host.diff = "--- a\n"
    assert main(["attach", "--apply", "--data", str(tmp_path)]) == 0
    assert host.called == ["attach bob", "attach "]
    host.record.state = State.APPLYING
    assert main(["attach", "--apply", "--data", str(tmp_path)]) == 1
    assert "broke off" in capsys.readouterr().err


def test_what_waits_for_a_late_bounce_is_asked_for_on_a_terminal(host, tmp_path, monkeypatch):
    def detached(*words):
        assert main(["detach", *words, "--data", str(tmp_path)]) == 0
        return host.waiting

    host.record = Record()
    assert detached("--waiting", "delete") is Waiting.DELETE
    assert detached() is Waiting.STOP
    host.messages = (WaitingMessage("1AB", "a@b.test", ("x@example.org",), 0),)
    assert detached() is Waiting.STOP
    monkeypatch.setattr(sys, "stdin", Terminal("what?\ntell\n"))
    assert detached() is Waiting.TELL


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_as_json(host, tmp_path, capsys):
    assert main(["attach", "--json", "--data", str(tmp_path)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["applied"], shown["refused"], shown["diff"]) == (False, False, "--- a\n+++ b\n")
    host.record = Record()
    assert main(["detach", "--json", "--data", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "id": "2026", "exact": True, "notes": [], "backups": [],
    }  # fmt: skip
    assert main(["mode", "--json", "--data", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"mode": "observe", "measures": []}


def test_detach_and_rollback(host, tmp_path, capsys):
    assert main(["detach", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "nothing is attached\n"
    host.record = Record()
    assert main(["detach", "--from-package", "--data", str(tmp_path)]) == 0
    assert "compared by hash" in capsys.readouterr().out
    assert main(["rollback", "2026", "--data", str(tmp_path)]) == 0
    assert "compared by hash" in capsys.readouterr().out
    host.record = Record()
    assert main(["rollback", "--data", str(tmp_path)]) == 0
    assert host.called == ["detach 0", "rollback 2026", "detach 0"]


def test_backups_are_listed(tmp_path, capsys):
    def listed(*words):
        assert main(["rollback", "--list", *words, "--data", str(tmp_path)]) == 0
        return capsys.readouterr().out

    assert "nothing was ever attached" in listed()
    layout = attaching.layout(None, tmp_path)
    states = (State.DETACHED, State.APPLYING, State.ATTACHED)
    for number, state in enumerate(states):
        places = dict.fromkeys(
            ("postfix_directory", "queue_directory", "dovecot_config", "main_dovecot",
             "chain_folder", "marker_domain"), "",
        )  # fmt: skip
        record = Attachment(
            str(number), state, 1.0, settings=PostfixSettings(), files=[], folders=[], **places
        )
        save(record, layout)
    (layout.backups / "3").mkdir()
    (layout.backups / "3/attachment.json").write_text("{")
    rows = listed().splitlines()
    assert rows[1].split() == ["0", "1970-01-01T00:00:01Z", "undone;", "0", "files"]
    assert "broke off while applying" in rows[2]
    assert "attached now" in rows[3]
    assert "its record cannot be read" in rows[4]
    backups = json.loads(listed("--json"))["backups"]
    assert [backup["id"] for backup in backups] == ["0", "1", "2", "3"]


def test_mode_shows_and_changes(host, tmp_path, capsys):
    def mode(*words):
        code = main(["mode", *words, "--data", str(tmp_path)])
        return code, capsys.readouterr().out.splitlines()[-1:]

    assert mode() == (0, ["observe"])
    assert mode("deceive", "--force")[0] == 0
    assert mode() == (0, ["deceive"])
    assert mode("deceive") == (0, ["deceive"])
    host.record.layers = {"caps": 1, "late bounce": 1, "acceptance": 1}
    assert mode() == (0, ["deceive, with caps and late bounce"])
    assert mode("observe")[0] == 0
    assert host.called == ["attach ", "detach 2"]
    assert mode("sleep") == (2, [])


def test_only_root_may(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["attach", "--data", str(tmp_path)]) == 2
    assert "only root" in capsys.readouterr().err


def test_the_host_is_this_one(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    create_if_missing(Paths(tmp_path).secrets, os.urandom)
    given = tmp_path / "etc/honeypost.toml"
    given.parent.mkdir()
    given.write_text("")
    made = attaching.host(given, tmp_path)
    assert made.layout == Layout(tmp_path / "attach", given.parent)
    assert made.load().site.hostname == "mail.example.org"
    made.tell("a step")
    assert attaching.state(made.layout) == "observe"
    assert attaching.layout(None, Path("/nowhere")).state == Path("/nowhere/attach")
