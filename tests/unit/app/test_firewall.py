"""The helper's command line."""

import os
import signal
import subprocess
import sys

import pytest

from honeypost.app import firewall
from honeypost.errors import UsageError


def test_a_user_has_a_name_or_a_number():
    assert firewall.user_id("root") == 0
    assert firewall.user_id("4711") == 4711
    with pytest.raises(UsageError, match="no user 'nobody-here'"):
        firewall.user_id("nobody-here")


def test_whose_orders_are_taken_must_be_said():
    with pytest.raises(SystemExit) as caught:
        firewall.main([])
    assert caught.value.code == 2


@pytest.mark.parametrize(("arguments", "code"), [(["--user", "nobody-here"], 2)])
def test_a_wrong_user_is_told(arguments, code, capsys):
    assert firewall.main(arguments) == code
    assert "nobody-here" in capsys.readouterr().err


def fake_nft(tmp_path, monkeypatch, script: str) -> None:
    program = tmp_path / "nft"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr("honeypost.beside.firewall.nft.PLACES", str(tmp_path))


def test_remove_takes_the_table_away(tmp_path, monkeypatch):
    fake_nft(tmp_path, monkeypatch, f"cat > {tmp_path}/told")
    assert firewall.main(["--remove"]) == 0
    assert "delete table inet honeypost" in (tmp_path / "told").read_text()


def test_what_fails_is_told(tmp_path, monkeypatch, capsys):
    fake_nft(tmp_path, monkeypatch, "echo 'Operation not permitted' >&2; exit 1")
    assert firewall.main(["--remove"]) == 1
    assert "firewall: nft: Operation not permitted" in capsys.readouterr().err


def test_it_says_when_it_serves_and_ends_in_order(tmp_path):
    program = tmp_path / "nft"
    program.write_text("#!/bin/sh\ncat > /dev/null\n")
    program.chmod(0o755)
    environ = {**os.environ, "HONEYPOST__PENALTIES__HELPER": str(tmp_path / "s")}
    code = (
        "import sys; from honeypost.beside.firewall import nft; from honeypost.app import firewall;"
        f"nft.PLACES = {str(tmp_path)!r}; sys.exit(firewall.main(['--user', '0']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert b'"ready": true' in process.stdout.readline()
        assert (tmp_path / "s").is_socket()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert not (tmp_path / "s").exists()
