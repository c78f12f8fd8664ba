"""
The address in MAIL FROM and RCPT TO, judged as leniently and as strictly as Postfix does.

Postfix parses paths by the rules of RFC 822: comments and blanks around the parts vanish,
so do empty members of a list and a display name before ``<``; a source route is dropped,
quotes are taken off.  What is left must be one address whose domain, if it has one, looks
like a host name or an address literal.  Measured on Postfix
3.7.11, compared in ``tests/parity``.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise

DOMAIN_BYTES = 255
_WORDS = frozenset({"atom", "quoted", "literal"})

_PART = re.compile(
    rb"""
      (?P<blank>[\x00-\x20\x7f]+)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<literal>\[(?:[^\[\]\\]|\\.)*(?:\]|\Z))
    | (?P<atom>(?:\\.|[^\x00-\x20\x7f()<>@,;:\\".\[\]])+)
    | (?P<joint>[@.:\])])
    | (?P<end>[,;>])
    | (?P<open><)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ROUTE = re.compile(rb"\A[\s<]*@[^:\"]*:")
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1f\x7f]")
_LABEL = re.compile(rb"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_WIDE_LABEL = re.compile(rb"(?!-)[A-Za-z0-9_\x80-\xff-]{1,255}(?<!-)")


def parse_path(text: bytes, *, wide: bool = False) -> bytes | None:
    """
    Give the address in a path without brackets, quotes and route, ``None`` when it is none.

    ``b""`` is the null sender.  ``wide`` permits a domain that is not ASCII (SMTPUTF8).

    >>> parse_path(b"<@relay.example:bob@example.org>")
    b'bob@example.org'
    >>> parse_path(b"<bob smith@example.org>") is None
    True
    """
    members = _members(_without_comments(_inside(text)))
    if len(members) > 1:
        return None
    address = members[0] if members else b""
    return address if address is not None and _is_sound(address, wide=wide) else None


def _inside(text: bytes) -> bytes:
    """Take the outer brackets off."""
    return text[1:-1] if text.startswith(b"<") and text.endswith(b">") else text


def _without_comments(text: bytes) -> bytes:
    out, depth, at = bytearray(), 0, 0
    quoted = False
    while at < len(text):
        byte = text[at : at + 1]
        if byte == b"\\":
            byte = text[at : at + 2]
        at += len(byte)
        quoted ^= byte == b'"' and not depth
        if byte == b"(" and not quoted:
            depth += 1
        elif not depth:
            out += byte
        elif byte == b")":
            depth -= 1
            out += b"" if depth else b" "
    return bytes(out)


def _members(text: bytes) -> list[bytes | None]:
    """Give the addresses in a list, ``None`` for one that is more than one word."""
    members: list[bytes | None] = []
    parts: list[tuple[str, bytes]] = []
    for found in _PART.finditer(_ROUTE.sub(b"", _protect_controls(text))):
        kind = found.lastgroup or "other"
        if kind == "open":
            parts = []
        elif kind == "end":
            members.append(_join(parts))
            parts = []
        elif kind != "blank":
            parts.append((kind, found[0]))
    members.append(_join(parts))
    return [member for member in members if member != b""]


def _protect_controls(text: bytes) -> bytes:
    return _CONTROL.sub(lambda found: b"\\" + found[0], text)


def _join(parts: list[tuple[str, bytes]]) -> bytes | None:
    """Put parts together; two words in a row, or a stray backslash, are no address."""
    words = [kind in _WORDS for kind, _ in parts]
    in_a_row = any(first and second for first, second in pairwise(words))
    if in_a_row or any(kind == "other" for kind, _ in parts):
        return None
    return b"".join(_plain(kind, value) for kind, value in parts)


def _plain(kind: str, value: bytes) -> bytes:
    """Take quotes and backslashes off; a control character becomes a blank."""
    if kind == "quoted":
        value = value[1:-1]
    elif kind == "literal" and not value.endswith(b"]"):
        value += b"]"
    return _CONTROL.sub(b" ", _ESCAPE.sub(rb"\1", value))


def _is_sound(address: bytes, *, wide: bool) -> bool:
    """Nothing that a program would take for an option, and a domain that can be one."""
    domain = _domain(address)
    good = domain is None or is_host(domain.removesuffix(b"."), wide=wide)
    return good and not address.startswith(b"-")


def _domain(address: bytes) -> bytes | None:
    """Find the domain, also as old hosts wrote it: ``host!user`` and ``user%host``."""
    if b"@" in address:
        return address.rpartition(b"@")[2]
    if b"!" in address:
        return address.partition(b"!")[0]
    return address.rpartition(b"%")[2] if b"%" in address else None


def is_host(domain: bytes, *, wide: bool = False) -> bool:
    """
    Is it a host name or an address literal?

    >>> is_host(b"mx1.example.org"), is_host(b"[192.0.2.1]"), is_host(b"192.0.2.1")
    (True, True, False)
    """
    if domain.startswith(b"["):
        return _is_literal(domain)
    if not 0 < len(domain) <= DOMAIN_BYTES:
        return False
    if not re.search(rb"[^0-9.]", domain):
        return False
    label = _WIDE_LABEL if wide else _LABEL
    return all(label.fullmatch(part) for part in domain.split(b"."))


def _is_literal(domain: bytes) -> bool:
    if not domain.endswith(b"]"):
        return False
    text = domain[1:-1].decode("ascii", "replace")
    try:
        if text[:5].lower() == "ipv6:":
            IPv6Address(text[5:])
        else:
            IPv4Address(text)
    except ValueError:
        return False
    return True
