from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.record import Limbo
from honeypost.beside.attach.settling import Settle, Waiting, named
from honeypost.beside.postfix.waiting import WaitingMessage
from honeypost.beside.survey.programs import Answer

TOKEN = "qT7wk2Lz"
RECORD = SimpleNamespace(
    postfix_directory="/etc/postfix", limbo=Limbo(TOKEN, "private/x", ["example.org"])
)


def entry(name, *recipients):
    return {
        "queue_id": name,
        "sender": "anna@honest.test",
        "recipients": [
            {"address": address, **({"delay_reason": reason} if reason else {})}
            for address, reason in recipients
        ],
    }


LATER = f"{TOKEN} host said: 450 4.2.0 not now"
OURS = entry("1AB", ("x@example.org", LATER))
MIXED = entry("2CD", ("y@example.org", LATER), ("b@elsewhere.test", "connect refused"))


class Queue:
    """Postfix's queue; at each flush ``flushed`` may change it."""

    def __init__(self, *entries, flushed=lambda queue: None, sticky=False):
        self.entries, self.flushed, self.sticky, self.flushes = list(entries), flushed, sticky, 0

    def __call__(self, command, given=""):
        if command[0] == "postsuper" and not self.sticky:
            self.entries = [e for e in self.entries if e["queue_id"] not in given.split()]
        if "-f" in command:
            self.flushes += 1
            self.flushed(self)
        if "-j" in command:
            return Answer("".join(f"{json.dumps(e)}\n" for e in self.entries), "", 0)
        return Answer("", "", 0)


@pytest.fixture
def settle(tmp_path):
    def make(choice, queue):
        return Settle(choice, tmp_path / "settling", queue, 0.3, 0.05, 0.01)

    return make


def test_where_nothing_waits_nothing_is_asked(settle):
    assert settle(Waiting.STOP, Queue())(RECORD) == []
    assert settle(Waiting.STOP, Queue(OURS))(SimpleNamespace(limbo=None)) == []
    other = entry("9", ("b@elsewhere.test", ""))
    assert settle(Waiting.STOP, Queue(other))(RECORD) == []


def test_without_a_choice_what_waits_is_named_and_stays(settle):
    queue = Queue(OURS, MIXED)
    with pytest.raises(AttachFailed) as told:
        settle(Waiting.STOP, queue)(RECORD)
    assert "2 messages wait for a late bounce (1AB from anna@honest.test to x@" in str(told.value)
    assert "--waiting tell" in str(told.value)
    assert len(queue.entries) == 2


def test_told_as_our_edge_says_without_the_delay(settle, tmp_path):
    flag = tmp_path / "settling"

    def flushed(queue):
        if flag.exists():
            queue.entries = []

    queue = Queue(OURS, MIXED, flushed=flushed)
    (said,) = settle(Waiting.TELL, queue)(RECORD)
    assert said.startswith("2 messages that waited for a late bounce: proven senders got")
    assert not flag.exists()


def test_who_cannot_be_judged_is_named_and_the_delay_is_back(settle, tmp_path):
    with pytest.raises(AttachFailed, match=r"1 message wait.*could be judged.*--waiting delete"):
        settle(Waiting.TELL, Queue(OURS))(RECORD)
    assert not (tmp_path / "settling").exists()


def test_deleted_are_those_that_wait_for_nobody_else(settle):
    queue = Queue(OURS, entry("3EF", ("b@elsewhere.test", "connect refused")))
    (said,) = settle(Waiting.DELETE, queue)(RECORD)
    assert "deleted: 1 message" in said
    assert [e["queue_id"] for e in queue.entries] == ["3EF"]
    with pytest.raises(AttachFailed, match="for others too"):
        settle(Waiting.DELETE, Queue(OURS, MIXED))(RECORD)
    with pytest.raises(AttachFailed, match="could not be deleted"):
        settle(Waiting.DELETE, Queue(OURS, sticky=True))(RECORD)


def test_what_came_in_last_is_tried_first(settle):
    untried = entry("4", ("z@example.org", ""))

    def flushed(queue):
        queue.entries = [OURS]

    with pytest.raises(AttachFailed, match=r"to x@example\.org"):
        settle(Waiting.STOP, Queue(untried, flushed=flushed))(RECORD)
    with pytest.raises(AttachFailed, match=r"mail to z@example.org was not tried yet"):
        settle(Waiting.TELL, Queue(untried))(RECORD)


def test_a_sentence_names_twenty():
    many = [WaitingMessage(str(n), "a@b.test", ("x@example.org",), 0) for n in range(22)]
    assert "19 from" in named(many)
    assert named(many).endswith("; and 2 more)")
