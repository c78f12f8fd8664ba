from __future__ import annotations

import re

import pytest

from honeypost.app.demo.letters import Letter, probe_letter, spam_run

RUN = spam_run("info@example.org")
ALL = [probe_letter("info@example.org"), *RUN]
RESERVED = re.compile(r"(.+\.)?(example(\.org|\.net|\.com)?|invalid)|192\.0\.2\.\d+")
"""RFC 2606 and RFC 5737."""


@pytest.mark.parametrize("letter", ALL)
def test_nobody_real_is_named(letter: Letter) -> None:
    text = " ".join((letter.body.decode(), *letter.recipients))
    hosts = re.findall(r"(?:@|//)([\w.-]+\w)", text)
    assert hosts
    assert all(RESERVED.fullmatch(host) for host in hosts), hosts


@pytest.mark.parametrize("letter", ALL)
def test_every_mail_can_be_sent(letter: Letter) -> None:
    assert letter.body.endswith(b"\r\n")
    assert b"\n" not in letter.body.replace(b"\r\n", b"")
    assert max(map(len, letter.body.split(b"\r\n"))) <= 998
    assert b"\r\n\r\n" in letter.body


@pytest.mark.parametrize("letter", RUN)
def test_what_must_be_found_is_in_it(letter: Letter) -> None:
    assert letter.links
    assert all(link.encode() in letter.body for link in letter.links)


def test_the_run_has_what_real_ones_have() -> None:
    every = b"".join(letter.body for letter in RUN)
    assert b"\r\n." in every
    assert b"filename=" in every
    assert b"<img " in every
    assert b"List-Unsubscribe" in every
    assert max(len(letter.recipients) for letter in RUN) > 1
    assert len({letter.body for letter in RUN}) == len(RUN)
