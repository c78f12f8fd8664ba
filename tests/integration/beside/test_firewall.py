"""Penalties in a real kernel: who is kept away, until when, and that nothing of ours need live."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.firewall import NOBODY, ONE_RIGHT, SYSTEM_PYTHON, Firewall
from support.namespace import Namespace
from support.waiting import until

pytestmark = [
    pytest.mark.real,
    pytest.mark.usefixtures("as_root", "programs"),
    pytest.mark.programs("nft", "setpriv", "nsenter"),
]

SERVER4, SERVER6 = "203.0.113.1", "2001:db8:ffff::1"
GUESSER4, OTHER4 = "198.51.100.7", "198.51.100.8"
HOST, SAME_64, OTHER_64, OTHER_48 = (
    "2001:db8:1:2::7", "2001:db8:1:2:ffff::8", "2001:db8:1:3::7", "2001:db8:2:2::7",
)  # fmt: skip
PATIENCE = 0.4
"""Seconds after which a client takes it that its packets are dropped."""


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    for address in (SERVER4, GUESSER4, OTHER4):
        made.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    for address in (SERVER6, HOST, SAME_64, OTHER_64, OTHER_48):
        made.add(address)
    listeners = []
    for address, family in ((SERVER4, socket.AF_INET), (SERVER6, socket.AF_INET6)):
        for port in (2525, 2600):
            listener = made.socket(family)
            listener.bind((address, port))
            listener.listen(64)
            listeners.append(listener)
    yield made
    for listener in listeners:
        listener.close()
    made.close()


@pytest.fixture
def firewall(namespace: Namespace) -> Iterator[Firewall]:
    with tempfile.TemporaryDirectory(prefix="hp-") as folder:
        with Firewall(namespace, Path(folder), "2525") as made:
            yield made
        made.remove()


@pytest.fixture
def gets_in(namespace: Namespace):
    def try_it(source: str, port: int = 2525) -> bool:
        server = SERVER6 if ":" in source else SERVER4
        with contextlib.suppress(TimeoutError):
            namespace.connect(server, port, source=source, timeout=PATIENCE).close()
            return True
        return False

    return try_it


def test_an_address_is_kept_away_for_its_time_and_its_neighbour_is_not(firewall, gets_in):
    assert gets_in(GUESSER4)
    assert firewall.say(f"add {GUESSER4} 2") == ["ok"]
    assert not gets_in(GUESSER4)
    assert gets_in(OTHER4)
    assert gets_in(GUESSER4, port=2600), "only the mail ports are closed"
    until(lambda: gets_in(GUESSER4), seconds=4)


def test_a_network_is_a_64_or_a_48(firewall, gets_in):
    assert firewall.say("add 2001:db8:1:2::/64 60") == ["ok"]
    allowed = [gets_in(source) for source in (HOST, SAME_64, OTHER_64, OTHER_48)]
    assert allowed == [False, False, True, True]
    assert firewall.say("add 2001:db8:1::/48 60") == ["ok"], "a /64 inside is no conflict"
    assert [gets_in(source) for source in (OTHER_64, OTHER_48)] == [False, True]
    assert firewall.say("remove 2001:db8:1::/48") == ["ok"]
    assert [gets_in(source) for source in (HOST, OTHER_64)] == [False, True]


def test_a_session_that_stands_goes_on(firewall, gets_in, namespace):
    reader = namespace.connect(SERVER4, 2525, source=GUESSER4)
    assert firewall.say(f"add {GUESSER4} 60") == ["ok"]
    assert not gets_in(GUESSER4)
    reader.sendall(b"NOOP\r\n")
    # Acknowledged: nothing of it was dropped.
    until(lambda: reader.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[24:28] == bytes(4))
    reader.close()


def test_a_new_penalty_replaces_the_old_end_and_a_lift_ends_it(firewall, gets_in):
    firewall.say(f"add {GUESSER4} 1", f"add {GUESSER4} 60")
    first_end = time.monotonic() + 1.2
    until(lambda: time.monotonic() > first_end)
    assert not gets_in(GUESSER4)
    assert firewall.say(f"remove {GUESSER4}", f"remove {OTHER4}") == ["ok", "ok"]
    assert gets_in(GUESSER4)


def test_refused_packets_are_counted(firewall, gets_in):
    firewall.say(f"add {GUESSER4} 60")
    before = int(firewall.say("count")[0].removeprefix("count "))
    assert not gets_in(GUESSER4)
    assert int(firewall.say("count")[0].removeprefix("count ")) > before


def test_what_stands_outlives_the_helper_and_ends_by_itself(firewall, gets_in):
    firewall.say(f"add {GUESSER4} 3", "add 2001:db8:1:2::/64 60")
    firewall.kill()
    assert not gets_in(GUESSER4)
    firewall.start()
    assert [gets_in(source) for source in (GUESSER4, HOST)] == [False, False]
    firewall.kill()
    until(lambda: gets_in(GUESSER4), seconds=6)
    assert not gets_in(HOST)
    firewall.start()
    assert firewall.say("clear") == ["ok"]
    assert gets_in(HOST)


def test_a_firewall_that_was_flushed_is_made_again(firewall, gets_in, namespace):
    namespace.run("nft", "flush", "ruleset")
    (said,) = firewall.say(f"add {GUESSER4} 60")
    assert said.startswith("no nft: ")
    assert firewall.say(f"add {GUESSER4} 60") == ["ok"]
    assert not gets_in(GUESSER4)


def test_garbage_changes_nothing_and_harms_nobody(firewall, gets_in, namespace):
    before = namespace.run("nft", "list", "ruleset").stdout
    for line in ("flush ruleset", "add 0.0.0.0/0 60", "add ::/0 60", "add 127.0.0.1 60",
                 f"add {GUESSER4} 0", f"add {GUESSER4};drop 5", "\x00\xff", "x" * 100_000):  # fmt: skip
        with contextlib.suppress(ConnectionError):
            assert all(answer.startswith("no ") for answer in firewall.say(line))
    assert namespace.run("nft", "list", "ruleset").stdout == before
    assert firewall.say(f"add {GUESSER4} 60") == ["ok"]


def test_only_the_edges_user_is_heard(firewall, gets_in):
    code = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(b'add 198.51.100.7 60\\n'); print(s.recv(100))"
    )
    stranger = [*ONE_RIGHT[:1], f"--reuid={NOBODY - 1}", "--clear-groups", SYSTEM_PYTHON, "-c"]
    done = subprocess.run(
        [*stranger, code, str(firewall.socket)], capture_output=True, timeout=20, check=False
    )
    assert b"ok" not in done.stdout
    assert done.stdout or b"Error" in done.stderr
    assert gets_in(GUESSER4)


def test_it_has_one_right_and_no_more(firewall):
    status = Path(f"/proc/{firewall.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {fields[name].strip() for name in ("CapPrm", "CapEff", "CapBnd")} == {f"{1 << 12:016x}"}
    assert fields["Uid"].split() == [str(NOBODY)] * 4
    assert fields["NoNewPrivs"].strip() == "1"


def test_thousands_of_penalties_are_a_matter_of_a_second(firewall):
    lines = [f"add 10.1.{number >> 8}.{number & 255} 60" for number in range(1, 2001)]
    begun = time.monotonic()
    assert firewall.say(*lines) == ["ok"] * 2000
    assert time.monotonic() - begun < 5


def test_taken_away_nothing_is_left(firewall, gets_in, namespace):
    firewall.say(f"add {GUESSER4} 60")
    firewall.stop()
    assert "honeypost" in namespace.run("nft", "list", "ruleset").stdout
    firewall.remove()
    assert namespace.run("nft", "list", "ruleset").stdout.strip() == ""
    assert gets_in(GUESSER4)
    firewall.remove()
