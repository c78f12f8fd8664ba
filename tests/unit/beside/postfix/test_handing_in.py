"""A message goes to Postfix's own sendmail, from nobody, to one."""

from __future__ import annotations

import pytest

from honeypost.beside.postfix.handing_in import hand_in
from honeypost.errors import HoneypostError


@pytest.fixture
def sendmail(tmp_path):
    program = tmp_path / "sendmail"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\ncat > {tmp_path}/input\n'
        f'if [ -e {tmp_path}/broken ]; then echo "fatal: no" >&2; exit 75; fi\n'
    )
    program.chmod(0o755)
    return program


def test_the_message_is_given_as_it_is(sendmail, tmp_path) -> None:
    hand_in(b"A: 1\r\n\r\n.\r\n", "a@b", postfix_directory="/etc/x", program=str(sendmail))
    assert (tmp_path / "input").read_bytes() == b"A: 1\r\n\r\n.\r\n"
    said = (tmp_path / "arguments").read_text().splitlines()
    assert said == ["-C", "/etc/x", "-i", "-f", "", "--", "a@b"]
    hand_in(b"", "a@b", program=str(sendmail))
    assert (tmp_path / "arguments").read_text().splitlines()[0] == "-i"


def test_what_was_not_taken_is_said(sendmail, tmp_path) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(HoneypostError, match="fatal: no"):
        hand_in(b"", "a@b", program=str(sendmail))
    with pytest.raises(HoneypostError):
        hand_in(b"", "a@b", program=str(tmp_path / "none"))
