"""Whom fail2ban ignores, read from its own files."""

import pytest

from honeypost.beside.firewall import fail2ban
from honeypost.beside.firewall.fail2ban import ignored
from honeypost.engine.allowed import Allowance

DEBIAN = """\
[INCLUDES]
before = paths-debian.conf

[DEFAULT]
# ignoreip = 127.0.0.1/8 ::1
ignorecommand =
bantime  = 10m
action_mwl = %(action_)s
             %(mta)s-whois-lines[sender="%(sender)s", logpath="%(logpath)s", chain="%(chain)s"]

[postfix-sasl]
filter   = postfix[mode=auth]
port     = smtp,465,submission,imap,imaps,pop3,pop3s
"""


def write(folder, **files: str):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def networks(folder) -> list[tuple[str, str]]:
    return [(each.network, each.source) for each in ignored(folder).allowances]


def test_a_stock_configuration_ignores_nobody(tmp_path):
    write(tmp_path, jail_conf=DEBIAN)
    assert ignored(tmp_path).allowances == []
    assert ignored(tmp_path).left_out == []


def test_a_site_without_it_ignores_nobody(tmp_path):
    assert ignored(tmp_path / "none").allowances == []


def test_addresses_networks_and_masks_are_taken_over(tmp_path):
    text = "[DEFAULT]\nignoreip = 127.0.0.1/8 ::1, 192.0.2.7,198.51.100.0/255.255.255.0\n"
    text += "    2001:db8::/32 ; the office\n"
    write(tmp_path, jail_local=text)
    assert [network for network, _ in networks(tmp_path)] == [
        "127.0.0.0/8", "::1/128", "192.0.2.7/32", "198.51.100.0/24", "2001:db8::/32",
    ]  # fmt: skip


def test_the_later_file_wins_within_a_section_and_sections_add_up(tmp_path):
    write(
        tmp_path,
        jail_conf=f"{DEBIAN}\n[sshd]\nignoreip = 192.0.2.1\n",
        jail_d__a_conf="[DEFAULT]\nignoreip = 192.0.2.2\n",
        jail_d__b_conf="[DEFAULT]\nignoreip = 192.0.2.3\n",
        jail_local="[DEFAULT]\nignoreip = 192.0.2.4\n",
        jail_d__z_local="[sshd]\nignoreip = %(ignoreip)s 192.0.2.5\n",
    )
    assert networks(tmp_path) == [
        ("192.0.2.5/32", "fail2ban [sshd]"),
        ("192.0.2.4/32", "fail2ban [DEFAULT]"),
    ]


def test_what_cannot_be_taken_over_is_named(tmp_path):
    write(tmp_path, jail_local="[DEFAULT]\nignoreip = mail.example.org 192.0.2.7 192.0.2.7\n")
    found = ignored(tmp_path)
    assert found.allowances == [Allowance("192.0.2.7/32", "fail2ban [DEFAULT]")]
    (said,) = found.left_out
    assert "mail.example.org is no address" in said


@pytest.mark.parametrize("text", ["no section\n", "[DEFAULT]\nignoreip\n  = \n[[\n", "\x00\xff"])
def test_a_file_in_another_format_is_named_and_passed_over(tmp_path, text):
    write(tmp_path, jail_conf=text, jail_local="[DEFAULT]\nignoreip = 192.0.2.7\n")
    found = ignored(tmp_path)
    assert [each.network for each in found.allowances] == ["192.0.2.7/32"]
    assert found.left_out == [f"{tmp_path}/jail.conf: is not in fail2ban's format"]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "jail.conf").mkdir()
    assert ignored(tmp_path).left_out == [f"{tmp_path}/jail.conf: Is a directory"]


def test_files_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(fail2ban, "FILES", 1)
    write(tmp_path, jail_conf=DEBIAN, jail_local="[DEFAULT]\nignoreip = 192.0.2.7\n")
    assert ignored(tmp_path).allowances == []
