"""
An "internet" behind the mail host, and a firewall that counts what goes there.

The test's other hosts have no way out; this one has a default route, IPv4 and IPv6, to a second
namespace in which *every* address is local (``ip route add local 0.0.0.0/0``).  So mail to any
domain, address literal or relay that Postfix may think of really arrives: on port 25 stands a
sink, at the resolver's address a name server that knows an MX for every name.

The counter sits in the output hook of the mail host, before any of that: a packet to a closed
port or a dead address counts as much as a delivered message.  Only what the kernel itself says to
find its neighbours (ICMPv6 of those types) is left out.
"""

from __future__ import annotations

import json
import socket
import tempfile
from collections import Counter
from pathlib import Path
from typing import Self

import dns.message

from support.dns_server import DnsServer
from support.namespace import Namespace
from support.sinks import Internet

RESOLVER = "203.0.113.53"
SMTP_PORT, DNS_PORT = 25, 53
HOST4, GATE4 = "198.51.100.2", "198.51.100.1"
HOST6, GATE6 = "2001:db8:51::2", "2001:db8:51::1"
MAIL_EXCHANGER = {"MX": "10 mx.internet.test.", "A": "203.0.113.25", "AAAA": "2001:db8:113::25"}
"""What the name server says of every name."""

RULES = """\
table inet counting {
  set gone4 {
    type ipv4_addr . inet_proto . inet_service
    size 65536
    flags dynamic
    counter
  }
  set gone6 {
    type ipv6_addr . inet_proto . inet_service
    size 65536
    flags dynamic
    counter
  }
  chain out {
    type filter hook output priority filter; policy accept;
    oifname "lo" return
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } return
    meta nfproto ipv4 add @gone4 { ip daddr . meta l4proto . th dport }
    meta nfproto ipv6 add @gone6 { ip6 daddr . meta l4proto . th dport }
  }
}
"""

Destination = tuple[str, str, int]
"""Address, protocol and port."""


class OutsideNamespace(Namespace):
    """The mail host's network with a way out, and a resolver of its own for every program."""

    def __init__(self) -> None:
        super().__init__()
        with tempfile.NamedTemporaryFile("w", prefix="hp-resolv.", delete=False) as file:
            file.write(f"nameserver {RESOLVER}\n")
        self._resolver = Path(file.name)
        self._resolver.chmod(0o644)
        self.internet = Namespace()
        self._connect()
        self.run("nft", "-f", "-", input=RULES)

    def _connect(self) -> None:
        pid = str(self.internet._holder.pid)
        self.run("ip", "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", pid)
        ends = ((self, "out", HOST4, HOST6), (self.internet, "in", GATE4, GATE6))
        for end, name, four, six in ends:
            end.run("ip", "address", "add", f"{four}/30", "dev", name)
            end.run("ip", "-6", "address", "add", f"{six}/64", "dev", name, "nodad")
            end.run("ip", "link", "set", name, "up")
        self.run("ip", "route", "add", "default", "via", GATE4)
        self.run("ip", "-6", "route", "add", "default", "via", GATE6)
        for family, everything in (("-4", "0.0.0.0/0"), ("-6", "::/0")):
            self.internet.run(
                "ip", family, "route", "add", "local", everything, "dev", "lo", "table", "main"
            )

    def command(self, arguments):
        """Give the command line that runs a program inside, with the resolver of this network."""
        bind = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        return super().command(["unshare", "--mount", "sh", "-c", bind, self._resolver, *arguments])

    def gone(self) -> Counter[Destination]:
        """Packets so far that left for anything but loopback, by destination."""
        found: Counter[Destination] = Counter()
        for name in ("gone4", "gone6"):
            listed = json.loads(
                self.run("nft", "-j", "list", "set", "inet", "counting", name).stdout
            )
            for part in listed["nftables"]:
                for entry in part.get("set", {}).get("elem", ()):
                    address, protocol, port = entry["elem"]["val"]["concat"]
                    found[address, protocol, port] += entry["elem"]["counter"]["packets"]
        return found

    def close(self) -> None:
        self.internet.close()
        super().close()
        self._resolver.unlink()


def asks_names(destination: Destination) -> bool:
    """Say whether this is a question to the resolver, the one thing that may leave."""
    address, protocol, port = destination
    return (address, port) == (RESOLVER, DNS_PORT) and protocol in {"udp", "tcp"}


class World:
    """What is out there: a mail server at every address, and the resolver."""

    def __init__(self, network: OutsideNamespace) -> None:
        everywhere = network.internet.socket(socket.AF_INET6)
        everywhere.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        everywhere.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        everywhere.bind(("::", SMTP_PORT))
        self._sink = Internet(everywhere)
        names = network.internet.within(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        names.bind((RESOLVER, DNS_PORT))
        self._names = _KnowsEveryName(names, {})

    @property
    def messages(self) -> list[tuple[bytes, list[bytes], bytes]]:
        """All that arrived, whatever address it went to."""
        return self._sink.messages

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.close()
        self._names.close()


class _KnowsEveryName(DnsServer):
    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.zone |= {(name, kind): [record] for kind, record in MAIL_EXCHANGER.items()}
        return super()._answer(query)
