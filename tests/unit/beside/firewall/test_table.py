"""The text that nft gets."""

import json

import pytest

from honeypost.beside.firewall import table
from honeypost.beside.firewall.orders import Add, Clear, Count, Remove


def test_rules_name_each_port_once_in_order():
    rules = [line for line in table.setup((587, 25, 25)).splitlines() if "add rule" in line]
    assert len(rules) == 3
    assert all("tcp dport { 25, 587 }" in rule and rule.endswith("refused drop") for rule in rules)
    assert all("(fin | syn | rst | ack) == syn" in rule for rule in rules)


def test_making_it_again_keeps_sets_and_counter():
    text = table.setup((25,))
    assert "flush chain inet honeypost input" in text
    assert "flush set" not in text
    assert "delete" not in text
    assert text.count("flags timeout; size 16384; timeout 3600s;") == 3


@pytest.mark.parametrize(
    ("network", "element"),
    [
        ("192.0.2.7", "v4 {{ 192.0.2.7{} }}"),
        ("2001:db8:1:2::/64", "v6_64 {{ 2001:db8:1:2::{} }}"),
        ("2001:db8:1::/48", "v6_48 {{ 2001:db8:1::{} }}"),
    ],
)
def test_an_entry_that_is_there_gets_its_new_end(network, element):
    head = "element inet honeypost "
    there = "add " + head + element.format(" timeout 1s") + "\n"
    gone = "delete " + head + element.format("") + "\n"
    new = "add " + head + element.format(" timeout 90s") + "\n"
    assert table.change([Add(network, 90)]) == there + gone + new
    assert table.change([Remove(network)]) == there + gone


def test_to_clear_empties_all_sets():
    cleared = table.change([Clear(), Count()])
    assert [line.split()[-1] for line in cleared.splitlines()] == ["v4", "v6_64", "v6_48"]


def test_the_counter_is_read():
    listing = {"nftables": [{"metainfo": {}}, {"counter": {"packets": 7, "bytes": 9}}]}
    assert table.packets(json.dumps(listing).encode()) == 7


@pytest.mark.parametrize("listing", [b"", b"{}", b'{"nftables": []}', b'{"nftables": [{}]}'])
def test_what_is_no_counter_is_told(listing):
    with pytest.raises(ValueError, match=r".+"):
        table.packets(listing)
