"""
``attached.toml``: what attaching found out about the site, for our own processes.

It is read below ``honeypost.toml`` in the same folder, so every setting that the operator makes
wins.  Where that would open a gap (a list of spared networks without the webmail's
host) attaching is refused and says which setting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network

from honeypost.config.schema import Config, SiteSecrets

HEAD = """\
# Written by honeypost attach; honeypost detach removes it.
# honeypost.toml beside it wins over every setting here.
"""
KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Found:
    """What goes into the file."""

    domains: tuple[str, ...]
    hostname: str
    sink: str
    """``unix:/path``, where our LMTP listener is."""
    policy: str
    lookup: str
    """``address:port``."""
    reports: str
    userdb_socket: str
    postfix_directory: str
    maps: tuple[str, ...]
    containment: str
    spared: tuple[str, ...]
    """Networks whose clients never get a decoy."""
    never: tuple[str, ...]
    """Networks that never have a penalty."""
    script_key: str
    limbo: str = ""
    """``unix:/path``, where mail to unknown names goes while the late bounce stands."""

    def text(self) -> str:
        """Give the file."""
        return HEAD + "".join(_section(name, values) for name, values in self._sections())

    def _sections(self) -> Iterable[tuple[str, Mapping[str, str | Sequence[str]]]]:
        yield "site", {"domains": self.domains, "hostname": self.hostname}
        yield (
            "listeners",
            {
                "smtp": "",
                "submission": "",
                "submissions": "",
                "lmtp": self.sink,
                "policy": self.policy,
                "lookup": self.lookup,
                "authpolicy": self.reports,
                **({"limbo": self.limbo} if self.limbo else {}),
            },
        )
        yield (
            "beside",
            {
                "userdb_socket": self.userdb_socket,
                "postfix_directory": self.postfix_directory,
                "maps": self.maps,
                "containment": self.containment,
                "no_decoys_from": self.spared,
                "script_key": self.script_key,
            },
        )
        yield "penalties", {"never": self.never}


def site_word(secrets: SiteSecrets, purpose: str) -> str:
    """
    Derive a word of this site for one purpose; the same each time, so that a diff is stable.

    :param purpose: at most 16 bytes.
    """
    return hashlib.blake2b(
        secrets.site.encode(), key=secrets.key, person=purpose.encode(), digest_size=KEY_BYTES
    ).hexdigest()


def effective(found: Found, operators: Config) -> Config:
    """Give the configuration as it will be: the operator's settings over what was found."""
    plain = Config()
    listeners, beside = operators.listeners, operators.beside
    chosen = replace(
        listeners,
        lmtp=listeners.lmtp or found.sink,
        policy=listeners.policy or found.policy,
        lookup=listeners.lookup or found.lookup,
        authpolicy=listeners.authpolicy or found.reports,
        limbo=listeners.limbo or found.limbo,
    )
    own = beside.no_decoys_from != plain.beside.no_decoys_from
    around = replace(
        beside,
        containment=beside.containment or found.containment,
        script_key=beside.script_key or found.script_key,
        no_decoys_from=beside.no_decoys_from if own else found.spared,
    )
    return replace(operators, listeners=chosen, beside=around)


def gaps(found: Found, config: Config) -> list[str]:
    """
    Say what the operator's own settings would leave open, each with its mend.

    :param config: the configuration as it will be (:func:`effective`).
    """
    spared = [ip_network(network) for network in config.beside.no_decoys_from]
    missing = [
        network
        for network in found.spared
        if not any(_within(ip_network(network), other) for other in spared)
    ]
    sentences = [
        f"honeypost.toml sets beside.no_decoys_from without {network}, from where mail is sent"
        " without a login; a decoy there would not be contained: add it"
        for network in missing
    ]
    fixed = {
        "listeners.lmtp": (config.listeners.lmtp, found.sink),
        "listeners.policy": (config.listeners.policy, found.policy),
        "listeners.lookup": (config.listeners.lookup, found.lookup),
        "listeners.authpolicy": (config.listeners.authpolicy, found.reports),
        "listeners.limbo": (config.listeners.limbo, found.limbo),
        "beside.containment": (config.beside.containment, found.containment),
        "beside.script_key": (config.beside.script_key, found.script_key),
    }
    return sentences + [
        f"{name} is set to {is_set!r} where {wanted!r} is written into Dovecot and Postfix:"
        " take the setting away"
        for name, (is_set, wanted) in fixed.items()
        if is_set != wanted
    ]


def _within(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return (
        network.version == other.version
        and network.network_address in other
        and network.prefixlen >= other.prefixlen
    )


def _section(name: str, values: Mapping[str, str | Sequence[str]]) -> str:
    # TOML's basic strings and arrays of strings are written as JSON writes them.
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    return f"\n[{name}]\n" + "".join(lines)
