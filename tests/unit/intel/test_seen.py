"""A set of fixed size that never forgets."""

from honeypost.intel.seen import SEEN_BYTES, Seen


def test_what_was_added_is_there_and_most_else_is_not():
    seen = Seen()
    assert "192.0.2.1" not in seen
    networks = [f"2001:db8:{number:x}::/64" for number in range(2000)]
    for network in networks:
        seen.add(network)
    assert all(network in seen for network in networks)
    wrong = sum(f"198.51.{number // 250}.{number % 250}" in seen for number in range(2000))
    assert wrong < 40
    assert len(seen.bits) == SEEN_BYTES
