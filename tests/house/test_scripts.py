"""The house's scripts, with stubs in place of apt-get and systemctl: nothing is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTENING = (
    "  sl  local_address rem_address   st\n"
    "   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000\n"
)


class Host:
    """A pretended Debian host: programs, sockets, policy."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.net = folder / "net"
        self.policy = folder / "policy-rc.d"
        self.log = folder / "calls"
        self.bin.mkdir()
        self.net.mkdir()
        self.log.touch()
        self.program("id", "echo 0")
        self.program("dpkg-query", '[ "${!#}" = openssl ] && printf installed')
        self.program("dpkg", "echo /lib/systemd/system/postfix.service")
        self.program("systemctl", "true")
        self.program("debconf-set-selections", "cat >/dev/null")
        self.program("apt-get", "true")

    def program(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>{self.log}\n{body}\n')
        path.chmod(0o755)

    def sockets(self, port: int, *, state: str = "0A", six: bool = False) -> None:
        (self.net / ("tcp6" if six else "tcp")).write_text(LISTENING.format(port=port, state=state))

    def run(self, script: str, *arguments: str, **environment: str):
        return subprocess.run(
            [ROOT / "scripts" / script, *arguments],
            env={
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "POLICY_RC_D": str(self.policy),
                "PROC_NET": str(self.net),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self, name: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(name + " ")]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_missing_packages_are_installed_and_announced_in_one_line(host: Host) -> None:
    done = host.run("packages.sh")
    assert done.returncode == 0
    (announced,) = done.stdout.splitlines()
    assert "installing postfix" in announced
    assert "openssl" not in announced
    (install,) = host.calls("apt-get")
    assert " install " in install
    assert "dovecot-auth-lua" in install
    assert "systemctl --quiet disable postfix.service" in host.calls("systemctl")


def test_no_package_may_start_a_service(host: Host) -> None:
    host.program("apt-get", f"{host.policy} x start; echo policy=$? >>{host.log}")
    assert host.run("packages.sh").returncode == 0
    assert "policy=101" in host.log.read_text()
    assert not host.policy.exists()


@pytest.mark.parametrize("outcome", ["true", "false"])
def test_an_existing_policy_comes_back_even_after_a_failure(host: Host, outcome: str) -> None:
    host.policy.write_text("#!/bin/sh\nexit 0 # the host's own\n")
    host.policy.chmod(0o755)
    host.program("apt-get", f"{host.policy} x start; echo policy=$? >>{host.log}; {outcome}")
    done = host.run("packages.sh")
    assert (done.returncode == 0) == (outcome == "true")
    assert "policy=101" in host.log.read_text()
    assert "the host's own" in host.policy.read_text()


def test_the_policy_of_a_run_that_was_killed_is_put_right(host: Host) -> None:
    kept = host.policy.with_name(host.policy.name + ".honeypost-kept")
    kept.write_text("the host's own")
    host.policy.write_text(
        "#!/bin/sh\n# honeypost: no service starts while packages are being installed\nexit 101\n"
    )
    assert host.run("packages.sh").returncode == 0
    assert host.policy.read_text() == "the host's own"
    assert not kept.exists()


def test_apt_is_forbidden(host: Host) -> None:
    done = host.run("packages.sh", NO_APT="1")
    assert done.returncode == 0
    assert done.stdout.startswith("packages: NO_APT is set; not installed")
    assert host.calls("apt-get") == []


def test_without_root_nothing_is_installed(host: Host) -> None:
    host.program("id", "echo 1000")
    done = host.run("packages.sh")
    assert (done.returncode, host.calls("apt-get")) == (0, [])
    assert done.stdout.startswith("packages: not root; not installed")


def test_on_a_live_mail_host_nothing_is_installed(host: Host) -> None:
    host.sockets(25)
    done = host.run("packages.sh")
    assert (done.returncode, host.calls("apt-get")) == (0, [])
    assert "a mail server runs here (port 25)" in done.stdout


def test_nothing_missing_nothing_said(host: Host) -> None:
    host.program("dpkg-query", "printf installed")
    done = host.run("packages.sh")
    assert (done.returncode, done.stdout, host.calls("apt-get")) == (0, "", [])


def test_one_package(host: Host) -> None:
    host.run("packages.sh", "--only", "python3-venv")
    assert host.calls("apt-get")[0].endswith(" python3-venv")


@pytest.mark.parametrize(("port", "six"), [(25, False), (587, False), (143, True), (993, True)])
def test_a_listening_mail_port_is_a_live_host(host: Host, port: int, six: bool) -> None:
    host.sockets(port, six=six)
    done = host.run("live_host.sh")
    assert (done.returncode, done.stdout) == (0, f"port {port}\n")


def test_private_daemons_and_open_connections_are_none(host: Host) -> None:
    host.sockets(2525)
    assert host.run("live_host.sh").returncode == 1
    host.sockets(25, state="01")
    assert host.run("live_host.sh").returncode == 1


def test_an_active_unit_is_a_live_host(host: Host) -> None:
    host.program("systemctl", '[ "$2" = dovecot ] && echo active')
    assert host.run("live_host.sh").stdout == "dovecot\n"


def test_a_live_host_must_be_meant(host: Host) -> None:
    assert host.run("ask_on_live_host.sh").returncode == 0
    host.sockets(25)
    refused = host.run("ask_on_live_host.sh")
    assert refused.returncode == 2
    assert "I_KNOW_THIS_IS_A_LIVE_MAIL_HOST=1 make test" in refused.stderr
    assert host.run("ask_on_live_host.sh", I_KNOW_THIS_IS_A_LIVE_MAIL_HOST="1").returncode == 0


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"PYTHON": "no-such-python"}, "no-such-python is not installed"),
        ({"PYTHON": "python-old"}, "is too old"),
        ({"PYTHON": "python-bare", "NO_APT": "1"}, "python3-venv is missing; as root:"),
    ],
)
def test_what_setup_lacks_is_one_clear_line(
    host: Host, tmp_path: Path, environment: dict[str, str], complaint: str
) -> None:
    host.program("python-old", '[ "$1" = --version ] && echo Python 3.9.2 || exit 1')
    host.program("python-bare", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = host.run("setup.sh", "runtime", str(tmp_path / "venv"), **environment)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_lock_names_where_packages_come_from() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
