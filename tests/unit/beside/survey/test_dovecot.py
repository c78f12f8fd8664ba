from pathlib import Path

import pytest

from honeypost.beside.survey.dovecot import read_dovecot
from honeypost.beside.survey.programs import Answer
from honeypost.beside.survey.site import AuthListener, Passdb

GOLDEN = Path(__file__).parent / "golden"


def run_with(text, version="2.3.19.1 (9b53102964)"):
    def run(command, given):
        return Answer(version if command[0] == "dovecot" else text, "", 0)

    return run


def test_the_stock_site(golden):
    found = golden("debian").dovecot
    assert found.dialect == "2.3"
    assert [(p.driver, p.args) for p in found.passdbs] == [("pam", "")]
    assert [u.driver for u in found.userdbs] == ["passwd"]
    assert found.protocols == {"imap", "pop3", "lmtp"}
    assert found.drop_in == found.config.parent / "conf.d"
    assert found.plugins == {"": "quota", "imap": "quota", "pop3": "quota"}
    assert found.plugin_settings["quota"] == "maildir:User quota"
    assert [(n.name, n.type, n.inbox) for n in found.namespaces] == [("inbox", "private", True)]


def test_the_query_file_is_read_and_never_shown(golden):
    [passdb] = golden("sql").dovecot.passdbs
    assert "password_query" in passdb.query_file
    assert "password_query" not in repr(passdb)


def test_2_4_not_run_here_but_after_its_own_form():
    found = read_dovecot(run_with((GOLDEN / "dovecot-2.4.txt").read_text(), "2.4.1"), None)
    assert found.dialect == "2.4"
    assert found.config == Path("/etc/dovecot/dovecot.conf")
    assert [(p.driver, p.name) for p in found.passdbs] == [
        ("passwd-file", "passwd-file"),
        ("lua", "honeypost_guard"),
    ]
    assert [p.name for p in found.real_passdbs] == ["passwd-file"]
    assert [u.driver for u in found.userdbs] == ["prefetch", "passwd-file"]
    assert found.protocols == {"imap", "lmtp"}
    assert found.plugins[""] == "quota"
    assert [(n.name, n.type, n.location) for n in found.namespaces] == [
        ("inbox", "private", ""),
        ("public", "public", "/srv/public"),
    ]
    assert found.listeners == (
        AuthListener("/var/spool/postfix/private/auth", "0660", "postfix", ""),
    )


def test_ports_of_auth():
    text = (
        "service auth {\n  inet_listener {\n    port = 0\n  }\n  inet_listener x {\n"
        "    address = 127.0.0.1\n    port = 99\n  }\n}\nservice imap {\n}\n"
    )
    found = read_dovecot(run_with(text), None).listeners
    assert [listener.path for listener in found] == ["inet:127.0.0.1:99"]


@pytest.mark.parametrize(
    ("include", "there"),
    [
        ("!include conf.d/*.conf", True),
        ("  !include_try {base}/conf.d/*.conf", True),
        ("!include conf.d/10-auth.conf", False),
        ("#!include conf.d/*.conf", False),
        ("!include other.d/*.conf", False),
    ],
)
def test_a_drop_in_folder_counts_when_all_of_it_is_included(tmp_path, include, there):
    (tmp_path / "conf.d").mkdir()
    main = tmp_path / "dovecot.conf"
    main.write_text(include.format(base=tmp_path) + "\n")
    found = read_dovecot(run_with(""), main)
    assert found.drop_in == (tmp_path / "conf.d" if there else None)


def test_plugins_per_protocol():
    text = (
        "mail_plugins = quota\nprotocol imap {\n  mail_plugins = quota imap_quota\n}\n"
        "protocol lmtp {\n  mail_plugins = sieve\n}\nprotocol pop3 {\n  x = y\n}\n"
    )
    assert read_dovecot(run_with(text), None).plugins == {
        "": "quota",
        "imap": "quota imap_quota",
        "pop3": "quota",
    }


def test_lua_is_looked_for_where_the_modules_are(tmp_path):
    modules = tmp_path / "dovecot/modules"
    (modules / "auth").mkdir(parents=True)
    text = f"mail_plugin_dir = {modules}\n"
    found = read_dovecot(run_with(text), None)
    assert (found.lua, found.lua_http) == (False, False)
    (modules / "auth/libauthdb_lua.so").touch()
    (tmp_path / "dovecot/libdovecot-lua.so.0").write_bytes(b"..dlua_dovecot_http_register..")
    found = read_dovecot(run_with(text), None)
    assert (found.lua, found.lua_http) == (True, True)


def test_a_passdb_says_what_is_on():
    assert Passdb("pam", settings={"deny": "yes"}).is_on("deny")
    assert not Passdb("pam").is_on("deny")
