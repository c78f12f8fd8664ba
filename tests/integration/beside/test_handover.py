"""A second network knows the secret at its first try: it was told, or it bought."""

from __future__ import annotations

import json
import sys

import pytest

from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "sales@example.org", "123456"
GUESSER, BUYER = "127.44.0.1", "127.55.0.1"


def command(host, *arguments):
    run = [sys.executable, "-m", "honeypost.cli.main", *arguments, "--data", host.data]
    return host.namespace.run(*run, check=False)


def test_the_lineage_shows_guesses_adoption_and_handover(host, honeypost):
    for password in ("qwerty", PASSWORD):
        host.imap_login(DECOY, password, source=GUESSER)
    with host.smtp(source=BUYER) as client:
        client.login(DECOY, PASSWORD)
        client.sendmail("x@attacker.test", ["a@outside.test"], b"Subject: run\r\n\r\nbuy\r\n")
    until(lambda: honeypost.journal("message.captured"), host.postfix.said)

    def handed_over():
        done = command(host, "accounts", "--json")
        return done.returncode == 0 and "handover" in done.stdout and DECOY in done.stdout

    until(handed_over, lambda: command(host, "accounts", "--json").stdout)
    account = next(
        entry for entry in map(json.loads, command(host, "accounts", "--json").stdout.splitlines())
        if DECOY in json.dumps(entry)
    )  # fmt: skip
    assert BUYER in json.dumps(account)


def test_explain_recomputes_the_answers(host, honeypost):
    done = command(host, "explain", DECOY)
    assert done.returncode == 0, done.stdout
    assert GUESSER in done.stdout
    assert "disagrees" not in done.stdout
