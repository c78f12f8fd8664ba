"""
Where a listener stands: ``address:port``, ``[v6]:port`` or ``unix:/path``.

Addresses are numeric on purpose: the process that faces attackers resolves no names.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

PORT_MAX = 65535
UNIX_PATH_MAX = 107
"""``sun_path`` of Linux holds 108 bytes with its closing zero."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to listen on; ``path`` is set for a unix socket, else host and port."""

    host: str = ""
    port: int = 0
    """0 lets the kernel choose a free one."""
    path: str = ""


def endpoints(text: str) -> tuple[Endpoint, ...]:
    """
    Parse the value of a listener setting: several endpoints separated by blanks.

    >>> endpoints("127.0.0.1:25 [::1]:25")
    (Endpoint(host='127.0.0.1', port=25, path=''), Endpoint(host='::1', port=25, path=''))

    :raises ValueError: with what is wrong and what would be right.
    """
    return tuple(endpoint(word) for word in text.split())


def endpoint(word: str) -> Endpoint:
    """
    Parse one endpoint.

    :raises ValueError: with what is wrong and what would be right.
    """
    if word.startswith("unix:"):
        return Endpoint(path=_path(word.removeprefix("unix:")))
    host, colon, port = word.rpartition(":")
    if not colon:
        raise ValueError(f"{word!r} has no port; write address:port, [v6]:port or unix:/path")
    return Endpoint(host=_host(host), port=_port(port))


def _path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"unix:{path} must be an absolute path, as in unix:/run/honeypost.sock")
    if len(path.encode()) > UNIX_PATH_MAX:
        raise ValueError(f"unix:{path} is longer than the {UNIX_PATH_MAX} bytes of a socket path")
    return path


def _host(host: str) -> str:
    try:
        if host.startswith("[") and host.endswith("]"):
            return str(IPv6Address(host[1:-1]))
        return str(IPv4Address(host))
    except AddressValueError:
        raise ValueError(
            f"{host!r} is no numeric address; write 192.0.2.1, [2001:db8::1], 0.0.0.0 or [::]"
        ) from None


def _port(port: str) -> int:
    if not (port.isascii() and port.isdigit() and int(port) <= PORT_MAX):
        raise ValueError(f"port {port!r} is not a number from 0 to {PORT_MAX}")
    return int(port)
