import json

import pytest

from honeypost.cli.main import main
from honeypost.config.schema import Paths
from honeypost.stores.allowances import read_allowed


@pytest.fixture
def run(tmp_path, capsys):
    fail2ban = tmp_path / "fail2ban"
    fail2ban.mkdir()
    (fail2ban / "jail.local").write_text("[DEFAULT]\nignoreip = 203.0.113.9 mx.example.org\n")
    config = tmp_path / "honeypost.toml"
    config.write_text(f'[penalties]\nfail2ban_directory = "{fail2ban}"\nnever = ["10.0.0.0/8"]\n')

    def call(*arguments: str, code: int = 0) -> tuple[str, str]:
        command = ["allow", *arguments, "--data", str(tmp_path), "--config", str(config)]
        assert main(command) == code
        return tuple(capsys.readouterr())

    call.paths = Paths(tmp_path)
    return call


def kept(run) -> list[str]:
    return [each.network for each in read_allowed(run.paths.allowed)]


def test_networks_are_allowed_until_they_are_taken_out(run):
    assert run("192.0.2.7")[0].startswith("192.0.2.7/32 is allowed: ")
    assert run("2001:db8:1::1/48")[0].startswith("2001:db8:1::/48 is allowed: ")
    assert "allowed already" in run("192.0.2.7/32")[0]
    assert kept(run) == ["192.0.2.7/32", "2001:db8:1::/48"]
    assert "not allowed any more" in run("192.0.2.7", "--remove")[0]
    assert kept(run) == ["2001:db8:1::/48"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "neither an address nor a network"),
        (("0.0.0.0/0",), "nearly everybody"),
        (("::/0",), "nearly everybody"),
        (("192.0.2.7", "--remove"), "is not in this list"),
        (("--remove",), "needs a network"),
    ],
)
def test_what_cannot_be_done_is_told(run, arguments, said):
    assert said in run(*arguments, code=2)[1]
    assert kept(run) == []


@pytest.mark.parametrize("arguments", [(), ("--list",), ("192.0.2.7", "--list")])
def test_all_that_is_allowed_is_shown_with_its_source(run, arguments):
    run("192.0.2.7")
    out, err = run(*arguments)
    shown = {line.split()[0]: line for line in out.splitlines() if line[:1].isdigit()}
    assert "honeypost allow" in out
    assert "fail2ban [DEFAULT]" in shown["203.0.113.9/32"]
    assert "setting penalties.never" in shown["10.0.0.0/8"]
    assert "beside.no_decoys_from" in shown["127.0.0.0/8"]
    assert "mx.example.org is no address" in err


def test_the_list_for_programs(run):
    out, _ = run("192.0.2.7", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["network"] for line in lines][:2] == ["192.0.2.7/32", "10.0.0.0/8"]
    assert lines[0]["source"] == "honeypost allow"
    assert lines[0]["added"].endswith("Z")
    assert lines[1]["added"] == ""


def test_a_site_without_fail2ban(tmp_path, capsys):
    config = tmp_path / "honeypost.toml"
    config.write_text('[penalties]\nfail2ban_directory = ""\n')
    assert main(["allow", "--data", str(tmp_path), "--config", str(config)]) == 0
    assert "fail2ban" not in capsys.readouterr().out
