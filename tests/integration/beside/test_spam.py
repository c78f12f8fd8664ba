"""
A won credential is used: twenty real spam mails by swaks over STARTTLS, and every change that
Postfix makes to a message on its way to us, one by one.
"""

from __future__ import annotations

import re

import pytest

from conftest import program
from support.postfix_host import HOSTNAME, SUBMISSION_PORT
from support.spam import spam_mails, stuffed, wire
from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "info@example.org", "123456"
DROPPED = {b"return-path", b"bcc", b"resent-bcc", b"content-length"}
"""Headers that Postfix takes off (message_drop_headers)."""

LONGEST = 998
"""Postfix's LMTP client breaks longer lines (lmtp_line_length_limit)."""


@pytest.fixture(scope="module", autouse=True)
def _won(host, honeypost):
    host.win(DECOY, PASSWORD)


@pytest.fixture
def send(host, honeypost):
    """Send one message as the decoy; gives what was captured of it and its queue id."""

    def sent(text, recipients=("one@outside.test",), sender="x@attacker.test"):
        before = len(honeypost.captures())
        with host.smtp(source="127.0.0.9") as client:
            client.login(DECOY, PASSWORD)
            client.mail(sender)
            for to in recipients:
                assert client.rcpt(to)[0] == 250
            assert client.docmd("DATA")[0] == 354
            client.send(stuffed(text) + b".\r\n")
            code, reply = client.getreply()
        assert code == 250
        queue_id = re.fullmatch(rb"2\.0\.0 Ok: queued as ([0-9A-F]+)", reply)[1].decode()
        until(lambda: len(honeypost.captures()) > before, host.postfix.said)
        joined = honeypost.captures()[-1]
        assert joined.capture.envelope.queue_id == queue_id
        return joined, honeypost.body(joined.capture.id)

    return sent


def as_postfix_leaves_it(text):
    """Apply Postfix's own changes, each shown alone further down."""
    head, separator, body = text.partition(b"\r\n\r\n")
    kept, dropping = [], False
    for line in head.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            dropping = line.partition(b":")[0].strip().lower() in DROPPED
        if not dropping:
            kept.append(line)
    whole = b"\r\n".join(kept) + separator + body
    return b"\r\n".join(map(broken, whole.split(b"\r\n")))


def broken(line):
    """Break a line that is too long for SMTP as Postfix does: CRLF and a blank."""
    pieces = [line[:LONGEST]]
    rest = line[LONGEST:]
    while rest:
        pieces.append(b" " + rest[: LONGEST - 1])
        rest = rest[LONGEST - 1 :]
    return b"\r\n".join(pieces)


def received(body):
    """Split off the Received header that Postfix put on top."""
    match = re.match(rb"Received: (?:[^\r\n]*\r\n)(?:[ \t][^\r\n]*\r\n)*", body)
    return match[0], body[match.end() :]


def test_swaks_sends_twenty_real_mails(host, honeypost, data_directory, tmp_path):
    swaks, sent = program("swaks"), {}
    for number, (path, raw) in enumerate(spam_mails(data_directory, 20)):
        data = tmp_path / f"{number}.eml"
        data.write_bytes(stuffed(wire(raw)) + b".\r\n")
        host.namespace.come_from(f"127.9.9.{number + 1}")
        done = host.namespace.run(
            swaks, "--server", "127.0.0.1", "--port", str(SUBMISSION_PORT), "--tls",
            "--ehlo", "spammer.test", "--auth", "PLAIN", "--auth-user", DECOY,
            "--auth-password", PASSWORD, "--from", "x@attacker.test",
            "--to", "one@outside.test,bob@example.org,two@elsewhere.test",
            "--no-data-fixup", "--data", f"@{data}", check=False, errors="replace",
        )  # fmt: skip
        reply = re.search(r"<~  250 2\.0\.0 Ok: queued as ([0-9A-F]+)$", done.stdout, re.MULTILINE)
        assert done.returncode == 0, f"{path.name}: {done.stdout[-600:]}"
        sent[reply[1]] = wire(raw)
    until(lambda: len(honeypost.captures()) >= 20, host.postfix.said)
    captures = {kept.capture.envelope.queue_id: kept.capture for kept in honeypost.captures()}
    assert set(sent) <= set(captures)
    for queue_id, text in sent.items():
        capture = captures[queue_id]
        assert {r.address for r in capture.envelope.recipients} == {
            b"one@outside.test", b"bob@example.org", b"two@elsewhere.test",
        }  # fmt: skip
        assert capture.envelope.account == DECOY
        assert received(honeypost.body(capture.id))[1] == as_postfix_leaves_it(text)
    assert host.internet.messages == []


# What Postfix changes, one by one


def test_a_received_header_is_put_on_top_and_ours_is_gone(host, send):
    joined, body = send(b"Subject: a\r\n\r\nb\r\n")
    top, rest = received(body)
    assert f"by {HOSTNAME} (Postfix) with ESMTPSA id".encode() in top
    assert joined.capture.envelope.queue_id.encode() in top
    assert rest == b"Subject: a\r\n\r\nb\r\n"
    assert host.header.lower().encode() not in body.lower()
    assert host.marker_domain.encode() not in body


@pytest.mark.parametrize("name", sorted(DROPPED))
def test_some_headers_are_taken_off(send, name):
    _, body = send(b"A: 1\r\n" + name.title() + b": x@y.test,\r\n folded\r\nB: 2\r\n\r\nb\r\n")
    assert received(body)[1] == b"A: 1\r\nB: 2\r\n\r\nb\r\n"


@pytest.mark.parametrize("length", [997, 998, 999, 2000, 5000])
def test_long_lines_are_broken(send, length):
    text = b"A: 1\r\n\r\n" + b"x" * length + b"\r\nend\r\n"
    _, body = send(text)
    assert received(body)[1] == as_postfix_leaves_it(text)


def test_bare_newlines_become_line_ends(send):
    _, body = send(b"A: 1\r\n\r\none\ntwo\r\n")
    assert received(body)[1] == b"A: 1\r\n\r\none\r\ntwo\r\n"


def test_a_bare_carriage_return_becomes_a_blank(send):
    _, body = send(b"A: 1\r\n\r\nbare\rcarriage return\r\n")
    assert received(body)[1] == b"A: 1\r\n\r\nbare carriage return\r\n"


def test_text_without_a_head_is_given_an_empty_one(send):
    _, body = send(b"no header here\r\nsecond\r\n")
    assert received(body)[1] == b"\r\nno header here\r\nsecond\r\n"


@pytest.mark.parametrize(
    "text",
    [
        b"A: 1\r\n\r\n.\r\n..dots\r\n",
        b"A: 1\r\n\r\ncaf\xc3\xa9 \xff\x00\x01 8 bits\r\n",
        b'A: 1\r\nFrom: "x" <x@y>\r\n\tfolded\r\nDate: nonsense\r\n\r\n\r\n\r\n',
        b"A: 1\r\n\r\n",
    ],
)  # fmt: skip
def test_the_rest_is_left_alone(send, text):
    assert received(send(text)[1])[1] == text


def test_a_thousand_recipients_are_joined_by_queue_id(host, honeypost, send):
    recipients = [f"victim{number}@outside{number % 7}.test" for number in range(1000)]
    joined, _ = send(b"Subject: many\r\n\r\nb\r\n", recipients)
    queue_id = joined.capture.envelope.queue_id

    def joined_now():
        return [k for k in honeypost.captures() if k.capture.envelope.queue_id == queue_id]

    def addresses():
        return [r.address.decode() for k in joined_now() for r in k.capture.envelope.recipients]

    until(lambda: len(addresses()) == 1000, host.postfix.said)
    assert sorted(addresses()) == sorted(recipients)
    assert len(joined_now()) == 1
    assert host.internet.messages == []


def test_the_client_is_named_with_its_port(send):
    via = send(b"A: 1\r\n\r\nb\r\n")[0].capture.envelope.via
    assert via is not None
    assert via.address == "127.0.0.9"
    assert via.port > 0


def test_ipv6_clients_are_captured_too(host, honeypost):
    before = len(honeypost.captures())
    host.namespace.add("fd00:9::7")
    with host.smtp(address="::1", source="fd00:9::7") as client:
        client.login(DECOY, PASSWORD)
        client.sendmail("x@attacker.test", ["a@outside.test"], b"Subject: six\r\n\r\nb\r\n")
    until(lambda: len(honeypost.captures()) > before, host.postfix.said)
    assert honeypost.captures()[-1].capture.envelope.via.address == "fd00:9::7"
