"""
The late bounce on a real Postfix and Dovecot: who is told, when, in which words, and who never.

The delay is four hours; a test that waits for its end switches the late bounce off, after which what
waits is told at once.
"""

from __future__ import annotations

import re
import smtplib
import socket
import sys
import time

import pytest

from conftest import program
from honeypost.beside.postfix.waiting import waiting_for_us
from honeypost.events import RecipientDisclosed, RecipientSilenced
from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.late_bounce import (
    CLIENT,
    QUICK,
    TOKEN,
    delivered,
    name_server,
    send,
    settings,
    switch,
    system_site,
    virtual_site,
)
from support.mailhost import MailHost
from support.postfix_host import MX_PORT
from support.sinks import Server, unix_socket
from support.users import DOMAIN, REAL
from support.waiting import until

pytestmark = pytest.mark.real
NOSUCH = f"nosuch@{DOMAIN}"
ALICE = f"alice@{DOMAIN}"
HONEST, VICTIM = "anna@honest.test", "anna@victim.test"


@pytest.fixture(scope="module")
def host():
    with MailHost(dovecot_extra=FAST, postfix_settings=QUICK, late_bounce=virtual_site) as made:
        server = name_server(made)
        yield made
        server.close()


@pytest.fixture(scope="module")
def running(host):
    """Our processes with the usual delay."""
    with Honeypost(host, late_bounce=settings()) as made:
        yield made


@pytest.fixture
def ours(host, running):
    """The same, with nothing in any queue and nobody told anything."""
    if 'mode = "off"' in running.configuration.read_text():
        restart(running, "on")
    clear(host)
    return running


def clear(host):
    """Forget what an earlier test has left behind: mail in the queue, notices outside."""
    host.namespace.run("postsuper", "-c", host.postfix.directory, "-d", "ALL")
    host.internet.messages.clear()


def restart(ours, mode):
    """Run with this mode from now on."""
    ours.stop()
    switch(ours, mode)
    ours.start()


def told(host):
    """Who got a notice, in order."""
    return [
        re.search(rb"<(.*)>", recipient)[1].decode()
        for sender, recipients, _ in host.internet.messages
        for recipient in recipients
        if b"<>" in sender
    ]


def events(ours, kind):
    return [entry.event for entry in ours.journal(kind.kind())]


def end_delay(host, ours):
    """Switch the late bounce off, and wait until nothing is in the queue any more."""
    restart(ours, "off")
    until_empty(host)


def trying(host, condition):
    """
    Have the queue tried again every second until the condition holds.

    A queue that is run that often may find a message "still being delivered", which Postfix then
    leaves alone for a minute, unless it is told to flush.
    """
    last = [time.monotonic()]

    def met():
        if time.monotonic() - last[0] > 1:
            host.postfix.flush()
            last[0] = time.monotonic()
        return condition()

    return met


def until_empty(host):
    """Wait until nothing is queued."""
    until(trying(host, lambda: not host.postfix.queued()), host.postfix.said, seconds=30)


def until_tried_again(host, times=2):
    """Wait until Postfix has tried all that it has so many more times."""
    before = host.postfix.said().count("status=deferred")
    until(lambda: host.postfix.said().count("status=deferred") >= before + times, host.postfix.said)


def normal(notice: bytes) -> str:
    """What is the same in two notices about two messages that are alike."""
    text = notice.decode()
    for changing, name in (
        (r"\[\S+/(dovecot-lmtpd?)\]", "[lmtp]"),
        (r"<\d{14}\.[0-9A-F]+@", "<ID@"),
        (r"\b[0-9A-F]{9,14}\.\d+/", "BOUNDARY/"),
        (r"\b[0-9A-F]{9,14}\b", "ID"),
        (r"\w{3}, +\d+ \w{3} \d{4} [0-9:]+ [+-]\d{4} \(\w+\)", "DATE"),
    ):
        text = re.sub(changing, name, text)
    return " ".join(text.split())


def test_a_real_recipient_gets_a_mixed_message_at_once_and_intact(host, ours):
    text = b"From: a@honest.test\r\nSubject: both\r\n\r\n" + b"line\r\n" * 2000
    before = len(delivered(host, ALICE))
    send(host, HONEST, [ALICE, NOSUCH, f"bob@{DOMAIN}"], text)
    until(lambda: len(delivered(host, ALICE)) > before, host.postfix.said)
    mail = delivered(host, ALICE)[-1].replace(b"\n", b"\r\n")
    assert mail.endswith(text)
    until(ours.captures, ours.said)
    assert ours.body(ours.captures()[-1].capture.id).endswith(text)
    until_tried_again(host)
    listed = host.namespace.run("postqueue", "-c", host.postfix.directory, "-j").stdout
    (waiting,) = waiting_for_us(listed.splitlines(), TOKEN)
    assert (waiting.sender, waiting.recipients, waiting.others) == (HONEST, (NOSUCH,), 0)
    assert told(host) == []
    end_delay(host, ours)
    assert told(host) == [HONEST]


def test_a_proven_sender_gets_one_bounce_in_the_words_of_a_stock_site(host, ours):
    send(host, HONEST, [NOSUCH])
    until_tried_again(host)
    # Whatever becomes of us in between, nothing is lost and nothing told twice.
    ours.kill()
    until_tried_again(host, 1)
    ours.start()
    until_tried_again(host, 1)
    assert told(host) == []
    end_delay(host, ours)
    assert told(host) == [HONEST]
    assert events(ours, RecipientDisclosed)[-1].recipient == NOSUCH.encode()
    ours_says = normal(host.internet.messages[-1][2])
    stock_settings = QUICK | {"smtpd_reject_unlisted_recipient": "no"}
    with MailHost(attached=False, postfix_settings=stock_settings) as stock:
        send(stock, HONEST, [NOSUCH])
        until(lambda: stock.internet.messages, stock.postfix.said)
        assert normal(stock.internet.messages[0][2]) == ours_says


class Nonsense(Server):
    """Says one thing to everybody who comes, and reads on."""

    def __init__(self, listening: socket.socket, word: bytes) -> None:
        self._word = word
        super().__init__(listening)

    async def serve(self, reader, writer):
        writer.write(self._word)
        while await reader.readline():
            writer.write(self._word)


STATES = {
    "dead": None,
    "silent": b"",
    "nonsense": b"xyzzy\r\n",
    "unknown": b"550 5.1.1 no\r\n",
    "full": b"450 4.2.0 full\r\n",
}


def test_whatever_state_we_are_in_nobody_gets_a_notice(host, running):
    """Postfix gives up after a second; a delay warning would come at once."""
    postfix = host.postfix
    clear(host)
    running.stop()
    short = ("lmtp_lhlo_timeout", "lmtp_rcpt_timeout")
    postfix.postconf("-e", "maximal_queue_lifetime=1s", "delay_warning_time=1s")
    postfix.postconf("-P", *(f"limbo/unix/{name}=1s" for name in short))
    postfix.reload()
    path = postfix.queue / host.limbo.socket
    try:
        for state, word in STATES.items():
            path.unlink(missing_ok=True)
            server = None if word is None else Nonsense(unix_socket(path), word)
            long_name = "x" * 50
            send(host, HONEST, [f"{state}@{DOMAIN}", f"{long_name}@{DOMAIN}", ALICE])
            until(lambda: not postfix.queued(), postfix.said, seconds=30)
            if server is not None:
                server.close()
            assert told(host) == [], state
    finally:
        path.unlink(missing_ok=True)
        postfix.write_configuration()
        postfix.reload()
        switch(running, "on")
        running.start()
    assert postfix.said().count("status=expired") >= len(STATES)


@pytest.mark.parametrize(
    ("sender", "source", "text"),
    [
        pytest.param(VICTIM, CLIENT, b"Subject: a\r\n\r\n", id="SPF fails"),
        pytest.param("a@plain.test", "127.0.0.66", b"Subject: a\r\n\r\n", id="no SPF, a stranger"),
        pytest.param("a@nowhere.test", CLIENT, b"Subject: a\r\n\r\n", id="no such domain"),
        pytest.param("", CLIENT, b"Subject: a\r\n\r\n", id="null sender"),
        pytest.param(HONEST, CLIENT, b"List-Id: <l.honest.test>\r\n\r\n", id="a list"),
        pytest.param(HONEST, CLIENT, b"Auto-Submitted: auto-replied\r\n\r\n", id="automatic"),
    ],
)
def test_who_is_not_proven_or_no_person_is_never_told(host, ours, sender, source, text):
    before = len(ours.captures())
    send(host, sender, [NOSUCH], text, source=source)
    until(lambda: len(ours.captures()) > before, host.postfix.said)
    until_empty(host)
    until(lambda: events(ours, RecipientSilenced), ours.said)
    assert told(host) == []
    assert ours.captures()[-1].capture.envelope.reverse_path == sender.encode()


def test_a_near_miss_of_a_real_name_is_told_at_once(host, ours):
    send(host, HONEST, [f"alise@{DOMAIN}"])
    until(trying(host, lambda: told(host)), host.postfix.said)
    assert told(host) == [HONEST]


def test_a_client_that_is_the_domains_own_mx_is_proven(host, ours):
    send(host, "anna@plain.test", [f"alise@{DOMAIN}"])
    until(trying(host, lambda: told(host)), host.postfix.said)


def test_ipv6_counts_as_much(host, ours):
    host.namespace.add("fd00:9::25")
    with host.smtp(port=MX_PORT, address="::1", source="fd00:9::25") as client:
        assert client.sendmail(HONEST, [f"alise@{DOMAIN}"], b"Subject: six\r\n\r\n") == {}
    until(trying(host, lambda: told(host)), host.postfix.said)


def test_mail_to_a_decoy_is_kept_told_to_nobody_and_not_shown(host, ours):
    decoy = f"info@{DOMAIN}"
    host.win(decoy)
    before = len(ours.captures())
    send(host, HONEST, [decoy], b"Subject: secret of a customer\r\n\r\n")
    until(lambda: len(ours.captures()) > before, host.postfix.said)
    until_empty(host)
    assert told(host) == []
    client = host.imap(decoy, "123456")
    folders = [line.split()[-1].strip(b'"') for line in client.list()[1]]
    for folder in folders:
        client.select(folder.decode(), readonly=True)
        assert client.search(None, "SUBJECT", "customer")[1] in ([b""], [None])
    client.logout()


RELEASE = """
import sys
from honeypost.cli.main import main
capture, data, config, *names = sys.argv[1:]
where = ["--data", data, "--config", config]
for name in names:
    code = main(["captures", "release", capture, "--to", name, *where])
    print(code, flush=True)
"""
"""The command once for each name, in one process: to start it costs a second."""


def test_withheld_mail_is_released_to_a_real_user_and_to_nobody_else(host, ours):
    def release(*names):
        done = host.namespace.run(
            sys.executable, "-c", RELEASE, capture, ours.data, ours.configuration, *names
        )
        return [int(code) for code in done.stdout.split()[-len(names) :]]

    text = (
        b"From: a@b.test\r\nDate: Mon, 23 Nov 2026 20:00:00 +0000\r\nMessage-Id: <1@b.test>\r\n"
        b"Subject: for carol\r\n\r\n.dots\r\n.\r\nend\r\n"
    )
    send(host, VICTIM, [NOSUCH], text)
    until_empty(host)
    capture = ours.captures()[-1].capture.id
    assert release("nosuch", "carol@elsewhere.test", "info", "caro", "-bs") == [2] * 5
    assert host.internet.messages == []
    assert release("carol") == [0]
    until(lambda: delivered(host, f"carol@{DOMAIN}"), host.postfix.said)
    assert delivered(host, f"carol@{DOMAIN}")[0].endswith(text.replace(b"\r\n", b"\n"))
    assert host.internet.messages == []


def test_success_notices_tell_nothing(host):
    with host.smtp(port=MX_PORT, source=CLIENT) as client:
        assert not client.has_extn("dsn")
        client.mail(HONEST)
        for name in (ALICE, NOSUCH):
            assert client.rcpt(name, ["NOTIFY=SUCCESS"])[0] == 501


def test_a_client_that_goes_through_a_list_is_slowed_for_all_names_alike(host):
    with host.smtp(port=MX_PORT, source="127.0.0.77") as client:
        client.mail(HONEST)
        codes = [client.rcpt(f"u{number}@{DOMAIN}")[0] for number in range(301)]
        assert (codes[0], codes[-1]) == (250, 450)
        assert client.rcpt(ALICE)[0] == 450


def test_who_submits_mail_is_told_at_once(host):
    with host.smtp() as client:
        client.login(ALICE, REAL[ALICE])
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(ALICE, [NOSUCH], b"Subject: a\r\n\r\n")


@pytest.mark.parametrize("method", ["RCPT", "VRFY"])
def test_hydra_learns_nothing_by_enumeration(host, tmp_path, method):
    names = ["alice", "bob", "nosuch", "admin", "qwxz"]
    listed = tmp_path / "names"
    listed.write_text("".join(f"{name}@{DOMAIN}\n" for name in names))
    done = host.namespace.run(
        program("hydra"), "-I", "-t", "1", "-L", str(listed), "-s", str(MX_PORT), "127.0.0.1",
        "smtp-enum", method, check=False,
    )  # fmt: skip
    found = set(re.findall(rf"login: (\S+)@{DOMAIN}", done.stdout))
    assert found == set(names), done.stdout


# System users


@pytest.fixture(scope="module")
def system():
    with MailHost(
        dovecot_extra=FAST, postfix_settings=QUICK | SYSTEM, late_bounce=system_site
    ) as made:
        spool = made.base / "spool"
        spool.mkdir()
        spool.chmod(0o1777)
        made.postfix.postconf("-e", f"mail_spool_directory={spool}")
        made.postfix.reload()
        server = name_server(made)
        yield made
        server.close()


@pytest.fixture(scope="module")
def running_system(system):
    """Our processes beside system users; the last test switches the late bounce off."""
    with Honeypost(system, late_bounce=settings()) as made:
        yield made


SYSTEM = {
    "mydestination": DOMAIN,
    "myorigin": DOMAIN,
    "local_transport": "local",
    "local_recipient_maps": "unix:passwd.byname $alias_maps",
    "alias_maps": "inline:{{team=games, uucp}}",
    "recipient_delimiter": "+",
    "virtual_mailbox_domains": "",
    "virtual_mailbox_maps": "",
    "virtual_alias_maps": "",
}
"""Two users that every Debian has, and an alias for both."""


def test_a_program_of_this_host_is_told_at_once(system, running_system):
    system.namespace.run(
        "sendmail", "-C", system.postfix.directory, "-i", "-f", "cron@elsewhere.test", NOSUCH,
        input="Subject: job\n\nfailed\n",
    )  # fmt: skip
    until(lambda: told(system) == ["cron@elsewhere.test"], system.postfix.said)


def test_system_users_and_aliases_are_delivered_and_the_unknown_told_late(system, running_system):
    def spooled(user):
        path = system.base / "spool" / user
        return path.read_bytes().count(b"\nSubject: sys") if path.exists() else 0

    clear(system)
    to = [f"{name}@{DOMAIN}" for name in ("games", "games+tag", "team", "nosuch", "nosuch+x")]
    send(system, HONEST, to, b"Subject: sys\r\n\r\n")
    until(lambda: spooled("uucp") == 1 and spooled("games") >= 2, system.postfix.said)
    until_tried_again(system)
    assert told(system) == []
    kept = {each.address for each in running_system.captures()[-1].capture.envelope.recipients}
    assert kept == {NOSUCH.encode(), f"nosuch+x@{DOMAIN}".encode()}
    end_delay(system, running_system)
    assert told(system) == [HONEST]
    text = system.internet.messages[-1][2].decode()
    assert f"said: 550 5.1.1 <{NOSUCH}> User doesn't exist: {NOSUCH}" in " ".join(text.split())
