"""
Mail filters beside us: what they do to real users' mail is as before, and decoys get past none.

OpenDKIM and rspamd as Debian has them; and a filter of the test's own that refuses, puts off, dies
and changes the envelope at each moment, on a host with us and on one without.
"""

from __future__ import annotations

import contextlib
import re
import smtplib

import pytest

from conftest import program
from honeypost.beside.recipes.rspamd import settings_of
from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.late_bounce import delivered
from support.mailhost import MailHost
from support.milter import (
    ADD_RECIPIENT,
    DIE,
    DISCARD,
    END,
    GO_ON,
    HOLD,
    LATER,
    MAIL,
    RCPT,
    REJECT,
    Milter,
    header,
)
from support.milter_hosts import OPENDKIM, RSPAMD, OpenDkim, Rspamd
from support.postfix_host import SHORT_LIVES
from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "info@example.org", "123456"
ALICE, BOB = "alice@example.org", "bob@example.org"
OUTSIDE = "one@outside.test"
TEXT = b"From: Info <info@example.org>\r\nTo: You <one@outside.test>\r\nSubject: x\r\n\r\nbuy\r\n"
PORT = 2704
OURS = f"inet:127.0.0.1:{PORT}"


def filtered_by(milters):
    return SHORT_LIVES | {
        "smtpd_milters": milters,
        "non_smtpd_milters": milters,
        "transport_maps": "inline:{gone.test=virtual:}",
        "virtual_mailbox_base": "/nonexistent",
    }


def send(host, login, password, text=TEXT, *, to=(OUTSIDE, BOB)):
    with host.smtp(source="127.0.0.9" if login == DECOY else "127.0.0.7") as client:
        client.login(login, password)
        client.sendmail(ALICE, to, text)


def send_as_decoy(host):
    send(host, DECOY, PASSWORD)


@pytest.fixture(scope="module")
def stock():
    """A host without us, with the test's filter."""
    with MailHost(attached=False, postfix_settings=filtered_by(OURS)) as host:
        host.milter = Milter(host.bound("127.0.0.1", PORT))
        yield host
        host.milter.close()


@pytest.fixture(scope="module")
def attached():
    """A host with us, OpenDKIM, rspamd with our rule, and the test's filter."""
    for name in ("opendkim", "rspamd"):
        program(name)
    settings = filtered_by(f"{OPENDKIM}, {RSPAMD}, {OURS}")
    with (
        MailHost(dovecot_extra=FAST, postfix_settings=settings) as host,
        contextlib.ExitStack() as beside,
    ):
        folders = [host.base / name for name in ("opendkim", "rspamd")]
        for folder in folders:
            folder.mkdir()
        beside.enter_context(OpenDkim(host.namespace, folders[0]))
        rspamd = Rspamd(host.namespace, folders[1], settings_of(host.marker_domain))
        host.rspamd = beside.enter_context(rspamd)
        host.milter = Milter(host.bound("127.0.0.1", PORT))
        beside.callback(host.milter.close)
        host.honeypost = beside.enter_context(Honeypost(host))
        host.win(DECOY)
        yield host


@pytest.fixture(autouse=True)
def _calm(request):
    """The test's filter does nothing when a test begins."""
    for name in {"stock", "attached"} & set(request.fixturenames):
        host = request.getfixturevalue(name)
        host.milter.answers = {}
        host.milter.seen.clear()
        host.internet.messages.clear()


def test_a_decoy_s_message_is_kept_without_signature_and_nothing_learns_from_it(attached):
    host, honeypost, rspamd = attached, attached.honeypost, attached.rspamd
    learned, kept = rspamd.learned(), len(honeypost.captures())
    send_as_decoy(host)
    until(lambda: len(honeypost.captures()) > kept, host.postfix.said)
    capture = honeypost.captures()[-1].capture
    assert capture.envelope.account == DECOY
    trace, text = re.fullmatch(
        rb"(Received: .*\r?\n(?:\t.*\r?\n)+)((?s:.*))", honeypost.body(capture.id)
    ).groups()
    assert text.replace(b"\r\n", b"\n") == TEXT.replace(b"\r\n", b"\n")
    assert capture.envelope.queue_id.encode() in trace
    assert rspamd.learned() == learned
    assert host.internet.messages == []
    assert not delivered(host, BOB)


def test_a_real_user_s_message_is_signed_and_learned_from_as_before(attached):
    host, rspamd = attached, attached.rspamd
    learned = rspamd.learned()
    send(host, ALICE, REAL[ALICE], to=[OUTSIDE])
    until(lambda: host.internet.messages, host.postfix.said)
    text = host.internet.messages.pop()[2]
    assert set(re.findall(rb"(?s)DKIM-Signature:.*?d=example\.org; s=(\w+);", text)) == {
        b"mail",
        b"rspamd",
    }
    assert b"X-Spam: Yes" in text
    until(lambda: rspamd.learned() == learned + 1, rspamd.said)


def replies(host, login, password):
    """Give what a client is told from MAIL on, without queue ids."""
    told = []
    with contextlib.suppress(smtplib.SMTPServerDisconnected), host.smtp() as client:
        client.login(login, password)
        told = [client.mail(ALICE), client.rcpt(OUTSIDE), client.rcpt(BOB), client.docmd("DATA")]
        if told[-1][0] == 354:
            client.send(TEXT + b".\r\n")
            told.append(client.getreply())
    return [(code, re.sub(rb"queued as \w+", b"queued", text)) for code, text in told]


MISDEEDS = [
    *((at, [answer]) for at in (MAIL, RCPT, END) for answer in (REJECT, LATER, DIE)),
    (END, [b"y554 5.7.1 Spam message rejected\0"]),
    (END, [DISCARD]),
]


@pytest.mark.parametrize(
    ("at", "answers"), MISDEEDS, ids=[f"{at}-{answers[0][:1]}" for at, answers in MISDEEDS]
)
def test_a_filter_that_refuses_puts_off_or_dies_does_so_to_all_alike(stock, attached, at, answers):
    stock.milter.answers = attached.milter.answers = {at: answers}
    kept = len(attached.honeypost.captures())
    usual = replies(stock, ALICE, REAL[ALICE])
    assert usual
    assert replies(attached, ALICE, REAL[ALICE]) == usual
    assert replies(attached, DECOY, PASSWORD) == usual
    until(lambda: not attached.postfix.queued(), attached.postfix.said)
    assert attached.internet.messages == stock.internet.messages == []
    assert len(attached.honeypost.captures()) == kept


@pytest.mark.parametrize(
    "change",
    [header("X-Mine", "a"), header("X-Mine", "a", 0), header("X-Mine", "a", 1),
     ADD_RECIPIENT + b"<leak@outside.test>\0", HOLD + b"look at it\0"],
    ids=["header", "header above ours", "header below ours", "recipient", "hold"],
)  # fmt: skip
def test_whatever_a_filter_changes_a_decoy_s_message_ends_with_us(attached, change):
    attached.milter.answers = {END: [change, GO_ON]}
    kept = len(attached.honeypost.captures())
    send_as_decoy(attached)
    if change.startswith(HOLD):
        until(attached.postfix.queued)
        attached.namespace.run("postsuper", "-c", attached.postfix.directory, "-H", "ALL")
    until(lambda: len(attached.honeypost.captures()) > kept, attached.postfix.said)
    capture = attached.honeypost.captures()[-1].capture
    assert capture.envelope.account == DECOY
    assert attached.header.encode() not in attached.honeypost.body(capture.id)
    until(lambda: not attached.postfix.queued())
    assert attached.internet.messages == []


def test_a_filter_sees_no_more_notices_than_before(stock, attached):
    for host in (stock, attached):
        before = len(delivered(host, ALICE))
        send(host, ALICE, REAL[ALICE], to=["x@gone.test"])
        until(lambda h=host, b=before: len(delivered(h, ALICE)) > b, host.postfix.said)
        assert sum(kind == MAIL for kind, _ in host.milter.seen) == 1
