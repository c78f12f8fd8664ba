"""What makes a trial fail; that it passes on the real daemons is seen in tests/integration."""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.record import Limbo
from honeypost.beside.attach.trial import stages
from honeypost.beside.attach.trial.orders import Orders, Submission
from honeypost.beside.attach.trial.stages import Bench
from honeypost.beside.attach.trial.stubs import Mood

WON, LOST = "passdb: x auth succeeded\nuser=trial@m.invalid", "passdb: x auth failed"


class Lookup:
    def __init__(self):
        self.asked, self.mood, self.closed = 0, Mood.WELL, False

    def close(self):
        self.closed = True


class Dovecot:
    """Answers as the chain would; a test breaks one thing."""

    def __init__(self, lookup):
        self.lookup, self.seconds, self.broken = lookup, {}, ""

    def login(self, name, password, *, service="imap"):
        took = self.seconds.get(self.lookup.mood, 0.1)
        if name == "bob":
            self.lookup.asked += self.broken == "real"
            return LOST, took
        if self.broken == "chain":
            return LOST, took
        self.lookup.asked += 1
        contained = service in ("smtp", "imap", "pop3") or self.broken == "sieve"
        right = password == "the password" or self.broken == "any"
        well = self.lookup.mood is Mood.WELL or self.broken == "open"
        if self.broken == "marker":
            return WON.replace("m.invalid", "else"), took
        return (WON if contained and right and well else LOST), took


class Postfix:
    def __init__(self):
        self.left, self.dropped, self.waiting, self.waits = [], 1, 0, True

    def leaks(self):
        return self.left

    def dropped_notices(self):
        return self.dropped

    def queued(self):
        return self.waiting

    def said(self):
        lines = [f"to=<{name}>, status=deferred (tOk3n connect)" for name in Client.names]
        return "\n".join(["the log", *(lines if self.waits else ())])


class Sink:
    caught = (b"X-H: 1\r\n",)

    def __init__(self, _):
        self.messages = list(self.caught)

    def close(self):
        pass


class Client:
    names: ClassVar[list[str]] = []

    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    said = (250, "250 fine")

    def greet(self):
        return "DSN"

    def come_from(self, address):
        assert address == "198.51.100.1"

    def command(self, line):
        if line.startswith("RCPT"):
            Client.names.append(line.partition("<")[2].partition(">")[0])
        return Client.said if line.startswith("RCPT") else (250, "250 fine")

    def log_in(self, *_):
        pass

    def send(self, *_, notify):
        assert notify


@pytest.fixture
def bench(tmp_path, monkeypatch):
    for name in ("Sink", "Policy"):
        monkeypatch.setattr(stages, name, Sink)
    monkeypatch.setattr(stages, "SmtpClient", Client)
    monkeypatch.setattr(stages, "at", lambda path: path)
    monkeypatch.setattr(stages.time, "sleep", lambda _: None)
    for name in ("SINK_SECONDS", "EXPIRY_SECONDS"):
        monkeypatch.setattr(stages, name, 0.01)
    lookup = Lookup()
    orders = SimpleNamespace(
        **dict.fromkeys(Orders.__struct_fields__, ""),
    )
    orders.queue_directory, orders.marker_domain, orders.header = str(tmp_path), "m.invalid", "X-H"
    orders.submissions, orders.domain = [Submission("submission/inet", False)], "example.org"
    orders.real_name, orders.sink, orders.policy = "bob", "s", "p"
    orders.outside, orders.limbo, orders.stranger = [], None, "198.51.100.1"
    return Bench(orders, Dovecot(lookup), Postfix(), lookup, {"submission/inet": 1}, "the password")


def test_when_all_holds_all_of_it_is_told(bench):
    passed = bench.run()
    assert len(passed) == 10
    assert "a real name never reaches the decoy step" in passed
    assert bench.lookup.closed


@pytest.fixture
def late(bench, monkeypatch):
    """The same with a late bounce."""
    monkeypatch.setattr(Client, "names", [])
    bench.orders.outside = ["smtp/inet"]
    bench.orders.limbo = Limbo("tOk3n", "private/x", ["late.example"])
    bench.ports["smtp/inet"] = 2
    bench.postfix.dropped = 2
    return bench


def test_with_a_late_bounce_an_unknown_name_waits(late):
    assert "an unknown name waits for a late bounce" in late.run()
    assert Client.names[0].endswith("@late.example")


def test_an_unknown_name_that_does_not_wait_fails_the_trial(late):
    late.postfix.waits = False
    with pytest.raises(AttachFailed, match="did not hold that an unknown name waits"):
        late.run()


def test_a_notice_that_is_not_discarded_fails_the_trial(late):
    late.postfix.dropped = 1
    with pytest.raises(AttachFailed, match="notice for a dead sink is discarded"):
        late.run()


def test_what_the_site_says_against_strangers_is_told_and_no_failure(late, monkeypatch):
    monkeypatch.setattr(Client, "said", (450, "450 4.2.0 greylisted"))
    late.postfix.dropped = 1
    assert "smtp/inet was not tried for unknown names: it says 450 4.2.0 greylisted" in late.run()


def test_a_service_that_refuses_unknown_names_fails_the_trial(late, monkeypatch):
    monkeypatch.setattr(Client, "said", (550, "550 5.1.1 User unknown in table"))
    with pytest.raises(AttachFailed, match="smtp/inet refuses an unknown name at once"):
        late.run()


def test_without_a_service_for_logins_no_mail_is_sent(bench):
    bench.orders.submissions, bench.orders.real_name = [], ""
    assert len(bench.run()) == 6


@pytest.mark.parametrize(
    ("broken", "because"),
    [
        ("chain", "the chain ends before the decoys"),
        ("marker", "walks the whole chain and wins: passdb"),
        ("any", "a wrong password wins nothing"),
        ("sieve", "sieve lets a decoy in"),
        ("real", "bob is taken for an unknown name"),
        ("open", "it lets a decoy in"),
    ],
)
def test_a_chain_that_is_not_right_fails(bench, broken, because):
    bench.dovecot.broken = broken
    with pytest.raises(AttachFailed, match=because):
        bench.run()


@pytest.mark.parametrize("mood", [Mood.HUNG, Mood.GARBAGE, Mood.DEAD])
def test_a_login_that_is_held_up_fails(bench, mood):
    bench.dovecot.seconds = {mood: 2.0}
    with pytest.raises(AttachFailed, match=r"the first login took 2.0 s, usually 0.1 s"):
        bench.run()


def test_mail_that_would_have_left_fails(bench):
    bench.postfix.left = ["first@example.com", "first@example.com"]
    with pytest.raises(AttachFailed, match=r"would have gone to first@example.com$"):
        bench.run()


def test_mail_that_does_not_arrive_marked_fails(bench, monkeypatch):
    monkeypatch.setattr(Sink, "caught", (b"Subject: x\r\n",))
    with pytest.raises(AttachFailed, match="0 of 1 messages came; the log"):
        bench.run()


@pytest.mark.parametrize(("waiting", "dropped"), [(1, 1), (0, 0)])
def test_a_notice_that_is_not_discarded_fails(bench, waiting, dropped):
    bench.postfix.waiting, bench.postfix.dropped = waiting, dropped
    with pytest.raises(AttachFailed, match="the notice for a dead sink is discarded"):
        bench.run()
