"""
T63: what a scanner learns of our TLS, against the real Postfix 3.7 in the same run.

Both have the same certificate.  Compared is every answer to a hello written by hand: versions,
each cipher that there is and whose order counts, groups, signatures, extensions, session id,
alerts; then what needs a whole handshake: tickets, their lifetime, renegotiation.

What cannot be matched stands in ``DIFFERENT`` with its reason and is asserted to differ so:

- TLS 1.3 with nothing but a finite-field group (ffdhe2048 to ffdhe8192) is refused by the
  real one, which sets a list of curves; Python 3.11 can set a single group only.
- Anonymous finite-field suites: OpenSSL picks their group (1024 or 3072 bits) apart from the
  certificate's when asked to pick; Python can load one group for all.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from conftest import program
from support.our_server import OurServer
from support.real_postfix import RealPostfix, connect
from support.tls_probe import GROUPS, SIGNATURES, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3, Hello, answer

pytestmark = pytest.mark.real

Side = RealPostfix | OurServer
USUAL = ((0xFF01, b"\0"), (35, b""), (22, b""), (23, b""))
"""Secure renegotiation, tickets, encrypt-then-mac, extended master secret."""
EVERY_CIPHER = (*range(0x0001, 0x00C8), *range(0xC001, 0xC0B0), *range(0xCCA8, 0xCCAF))
OF_1_3 = (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)
ECDHE, DHE, RSA = 0xC02F, 0x009E, 0x002F
ANONYMOUS = {0x34, 0x3A, 0x46, 0x89, 0x6C, 0x6D, 0xA6, 0xA7, 0xBF, 0xC5}
FINITE = tuple(group for group in GROUPS if group >= 256)
CURVES = tuple(group for group in GROUPS if group < 256)


def told(side: Side, hello: Hello) -> dict[str, object]:
    with connect(side.ports["submissions"], "::1") as sock:
        return answer(sock, hello)


def of_1_2(*ciphers: int, **more: object) -> Hello:
    return Hello(**{"version": TLS_1_2, "ciphers": ciphers or (ECDHE, RSA), "more": USUAL, **more})


def of_1_3(**more: object) -> Hello:
    return Hello(**{"version": TLS_1_3, "ciphers": OF_1_3, "share": 29, **more})


HELLOS: dict[str, Hello] = {
    **{f"1.3-cipher-{cipher:x}": of_1_3(ciphers=(cipher,)) for cipher in OF_1_3},
    "1.3-client-order": of_1_3(ciphers=(0x1301, 0x1303, 0x1302)),
    "1.3-no-share": of_1_3(share=None),
    "1.3-groups-reversed": of_1_3(share=None, groups=GROUPS[::-1]),
    **{f"1.3-group-{group}": of_1_3(share=None, groups=(group,)) for group in CURVES},
    **{f"1.3-signature-{number:x}": of_1_3(signatures=(number,)) for number in SIGNATURES},
    **{f"1.2-group-{group}": of_1_2(ECDHE, DHE, RSA, groups=(group,)) for group in (*CURVES, 19, 21, 22, 26)},
    **{f"1.2-signature-{number:x}": of_1_2(ECDHE, signatures=(number,)) for number in (*SIGNATURES, 0x0101, 0x0301, 0x0303)},
    "groups-reversed": of_1_2(groups=GROUPS[::-1]),
    "nothing-usual": of_1_2(more=()),
    "no-ticket": of_1_2(more=USUAL[:1]),
    "a-session": of_1_2(session=b"s" * 32),
    "server-name": of_1_2(more=((0, b"\0\x0b\0\0\x08x.exampl"), *USUAL)),
    "alpn": of_1_2(more=((16, b"\0\x09\x08http/1.1"), *USUAL)),
    "1.3-alpn": of_1_3(more=((16, b"\0\x09\x08http/1.1"),)),
    "ocsp": of_1_2(more=((5, b"\1\0\0\0\0"), *USUAL)),
    "fragment-length": of_1_2(more=((1, b"\1"), *USUAL)),
    "heartbeat": of_1_2(more=((15, b"\1"), *USUAL)),
    "fallback": Hello(TLS_1_1, (0x5600, 0xC014, RSA), more=USUAL),
    "none-shared": of_1_2(0x00FF),
    "no-groups": of_1_2(groups=()),
    "bad-renegotiation": of_1_2(more=((0xFF01, b"\5xxxxx"),)),
    "ssl-3": Hello(0x0300, (RSA,)),
    "version-too-new": Hello(0x0305, (ECDHE, RSA)),
    "1.4-only": of_1_2(more=((43, b"\2\3\5"),)),
}  # fmt: skip


@pytest.mark.parametrize("name", HELLOS)
def test_a_hello_is_answered_alike(real: RealPostfix, ours: OurServer, name: str) -> None:
    theirs = told(real, HELLOS[name])
    assert theirs
    assert told(ours, HELLOS[name]) == theirs


def accepted(side: Side, version: int) -> Iterator[int]:
    """Name the ciphers in the order in which they are chosen from all that are left."""
    left = list(EVERY_CIPHER)
    while chosen := told(side, Hello(version, tuple(left), more=USUAL)).get("cipher"):
        assert isinstance(chosen, int)
        left.remove(chosen)
        yield chosen


@pytest.mark.parametrize(("version", "count"), [(TLS_1_0, 16), (TLS_1_1, 16), (TLS_1_2, 56)])
def test_every_cipher_is_taken_alike(
    real: RealPostfix, ours: OurServer, version: int, count: int
) -> None:
    theirs = list(accepted(real, version))
    assert len(theirs) == count
    assert list(accepted(ours, version)) == theirs
    for cipher in set(theirs) - ANONYMOUS:
        hello = Hello(version, (cipher,), more=USUAL)
        assert told(ours, hello) == told(real, hello)


DIFFERENT: dict[str, tuple[Hello, str, str]] = {
    **{
        f"1.3-group-{group}": (of_1_3(share=None, groups=(group,)), "alert", "one group or all")
        for group in FINITE
    },
    **{
        f"anonymous-{cipher:x}": (of_1_2(cipher), "exchange", "one finite field for all suites")
        for cipher in sorted(ANONYMOUS)
    },
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_differs_only_as_listed(real: RealPostfix, ours: OurServer, name: str) -> None:
    hello, where, _reason = DIFFERENT[name]
    theirs, said = told(real, hello), told(ours, hello)
    assert theirs[where] != said.get(where)
    if where == "exchange":
        assert {**theirs, where: 0} == {**said, where: 0}


def openssl(side: Side, *options: str, say: bytes = b"") -> str:
    """Run a whole session of ``openssl s_client``."""
    port = side.ports["submissions"]
    command = [
        program("openssl"),
        "s_client",
        "-connect",
        f"127.0.0.1:{port}",
        "-ign_eof",
        *options,
    ]
    done = subprocess.run(
        command, input=say + b"QUIT\r\n", capture_output=True, timeout=20, check=False
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")


TOLD_BY_OPENSSL = (
    r"Post-Handshake New Session Ticket arrived", r"ticket lifetime hint: .*", r"Timeout +: .*", r"Max Early Data: .*",
    r"Secure Renegotiation IS.*", r"Compression: .*", r"No ALPN.*", r"Extended master secret: .*", r"Server Temp Key: .*",
    r"Peer signing digest: .*", r"Acceptable client certificate.*|No client certificate.*", r"Verify return code: .*", r"OCSP response: .*",
    r"Reused, .*|New, .*", r"error:[0-9A-F]+:[^/]*",
)  # fmt: skip


@pytest.mark.parametrize(
    "options",
    ["-tls1_3", "-tls1_2", "-tls1_3 -status", "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256"],
)
def test_a_whole_handshake_is_alike(real: RealPostfix, ours: OurServer, options: str) -> None:
    """One ticket within TLS 1.3, the same lifetimes, no client certificate wanted."""
    theirs, said = (
        [re.findall(each, openssl(side, *options.split())) for each in TOLD_BY_OPENSSL]
        for side in (real, ours)
    )
    assert len(theirs[0]) == (1 if "1_3" in options else 0)
    assert said == theirs


@pytest.mark.parametrize("options", ["-tls1_2", "-tls1_2 -legacy_renegotiation"])
def test_renegotiation_ends_alike(real: RealPostfix, ours: OurServer, options: str) -> None:
    """A line that begins with ``R`` has s_client renegotiate."""
    errors = r"error:[0-9A-F]+:[^:]*:[^:]*:[^:\n]*|RENEGOTIATING|221 2.0.0 Bye"
    theirs, said = (
        re.findall(errors, _renegotiating(side, options.split())) for side in (real, ours)
    )
    assert "RENEGOTIATING" in theirs
    assert said == theirs


def _renegotiating(side: Side, options: list[str]) -> str:
    port = side.ports["submissions"]
    command = [program("openssl"), "s_client", "-connect", f"[::1]:{port}", *options]
    done = subprocess.run(
        command, input=b"R\nQUIT\r\n", capture_output=True, timeout=20, check=False
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_session_is_resumed_alike(
    real: RealPostfix, ours: OurServer, version: str, tmp_path
) -> None:
    said = []
    for number, side in enumerate((real, ours)):
        kept = str(tmp_path / f"session{number}")
        openssl(side, version, "-sess_out", kept)
        again = openssl(side, version, "-sess_in", kept)
        said.append(re.findall(r"^(Reused|New), (.*)$", again, re.MULTILINE))
    assert said[0]
    assert said[1] == said[0]
