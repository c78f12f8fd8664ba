"""What the helper obeys: exact orders about narrow networks; nothing else."""

import pytest

from honeypost.beside.firewall.orders import (
    LINE_BYTES,
    SECONDS_MOST,
    Add,
    Clear,
    Count,
    Remove,
    read,
    written,
)

LONGEST = "2001:db8:ffff:ffff::/64"


@pytest.mark.parametrize(
    "order",
    [Add("192.0.2.7", 1), Add(LONGEST, SECONDS_MOST), Remove("2001:db8::/48"), Clear(), Count()],
)
def test_what_is_written_is_read_again(order):
    line = written(order)
    assert line.endswith(b"\n")
    assert len(line) <= LINE_BYTES
    assert read(line.rstrip(b"\n")) == order


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"add",
        b"add 192.0.2.7",
        b"add 192.0.2.7 0",
        b"add 192.0.2.7 -1",
        b"add 192.0.2.7 +1",
        b"add 192.0.2.7 060",
        b"add 192.0.2.7 6_0",
        b"add 192.0.2.7 1.5",
        b"add 192.0.2.7 %d" % (SECONDS_MOST + 1),
        b"add 192.0.2.7 99999999999999999999",
        "add 192.0.2.7 \u0661".encode(),
        b"add  192.0.2.7 60",
        b"add 192.0.2.7 60 ",
        b"add 192.0.2.7 60 60",
        b"ADD 192.0.2.7 60",
        b"add 192.0.2.0/24 60",
        b"add 0.0.0.0/0 60",
        b"add ::/0 60",
        b"add 2001:db8::/47 60",
        b"add 2001:db8::/32 60",
        b"add 127.0.0.1 60",
        b"add 127.9.9.9 60",
        b"add ::1 60",
        b"add ::/64 60",
        b"add ::ffff:192.0.2.7 60",
        b"add fe80::/64 60",
        b"add 169.254.0.1 60",
        b"add 224.0.0.1 60",
        b"add 0.0.0.0 60",
        b"add fe80::1%lo 60",
        b"add 192.0.2.7;flush 60",
        b"add {192.0.2.7} 60",
        b"remove 127.0.0.1",
        b"remove 0.0.0.0/0",
        b"remove 192.0.2.7 60",
        b"clear all",
        b"count 1",
        b"flush ruleset",
        b"clear\r",
        b"\x00",
        b"\xff\xfe",
    ],
)
def test_everything_else_is_none(line):
    said = read(line)
    assert isinstance(said, str)
    assert said


def test_a_refusal_shows_no_controls():
    assert read(b"remove \x1b[2J") == "penalty cannot be on [2J"


def test_networks_come_out_in_one_form():
    assert read(b"add 2001:DB8:0:1::/64 5") == Add("2001:db8:0:1::/64", 5)
    assert read(b"remove 192.0.2.7/32") == Remove("192.0.2.7")
