"""
What a server puts on the wire: its segments one by one, and how it ends.

A raw socket on the loopback records what a port sends; the client side is an ordinary
socket.  Acknowledgements without data are left out: they are the kernel's.
"""

from __future__ import annotations

import ctypes
import math
import socket
import struct
import threading
import time
from typing import Self

ETH_P_ALL = 3
PACKET_OUTGOING = 4
IPV4, IPV6, TCP = 0x0800, 0x86DD, 6
FIN, RST = 1, 4
LONGEST = 1 << 17
TICK_SECONDS = 0.1
SO_ATTACH_FILTER = 26


def only_from(port: int) -> bytes:
    """Make the kernel's filter: TCP of IPv4 without options or IPv6, from this port."""
    steps = (
        (0x28, 0, 0, 12),  # 0: load the kind of packet
        (0x15, 2, 0, IPV6),  # 1: IPv6? go to 4
        (0x28, 0, 0, 34),  # 2: load IPv4's source port
        (0x05, 0, 0, 1),  # 3: go to 5
        (0x28, 0, 0, 54),  # 4: load IPv6's source port
        (0x15, 0, 1, port),  # 5: another one? go to 7
        (0x06, 0, 0, LONGEST),  # 6: take it
        (0x06, 0, 0, 0),  # 7: leave it
    )
    return b"".join(struct.pack("HBBI", *step) for step in steps)


class Wire:
    """Records what the given local port sends to one client; a context manager."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        program = ctypes.create_string_buffer(only_from(port), 64)
        address = ctypes.addressof(program)
        self._raw.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, address)
        )
        self._raw.bind(("lo", 0))
        self._raw.settimeout(TICK_SECONDS)
        self._thread = threading.Thread(target=self._record)
        self._until = math.inf
        self._seen: dict[int, list[tuple[int, bytes | str]]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # What was sent by now is on its way; others on the loopback may never be silent.
        self._until = time.monotonic() + 2 * TICK_SECONDS
        self._thread.join()
        self._raw.close()

    def segments(self, client_port: int) -> list[bytes | str]:
        """Give what was sent to that client, in order: bytes of a segment, ``FIN``, ``RST``."""
        seen, given = set(), []
        for number, what in list(self._seen.get(client_port, [])):
            if (number, what) not in seen:  # sent again, or seen on its way in and out
                seen.add((number, what))
                given.append(what)
        return given

    def ended(self, client_port: int) -> bool:
        """Has the server ended that connection?"""
        return bool({"FIN", "RST"} & set(self.segments(client_port)))

    def _record(self) -> None:
        while time.monotonic() < self._until:
            try:
                data, (_, kind, direction, *_rest) = self._raw.recvfrom(LONGEST)
            except TimeoutError:
                continue
            if direction == PACKET_OUTGOING:
                self._note(data[14:], kind)

    def _note(self, packet: bytes, kind: int) -> None:
        if kind == IPV4 and packet[9] == TCP:
            head, length = (packet[0] & 15) * 4, struct.unpack("!H", packet[2:4])[0]
        elif kind == IPV6 and packet[6] == TCP:
            head, length = 40, 40 + struct.unpack("!H", packet[4:6])[0]
        else:
            return
        tcp = packet[head:length]
        source, target, number = struct.unpack("!HHI", tcp[:8])
        if source != self._port:
            return
        flags, body = tcp[13], tcp[(tcp[12] >> 4) * 4 :]
        seen = self._seen.setdefault(target, [])
        if body:
            seen.append((number, body))
        if flags & (FIN | RST):
            seen.append((number, "RST" if flags & RST else "FIN"))
