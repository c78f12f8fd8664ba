from pathlib import Path

from honeypost.beside.survey.doveconf import parse

GOLDEN = Path(__file__).parent / "golden"


def test_blocks_within_blocks_and_what_is_hidden():
    top = parse((GOLDEN / "dovecot-2.4.txt").read_text())
    assert top.settings["dovecot_config_version"] == "2.4.1"
    assert top.settings["ssl_server_key_file"] == ""
    assert [block.name for block in top.of_kind("passdb")] == ["passwd-file", "honeypost_guard"]
    service = next(top.of_kind("service"))
    assert [b.name for b in service.of_kind("unix_listener")] == ["/var/spool/postfix/private/auth"]
    inbox = next(top.of_kind("namespace"))
    assert next(inbox.of_kind("mailbox")).settings["special_use"] == "\\Drafts"


def test_a_setting_may_carry_its_blocks_name_in_front():
    top = parse("passdb x {\n  passdb_driver = pam\n}\npassdb_x = y\n")
    assert next(top.of_kind("passdb")).settings == {"driver": "pam"}
    assert top.settings == {"passdb_x": "y"}


def test_a_list_in_one_line_or_as_a_block():
    assert parse('protocols = " imap lmtp"\n').listed("protocols") == ("imap", "lmtp")
    top = parse("protocols {\n  imap = yes\n  pop3 = no\n}\n")
    assert top.listed("protocols") == ("imap",)
    assert top.listed("missing") == ()


def test_names_in_quotes_and_too_many_ends():
    top = parse('mailbox "Sent Messages" {\n}\n}\na = b\n')
    assert top.blocks[0].name == "Sent Messages"
    assert top.settings == {"a": "b"}
