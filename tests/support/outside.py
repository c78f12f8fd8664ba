"""
What lies around a booted machine: its users' network, guessers, and a counter of what leaves.

Guessers never come from the same address twice in a row, as botnets do not, and never from a
network of the users: connections to the mail ports that bind no address take the next one of
:data:`GUESSERS` (a translation in the kernel, so every tool can be used as it is).
"""

from __future__ import annotations

import ipaddress
import json
import subprocess

from support.bookworm import Bookworm
from support.namespace import Namespace

HOST4, GATE4 = "198.51.100.2", "198.51.100.1"
HOST6, GATE6 = "2001:db8:51::2", "2001:db8:51::1"
USER = "192.0.2.7"
"""Where the real users are."""
ABROAD = "203.0.113.25"
"""An address on the internet, for mail to somebody@[it]."""
GUESSERS = [f"203.0.113.{number}" for number in range(30, 250)]
GUESSERS6 = [f"2001:db8:66:{number:x}::1" for number in range(220)]
STUBBORN = "203.0.113.9"
"""A guesser who comes back from where he was."""
MAIL_PORTS = (25, 110, 143, 465, 587, 993, 995)
DNS_PORT = 53

LEAVING = """\
table inet counting {{
  set gone4 {{ type ipv4_addr . inet_service; size 65536; flags dynamic; }}
  set gone6 {{ type ipv6_addr . inet_service; size 65536; flags dynamic; }}
  chain out {{
    type filter hook output priority filter
    oifname "lo" return
    ct state new meta nfproto ipv4 meta l4proto {{ tcp, udp }} add @gone4 {{ ip daddr . th dport }}
    ct state new meta nfproto ipv6 meta l4proto {{ tcp, udp }} add @gone6 {{ ip6 daddr . th dport }}
  }}
}}
"""
ROTATING = """\
table inet rotating {{
  chain out {{
    type nat hook postrouting priority srcnat
    ip saddr {gate4} tcp dport {{ {ports} }} snat ip to numgen inc mod {count} map {{ {four} }}
    ip6 saddr {gate6} tcp dport {{ {ports} }} snat ip6 to numgen inc mod {count} map {{ {six} }}
  }}
}}
"""


class Outside(Namespace):
    """The other side of the machine's only network; use :meth:`run` for tools."""

    def __init__(self, machine: Bookworm) -> None:
        super().__init__()
        self._machine = machine
        self.run("ip", "link", "add", "in", "type", "veth", "peer", "name", "out")
        self.run("ip", "link", "set", "out", "netns", str(machine.leader))
        self._addresses()
        machine.run("nft", "-f", "-", input=LEAVING.format())
        self.run("nft", "-f", "-", input=_rotating())

    def _addresses(self) -> None:
        ends = (("out", HOST4, HOST6, self._on_machine), ("in", GATE4, GATE6, self.run))
        for name, four, six, run in ends:
            run("ip", "address", "add", f"{four}/30", "dev", name)
            run("ip", "address", "add", f"{six}/64", "dev", name, "nodad")
            run("ip", "link", "set", name, "up")
        for gate in (GATE4, GATE6):
            self._on_machine("ip", "route", "add", "default", "via", gate)
        lines = [f"address add {each}/32 dev lo\n" for each in (USER, ABROAD, STUBBORN, *GUESSERS)]
        lines += [f"address add {each}/128 dev lo nodad\n" for each in GUESSERS6]
        self.run("ip", "-batch", "-", input="".join(lines))

    def _on_machine(self, *arguments: str) -> None:
        """Run a program of ours, which the machine lacks, in its network."""
        inside = ["nsenter", f"--net=/proc/{self._machine.leader}/ns/net", "--"]
        subprocess.run([*inside, *arguments], check=True, timeout=60)

    def left(self) -> set[tuple[str, int]]:
        """
        Give where the machine began a connection to, on its own account; DNS is left out.

        Address and port.
        """
        listed = json.loads(
            self._machine.said("nft", "--json", "list", "table", "inet", "counting")
        )
        sets = [part["set"] for part in listed["nftables"] if "set" in part]
        pairs = [each["concat"] for one in sets for each in one.get("elem", ())]
        return {(str(ipaddress.ip_address(a)), int(p)) for a, p in pairs if p != DNS_PORT}


def _rotating() -> str:
    def mapped(addresses: list[str]) -> str:
        return ", ".join(f"{number} : {address}" for number, address in enumerate(addresses))

    return ROTATING.format(
        gate4=GATE4, gate6=GATE6, count=len(GUESSERS), ports=", ".join(map(str, MAIL_PORTS)),
        four=mapped(GUESSERS), six=mapped(GUESSERS6),
    )  # fmt: skip
