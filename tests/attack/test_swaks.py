"""
Standalone: a guess wins, and swaks sends twenty real spam mails with it over STARTTLS.

The client is told what Postfix tells, and what is kept is what was sent, byte for byte.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import subprocess
from contextlib import contextmanager

import pytest

from conftest import program
from honeypost.config.schema import Paths
from honeypost.stores.reader import SegmentReader
from support.edge_process import address, clean_environment, running, write_config
from support.spam import spam_mails, stuffed, wire

DECOY, PASSWORD = "info@example.org", "123456"
MAILS = 20
RECIPIENTS = ("one@outside.test", "bob@example.org", "two@elsewhere.test")
CONFIG = """
[site]
domains = ["example.org"]
[listeners]
smtp = ""
submission = "127.0.0.1:0 [::1]:0"
submissions = ""
[decoys]
failures_min = 1
failures_max = 1
role_share = 1.0
refusal_seconds = 0.05
"""


@pytest.fixture
def site(tmp_path):
    """A running site: its stores, and both addresses of its submission."""
    data = tmp_path / "data"
    config = write_config(data, CONFIG)
    code = "from honeypost.cli.main import run; run()"
    command = ("-c", code, "up", "--data", str(data), "--config", str(config))
    with running(command, env=clean_environment()) as (_, ready):
        yield Paths(data), [address(where) for where in ready["listeners"]["submission"]]


@contextmanager
def client(where):
    with smtplib.SMTP(*where, local_hostname="spammer.test") as made:
        made.starttls(context=ssl._create_unverified_context())
        yield made


def win(where):
    """Guess until it works, as a botnet would."""
    with client(where) as guesser:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            guesser.login(DECOY, "qwerty")
        guesser.login(DECOY, PASSWORD)


def over_ipv6(where, text):
    """Send one mail; gives the queue id that the client was told."""
    with client(where) as sender:
        sender.login(DECOY, PASSWORD)
        sender.mail("x@attacker.test")
        for to in RECIPIENTS:
            assert sender.rcpt(to)[0] == 250
        sender.docmd("DATA")
        sender.send(stuffed(text) + b".\r\n")
        code, reply = sender.getreply()
    assert code == 250
    return re.fullmatch(rb"2\.0\.0 Ok: queued as ([0-9A-F]+)", reply)[1].decode()


def swaks(where, source, file):
    """Send one mail; gives the queue id that the client was told."""
    host, port = where
    done = subprocess.run(
        [
            program("swaks"), "--server", host, "--port", str(port), "--local-interface", source,
            "--tls", "--ehlo", "spammer.test", "--auth", "PLAIN", "--auth-user", DECOY,
            "--auth-password", PASSWORD, "--from", "x@attacker.test", "--to", ",".join(RECIPIENTS),
            "--no-data-fixup", "--data", f"@{file}",
        ],
        capture_output=True, text=True, errors="replace", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-600:]
    reply = re.search(r"<~  250 2\.0\.0 Ok: queued as ([0-9A-F]+)$", done.stdout, re.MULTILINE)
    assert reply, done.stdout[-600:]
    return reply[1]


def test_twenty_real_mails_are_kept_byte_for_byte(site, data_directory, tmp_path):
    program("swaks")
    paths, listening = site
    win(listening[0])
    sent = {}
    for number, (_, raw) in enumerate(spam_mails(data_directory, MAILS)):
        file = tmp_path / f"{number}.eml"
        file.write_bytes(stuffed(wire(raw)) + b".\r\n")
        source = f"127.9.9.{number + 1}"
        sent[swaks(listening[0], source, file)] = source, wire(raw)
    raw = next(spam_mails(data_directory, 1))[1]
    sent[over_ipv6(listening[1], wire(raw))] = "::1", wire(raw)  # Debian's swaks has no IPv6
    assert len(sent) == MAILS + 1

    reader = SegmentReader(paths.segments)
    kept = {each.capture.envelope.queue_id: each.capture for each in reader.after()}
    assert kept.keys() == sent.keys()
    for queue_id, (source, text) in sent.items():
        capture = kept[queue_id]
        assert reader.read(capture.id) == text
        assert capture.who.client.address == source
        assert capture.envelope.account == DECOY
        assert [r.address.decode() for r in capture.envelope.recipients] == list(RECIPIENTS)
