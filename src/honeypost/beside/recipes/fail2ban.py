"""
What fail2ban is to be told: a jail that only we fill.

``honeypost penalties --format fail2ban`` writes commands for fail2ban's client; the jail that they
name has to exist.  A jail needs a log and an expression to be started (fail2ban 1.0.2), so it
watches an empty one for a line that nobody writes.
"""

from __future__ import annotations

from typing import Final

from honeypost.beside.recipes.parts import File, Proof, Recipe
from honeypost.config.schema import Penalties
from honeypost.engine.penalty_list import JAIL

FILTER: Final = """\
[Definition]
failregex = ^nobody writes this line about <HOST>$
"""


def recipe(penalties: Penalties) -> Recipe:
    """
    Give the jail and its filter.

    :param penalties: whose ports and longest pause the jail has.
    """
    ports = ",".join(str(port) for port in penalties.ports)
    jail = (
        f"[{JAIL}]\nenabled = true\nfilter = {JAIL}\nbackend = polling\nlogpath = /dev/null\n"
        f"usedns = no\nport = {ports}\nbantime = {penalties.ladder_seconds[-1]:.0f}\n"
    )
    return Recipe(
        (
            File(f"/etc/fail2ban/jail.d/{JAIL}.conf", jail),
            File(f"/etc/fail2ban/filter.d/{JAIL}.conf", FILTER),
        ),
        Proof.RUN,
        (
            "Then fail2ban-client reload, and by cron: honeypost penalties --format fail2ban | sh",
            "fail2ban ends a ban by the jail's own time.",
        ),
    )
