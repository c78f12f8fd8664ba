from honeypost.beside.survey.site import Fail2ban
from honeypost.beside.survey.system import read_system

FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 192.0.2.25
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
Local:
     |-- 192.0.2.25
        /32 host LOCAL
"""
IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000025 02 40 00 80     eth0
fe8000000000000002163efffe000001 02 40 20 80     eth0
"""


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_an_empty_host(tmp_path):
    found = read_system(tmp_path, [])
    assert (found.nsswitch, found.memory_bytes, found.fail2ban) == ("files", None, None)
    assert (found.webmail, found.decoy_uid, found.pam) == ((), None, ())


def test_everything_is_read_below_the_root(tmp_path):
    write(tmp_path, "etc/nsswitch.conf", "#passwd: no\npasswd:\tfiles sss # x\ngroup: files\n")
    write(tmp_path, "etc/passwd", "root:x:0:0::/:/\nhoneypost-decoy:x:998:998::/:/bin/false\n")
    write(tmp_path, "proc/meminfo", "MemTotal:         500000 kB\nMemFree: 1 kB\n")
    write(tmp_path, "etc/roundcube/config.php", "")
    write(tmp_path, "proc/net/fib_trie", FIB_TRIE)
    write(tmp_path, "proc/net/if_inet6", IF_INET6)
    write(tmp_path, "etc/pam.d/mail", "auth required pam_unix.so\n")
    found = read_system(tmp_path, ["mail", "mail"])
    assert found.nsswitch == "files sss"
    assert found.decoy_uid == 998
    assert found.memory_bytes == 512_000_000
    assert found.webmail == (tmp_path / "etc/roundcube",)
    assert found.addresses == ("192.0.2.25", "2001:db8::25")
    assert [service.modules for service in found.pam] == [("pam_unix.so",)]


def test_the_later_files_of_fail2ban_win(tmp_path):
    etc = "etc/fail2ban/"
    write(tmp_path, etc + "jail.conf", "[DEFAULT]\nignoreip = 127.0.0.1/8\n[dovecot]\nport = imap\n"
          "[postfix]\nenabled = true\n[sshd]\nenabled = true\n")  # fmt: skip
    write(tmp_path, etc + "jail.d/a.conf", "[dovecot]\nenabled = true\nignoreip = 192.0.2.1\n")
    write(tmp_path, etc + "jail.d/broken.conf", "no section\n")
    write(tmp_path, etc + "jail.local", "[DEFAULT]\nignoreip = ::1 2001:db8::/32\n"
          "   198.51.100.0/24\n[postfix]\nenabled = false\n")  # fmt: skip
    assert read_system(tmp_path, []).fail2ban == Fail2ban(
        ("::1", "2001:db8::/32", "198.51.100.0/24", "192.0.2.1"), ("dovecot",)
    )
