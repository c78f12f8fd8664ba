from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from honeypost.beside.attach.dovecot_text import (
    DovecotText,
    Reports,
    with_includes,
    without_includes,
)
from honeypost.beside.dovecot.chain import PAM_DENY, DecoyChain, DenyCopy

FOLDER = Path("/etc/dovecot/honeypost")
GOLDEN = Path(__file__).parent / "golden"
CHAIN = DecoyChain(
    directory=FOLDER,
    url="http://127.0.0.1:2740/lookup",
    key="0123456789abcdef",
    marker_domain="k7qp2mzx.invalid",
    uid=5001,
    gid=5001,
    home=Path("/var/lib/honeypost/mail"),
    deny=(PAM_DENY, DenyCopy("passwd-file", "scheme=PLAIN /etc/dovecot/users")),
)
TEXT = DovecotText(
    CHAIN, Reports("http://127.0.0.1:2730/", "0123456789abcdef", "9f2b6c1d"), "worker", "2.3"
)


@pytest.mark.parametrize("dialect", ["2.3", "2.4"])
def test_the_files_are_as_they_were_measured(dialect):
    """2.4 has not run here: the text follows what was measured on 2.4.1 by hand."""
    text = replace(TEXT, dialect=dialect)
    whole = f"{text.first()}=====\n{text.last()}=====\n{text.secret_files()['reports.ext']}"
    assert whole == (GOLDEN / f"dovecot-{dialect}.txt").read_text()


def test_open_files_hold_no_secret():
    assert CHAIN.key not in TEXT.first() + TEXT.last()
    assert b"0123456789abcdef" not in b"".join(TEXT.scripts().values())
    assert all(CHAIN.key in text for text in TEXT.secret_files().values())


def test_a_closed_file_is_only_tried_as_others_read_the_configuration_too():
    assert f"!include_try {FOLDER}/reports.ext" in TEXT.last()
    silent = replace(TEXT, reports=None)
    assert "!include" not in silent.last()
    assert list(silent.secret_files()) == ["decoy-settings.lua"]


def test_a_deny_copy_that_2_4_has_other_words_for_is_refused():
    chain = replace(CHAIN, deny=(DenyCopy("sql", "/etc/x"),))
    with pytest.raises(ValueError, match="deny copy of sql"):
        replace(TEXT, chain=chain, dialect="2.4").last()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\n", "F\na = 1\nL\n"),
        ("a = 1", "F\na = 1\nL\n"),
        (
            "# x\ndovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\na = 1\n",
            "# x\ndovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\nF\na = 1\nL\n",
        ),
    ],
)
def test_a_main_file_takes_ours_in_first_and_last(before, after):
    first, last = (f"!include_try {FOLDER}/{n}-honeypost.conf" for n in ("00", "99"))
    text = with_includes(before, FOLDER)
    assert text == after.replace("F\n", f"{first}\n").replace("L\n", f"{last}\n")
    assert without_includes(text, FOLDER).rstrip("\n") == before.rstrip("\n")
