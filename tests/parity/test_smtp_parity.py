"""
The same bytes said to a real Postfix 3.7 and to us: what both say must be equal.

Not one reply may differ but for queue ids.  What does differ on purpose stands in
``DIFFERENT`` with its reason, and is asserted to differ so.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from honeypost.config.schema import Decoys
from honeypost.personality.queue_ids import queue_id
from support.our_server import OurServer
from support.real_postfix import KNOWN, RealPostfix
from support.smtp_peers import OurPeer, SocketPeer, Step, play, script
from support.smtp_scripts import MISSING, SCRIPTS, WRONG

pytestmark = pytest.mark.real

FAMILIES = {"IPv4": "127.0.0.1", "IPv6": "::1"}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("name", "service", "steps"), SCRIPTS, ids=[name for name, _, _ in SCRIPTS]
)
def test_says_what_the_real_one_says(  # noqa: PLR0917 two sides, three parts of a script, a family
    real: RealPostfix, ours: OurServer, name: str, service: str, steps: list[Step], family: str
) -> None:
    """The core alone, and all of us over a socket, both as the real one over a socket."""
    wrapped = service == "submissions"

    def over_a_socket(side: RealPostfix | OurServer) -> list[bytes]:
        return play(SocketPeer(side.ports[service], FAMILIES[family], wrapped=wrapped), steps)

    # At the same time: each costs the seconds that errors cost.
    with ThreadPoolExecutor() as both:
        theirs, served = both.map(over_a_socket, (real, ours))
    assert play(OurPeer(service), steps) == theirs
    assert served == theirs


DIFFERENT: dict[str, tuple[str, str, str]] = {
    # line: what the real one says, what we say, why we leave it so
    "VRFY <": (
        "554 5.7.1 <<>: Relay access denied",
        "501 5.1.3 Bad recipient address syntax",
        "an address that never ends; we ask nobody about what is no address",
    ),
    "VRFY 1:!": (
        "554 5.7.1 <1:!>: Relay access denied",
        "501 5.1.3 Bad recipient address syntax",
        "a group name of RFC 822 before a host!user form",
    ),
    "MAIL FROM:<%[1.2.3.4]>": (
        "250 2.1.0 Ok",
        "501 5.1.7 Bad sender address syntax",
        "user%host with a literal; only the form with a name is known here",
    ),
    "MAIL FROM:..a>[1.2.3.4]>": (
        "250 2.1.0 Ok",
        "501 5.1.7 Bad sender address syntax",
        "two addresses, of which the real one overlooks one",
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("line", DIFFERENT)
def test_differs_only_as_listed(real: RealPostfix, line: str, family: str) -> None:
    theirs, ours, _reason = DIFFERENT[line]
    steps = script(line)
    said = play(SocketPeer(real.ports["hasty"], FAMILIES[family]), steps)
    assert said[1] == theirs.encode() + b"\r\n"
    assert play(OurPeer("hasty"), steps)[1] == ours.encode() + b"\r\n"


def seconds_for(peer: SocketPeer | OurPeer, *lines: str) -> list[float]:
    """How long each line's reply took, on the real one by the clock, on ours by its pauses."""
    peer.read(1)
    taken = []
    for step in script(*lines):
        began, held = time.monotonic(), getattr(peer, "held_seconds", 0.0)
        peer.step(step)
        real_seconds = time.monotonic() - began
        taken.append(peer.held_seconds - held if isinstance(peer, OurPeer) else real_seconds)
    peer.finish()
    return taken


def test_t40_a_first_refusal_takes_about_two_seconds(real: RealPostfix) -> None:
    """Dovecot's penalty for the next from one address is left out on purpose."""
    lines = ("EHLO x", f"AUTH PLAIN {WRONG}", f"AUTH PLAIN {WRONG}")
    theirs = seconds_for(SocketPeer(real.ports["slow"], "127.0.0.1", source="127.0.0.40"), *lines)
    ours = seconds_for(OurPeer("slow", refusal_seconds=Decoys().refusal_seconds), *lines)
    assert 1.5 < theirs[1] < 4
    assert 1.5 < ours[1] < 4
    # Different on purpose: the decoy path must answer before attackers' tools give up (5 s).
    assert theirs[2] > 4
    assert ours[2] == ours[1]


def test_t41_a_missing_user_is_refused_as_slowly_as_a_wrong_password(real: RealPostfix) -> None:
    taken = []
    for source, guess in (("127.0.0.41", WRONG), ("127.0.0.42", MISSING)):
        peer = SocketPeer(real.ports["slow"], "127.0.0.1", source=source)
        taken.append(seconds_for(peer, f"AUTH PLAIN {guess}")[0])
    assert abs(taken[0] - taken[1]) < 0.7
    ours = [seconds_for(OurPeer("slow"), f"AUTH PLAIN {guess}")[0] for guess in (WRONG, MISSING)]
    assert ours[0] == ours[1]


def test_t32_errors_cost_the_same(real: RealPostfix) -> None:
    lines = (*["FOO"] * 10, "NOOP", "AUTH LOGIN", "*")
    theirs = seconds_for(SocketPeer(real.ports["mx"], "::1"), *lines)
    ours = seconds_for(OurPeer("mx"), *lines)
    assert [round(seconds) for seconds in theirs] == [round(seconds) for seconds in ours]


def test_t29_t30_queue_ids_are_built_as_ours(real: RealPostfix) -> None:
    """Five hex digits of microseconds, then inodes near each other."""
    peer = SocketPeer(real.ports["mx"], "::1")
    peer.read(1)
    inodes = []
    for _ in range(3):
        for step in script("MAIL FROM:<a@b.example>"):
            peer.step(step)
        before = time.time()
        peer.step(Step(f"RCPT TO:<{KNOWN}>\r\n".encode()))
        after = time.time()
        peer.step(Step(b"DATA\r\n"))
        name = peer.step(Step(b"x\r\n.\r\n")).split()[-1].decode()
        microseconds, inode = int(name[:5], 16), int(name[5:], 16)
        assert (microseconds - int(before * 1e6)) % 1_000_000 <= (after - before) * 1e6 + 1
        assert queue_id(microseconds / 1e6, inode)[5:] == name[5:]
        inodes.append(inode)
    peer.finish()
    assert max(inodes) - min(inodes) < 100_000
