"""That fail2ban takes it is tested with the real one (``integration/beside/test_fail2ban.py``)."""

from honeypost.beside.recipes.fail2ban import recipe
from honeypost.config.schema import Penalties


def test_the_jail_has_the_ports_and_the_longest_pause_of_our_penalties():
    jail, _ = recipe(Penalties(ports=(25, 993), ladder_seconds=(5, 70))).files
    assert jail.path == "/etc/fail2ban/jail.d/honeypost.conf"
    assert {"port = 25,993", "bantime = 70"} <= set(jail.text.splitlines())
