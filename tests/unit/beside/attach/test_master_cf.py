from __future__ import annotations

import pytest

from honeypost.beside.attach import master_cf
from honeypost.beside.postfix.containment_config import Service

TEXT = """\
# head
smtp      inet  n       -       y       -       -       smtpd
submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
# a comment between

  -o smtpd_sasl_auth_enable=yes
# behind it
bounce    unix  -       -       y       -       0       bounce"""
OPTIONS = (("a", "b"), ("empty", ""), ("list", "x, y"))


def test_options_go_behind_the_services_own_and_nothing_else_changes():
    text = master_cf.with_options(TEXT, "submission/inet", OPTIONS)
    added = "    -o a=b\n    -o empty=\n    -o {list=x, y}\n"
    assert text == TEXT.replace("auth_enable=yes\n", f"auth_enable=yes\n{added}") + "\n"
    assert master_cf.without_options(text, "submission/inet", OPTIONS) == TEXT + "\n"


def test_options_are_found_again_in_another_layout():
    text = master_cf.with_options(TEXT, "bounce/unix", OPTIONS)
    relaid = text.replace("    -o a=b", "  -o a=b").replace("bounce    unix", "bounce     unix")
    assert "-o" not in master_cf.without_options(relaid, "bounce/unix", OPTIONS).split("bounce ")[1]


def test_a_service_is_added_and_taken_out():
    service = Service("decoy", "unix", "- - n - 5 lmtp", (("a", "b c"),))
    text = master_cf.with_service(TEXT, service)
    line = "decoy      unix  -       -       n       -       5       lmtp\n    -o {a=b c}\n"
    assert text == f"{TEXT}\n{line}"
    assert master_cf.without_service(text, "decoy/unix") == f"{TEXT}\n"
    with pytest.raises(ValueError, match="decoy/unix already"):
        master_cf.with_service(text, service)


def test_what_is_not_there_is_not_taken_out():
    assert master_cf.without_service(TEXT + "\n", "decoy/unix") == TEXT + "\n"
    assert master_cf.without_options(TEXT + "\n", "decoy/unix", OPTIONS) == TEXT + "\n"
    with pytest.raises(KeyError):
        master_cf.with_options(TEXT, "decoy/unix", OPTIONS)


def test_an_empty_file_has_no_services():
    assert list(master_cf.entries("# nothing\n")) == []
