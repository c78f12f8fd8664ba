"""
From what stands in a mail to the URL that a browser would open.

The rules are a browser's (WHATWG URL): whitespace and tabs vanish, backslashes are slashes,
``https:/host`` has a host, integer and octal hosts are addresses, full-width and
mathematical letters are letters.  Filters that parse otherwise are blind to live kits.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from honeypost.extract import limits

SCHEMES = frozenset({"http:", "https:", "ftp:"})
BLANKS = "".join(map(chr, range(0x21)))
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.IGNORECASE)
KNOWN_SCHEME = re.compile(r"(?:https?|ftp):", re.IGNORECASE)
TABS = re.compile(r"[\t\r\n]+")
HOST_FIRST = re.compile(
    r"((?:[\w-]{1,63}\.){1,10}[a-z][\w-]{1,62})(:\d{1,5})?(?=[/?#]|\Z)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in its canonical form."""

    url: str
    domain: str
    notes: tuple[str, ...]


def preload() -> None:
    """Have the URL parser and the suffix list in memory."""
    canonical("http://example.com/", "")


def canonical(raw: str, base: str) -> Address | None:
    """
    Give the absolute canonical URL, or ``None`` for what opens no web or FTP page.

    ``base`` is the document's own absolute address, ``""`` when it has none.

    >>> canonical("https:/example.com", "").url
    'https://example.com/'
    >>> canonical("http://bank.com@012345267142/", "").domain
    '83.149.110.98'
    """
    notes: list[str] = []
    text = TABS.sub("", raw.strip(BLANKS))
    if len(text) > limits.URL_CHARS:
        text = text[: limits.URL_CHARS]
        notes.append("cut")
    absolute = _absolute(text, base, notes)
    parsed = _parse(absolute) if absolute else None
    if parsed is None or parsed.protocol not in SCHEMES or not parsed.hostname:
        return None
    host = str(parsed.hostname)
    notes += _oddities(parsed, host, absolute)
    url = str(parsed.href)
    if len(url) > limits.URL_CHARS:
        notes.append("cut")
    return Address(url[: limits.URL_CHARS], domain_of(host), tuple(dict.fromkeys(notes)))


def domain_of(host: str) -> str:
    """
    Give the registrable domain of a host, private suffixes included; an address is itself.

    >>> domain_of("www.shop.example.co.uk"), domain_of("me.github.io"), domain_of("[::1]")
    ('example.co.uk', 'me.github.io', '::1')
    """
    bare = host.strip("[]").rstrip(".")
    if _is_address(bare):
        return bare
    return _suffixes().privatesuffix(bare) or bare


def known_suffix(host: str) -> bool:
    """Does the host end in a suffix of the public list?"""
    return _suffixes().publicsuffix(host.rstrip(".").lower(), accept_unknown=False) is not None


def _absolute(text: str, base: str, notes: list[str]) -> str:
    if KNOWN_SCHEME.match(text):
        return text
    slashes = text[:2].replace("\\", "/")
    if slashes == "//":
        return ("https:" if base.startswith("https:") else "http:") + text
    found = HOST_FIRST.match(text)
    if found and (found[1].lower().startswith("www.") or not base) and known_suffix(found[1]):
        # Browsers would look for a file; mail programs and their users go to the host.
        notes.append("schemeless")
        return "http://" + text
    if SCHEME.match(text) or not base:
        return ""
    return _resolved(text, base)


def _resolved(text: str, base: str) -> str:
    # Dot segments and backslashes are left to the parser, which knows the rules.
    parsed = _parse(base)
    if parsed is None:
        return ""
    if text[:1] in ("/", "\\"):
        return f"{parsed.origin}{text}"
    if text[:1] in ("?", "#", ""):
        return f"{parsed.origin}{parsed.pathname}{text}"
    return f"{parsed.origin}{str(parsed.pathname).rpartition('/')[0]}/{text}"


def _parse(text: str) -> Any:
    import can_ada  # noqa: PLC0415  (heavy: only the child needs it)

    try:
        return can_ada.parse(text)
    except ValueError:
        return None


def _oddities(parsed: Any, host: str, written: str) -> list[str]:
    notes = []
    if parsed.username or parsed.password:
        notes.append("userinfo")
    if _is_address(host.strip("[]")):
        notes.append("ip")
        if host not in written:
            notes.append("ip-disguised")
    elif "xn--" in host:
        notes.append("idn")
    if parsed.port:
        notes.append("port")
    return notes


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@functools.cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  (heavy: only the child needs it)

    return PublicSuffixList()
