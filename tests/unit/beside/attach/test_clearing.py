from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from honeypost.beside.attach import clearing as module
from honeypost.beside.attach.clearing import ROUNDS, Clear
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.survey.programs import Answer
from support.attach_site import MARKER

RECORD = SimpleNamespace(
    dovecot_config="/d.conf",
    marker_domain=MARKER,
    queue_directory="/nowhere",
    postfix_directory="/etc/postfix",
)
WHO = f"username proto (pid) (ip)\nbob imap (1) (::1)\nq1@{MARKER} imap (2) (::1)\n"


class Programs:
    """Dovecot with sessions, Postfix with a queue: id -> login."""

    def __init__(self, queue, *, sticky=False):
        self.queue, self.sticky, self.called = dict(queue), sticky, []

    def __call__(self, command, given=""):
        self.called.append(" ".join(command))
        match command[0]:
            case "doveadm":
                return Answer(WHO if "who" in command else "", "", 0)
            case "postqueue":
                lines = (json.dumps({"queue_id": name}) for name in self.queue)
                return Answer("".join(f"{line}\n" for line in lines), "", 0)
            case "postcat":
                return Answer("".join(self.envelope(name) for name in command[4:]), "gone", 1)
            case "postsuper":
                for name in given.split():
                    self.queue.pop(name) if not self.sticky else None
        return Answer("", "", 0)

    def envelope(self, name):
        return (
            f"*** ENVELOPE RECORDS deferred/A/{name} ***\nsender: x\n"
            f"named_attribute: sasl_username={self.queue[name]}\n"
            f"*** MESSAGE FILE END deferred/A/{name} ***\n"
        )

    def reloading(self):
        return SimpleNamespace(postfix=lambda: None)


def nobody_waits(_):
    return []


def clear(programs, settle=nobody_waits, seconds=0.0):
    return Clear(programs.reloading(), settle, seconds, run=programs).clear(RECORD)


def test_only_what_marker_users_left_is_cleared():
    programs = Programs({"1AB": f"q1@{MARKER}", "2CD": "bob", "3EF": f"bob@x{MARKER}"})
    assert clear(programs, lambda _: ["two are told now"]) == [
        "1 mailbox sessions of decoys were ended",
        "1 messages of decoys were deleted from the queue",
        "two are told now",
    ]
    assert list(programs.queue) == ["2CD", "3EF"]
    assert f"doveadm -c /d.conf kick q1@{MARKER}" in programs.called
    assert not any(call.endswith("kick bob") for call in programs.called)


def test_mail_that_moves_while_we_look_is_found_by_the_next_look():
    class Moving(Programs):
        def __call__(self, command, given=""):
            missed = command[0] == "postqueue" and "postqueue" not in " ".join(self.called)
            answer = super().__call__(command, given)
            return Answer("", "", 0) if missed else answer

    programs = Moving({"1AB": f"q1@{MARKER}"})
    assert "1 messages of decoys were deleted from the queue" in clear(programs)
    assert not programs.queue


def test_a_queue_that_does_not_empty_keeps_containment():
    programs = Programs({"1AB": f"q1@{MARKER}"}, sticky=True)
    with pytest.raises(AttachFailed, match="keeps coming"):
        clear(programs)
    assert sum(call.startswith("postsuper") for call in programs.called) == ROUNDS


def test_an_old_smtp_session_keeps_containment(monkeypatch):
    processes = {
        1: SimpleNamespace(pid=1, name="smtpd", started=0.0),
        2: SimpleNamespace(pid=2, name="qmgr", started=0.0),
        3: None,
    }
    monkeypatch.setattr(module, "read_master", lambda _: SimpleNamespace(pid=9))
    monkeypatch.setattr(module, "list_children", lambda _: list(processes))
    monkeypatch.setattr(module, "read_process", processes.get)
    with pytest.raises(AttachFailed, match="1 SMTP sessions from before are still open"):
        clear(Programs({}), seconds=0.3)
    processes[1].started = 10.0**12
    assert clear(Programs({})) == ["1 mailbox sessions of decoys were ended"]


def test_daemons_that_do_not_run_have_nothing_to_clear():
    def nothing_runs(command, given=""):
        return Answer("", "no", 1 if command[0] == "doveadm" else 0)

    def fails():
        raise AttachFailed("not running")

    assert (
        Clear(SimpleNamespace(postfix=fails), nobody_waits, 0.0, run=nothing_runs).clear(RECORD)
        == []
    )
