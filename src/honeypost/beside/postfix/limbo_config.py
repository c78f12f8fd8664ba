r"""
The text in main.cf and master.cf that takes mail to unknown addresses for a late bounce.

Theory of operation
===================

All of it is static; with every process of ours dead real mail flows on, and nothing is said to
anybody about the rest.  Measured on Postfix 3.7.11 (the routes on 3.10.13 too):

*Routes.*  ``FILTER`` or a policy server would route whole messages, real recipients included.  So
routes are per recipient:

* Virtual mailboxes: ``transport_maps`` asks the site's own map first (``pipemap`` turns "there is
  such a mailbox" into the site's own transport), and only then says that the rest of the domain
  goes to us.  Nothing is generated or copied: a mailbox that was made a second ago is real.
* System users: ``fallback_transport`` is what local(8) does with who is neither user nor alias.

*Acceptance.*  smtpd accepts unknown recipients on the services that take mail from outside, and
there alone: who submits mail is told at once, as before.  For all other domains
``reject_unlisted_recipient`` is asked for by name, so that relay and virtual alias domains
keep refusing; likewise for clients of the site's own networks and those that are logged in.

*The second oracle.*  ``NOTIFY=SUCCESS`` makes Postfix report real recipients and be silent about
unknown ones, so DSN is not offered there any more.

*Cost.*  A prober is answered 250 for every name, so names cost it nothing; how many recipients one
client may name in a minute is limited by Postfix itself, for real and unknown ones alike.

*Notices.*  Our 550 is the only word of ours that may become a bounce.
``lmtp_delivery_status_filter`` writes a token of the site before every other failure (we are dead,
hung, say 450 or nonsense), and makes it a temporary one; the cleanup of notices discards
whatever has the token in it.  What the queue manager says about a dead destination does not
pass that filter, so the pathname of our socket is looked for as well.  Postfix folds notices at
blanks, so a token is one word; and the delivery status, whose folds do not depend on an
attacker's address, is among the lines looked at.

The pathname stands in the bounces that senders get: name the socket as a stock site would.

Inline tables need Postfix 3.7; a ``$`` of a pattern is written ``$$``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from honeypost.beside.postfix.containment_config import DELIVERIES_AT_ONCE, Service

LIMBO_TRANSPORT: Final = "limbo"

RATE_LIMIT: Final = "smtpd_client_recipient_rate_limit"

HOSTNAME_LONGEST: Final = 40
"""With the socket's name it must stay on one line of a notice, which has 79."""

SOCKET_NAMES: Final = (
    "dovecot-lmtpd", "dlmtp", "lmtp-dovecot", "dovecot-lmtp-in", "dovelmtp", "lmtp-in",
    "dovecot.lmtp", "mda-lmtp",
)  # fmt: skip
"""Names that stock sites use; none is the name of one of Postfix's own services."""

_DOMAIN: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_SOCKET: Final = re.compile(r"[A-Za-z0-9_./-]{1,30}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9]{6,32}")
_TABLE: Final = re.compile(r"[a-z]+:[^\s{},]+")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+")


def socket_name(key: bytes) -> str:
    """
    Choose the name of the socket below ``private/``, the same for a site for good.

    >>> socket_name(bytes(32)) in SOCKET_NAMES
    True
    """
    return SOCKET_NAMES[sum(key) % len(SOCKET_NAMES)]


@dataclass(frozen=True, slots=True)
class MailboxTable:
    """One table of ``virtual_mailbox_maps``, and who delivers to what is in it."""

    table: str
    """As in main.cf: ``hash:/etc/postfix/vmailbox``, ``proxy:mysql:/etc/postfix/users.cf``."""
    transport: str
    """The site's own: ``lmtp:unix:private/dovecot-lmtp``, ``virtual:``."""


@dataclass(frozen=True, slots=True)
class LimboConfig:
    """
    The late bounce of one site.

    :raises ValueError: a name that would not stand safely in the two files.
    """

    socket: str
    """Our limbo listener below the queue directory, e.g. ``private/dovecot-lmtpd``."""
    hostname: str
    """Postfix's ``myhostname``."""
    token: str
    """One word, random per site; see above."""
    virtual: tuple[str, ...] = ()
    """Virtual mailbox domains whose unknown recipients come to us."""
    tables: tuple[MailboxTable, ...] = ()
    """Every table of ``virtual_mailbox_maps``."""
    local: tuple[str, ...] = ()
    """Domains of ``mydestination`` with system users."""
    own_networks: tuple[str, ...] = ()
    """The site's ``mynetworks`` as CIDR: clients that submit mail; they are told at once."""
    recipients_per_minute: int = 300
    """Of one client on the services that take mail from outside; 0 sets no limit.  A limit on
    unknown recipients alone would tell them from real ones; this one is Postfix's own and
    answers 450 to both.  ``$mynetworks`` are exempt (``smtpd_client_event_limit_exceptions``)."""

    def __post_init__(self) -> None:
        checks: list[tuple[str, re.Pattern[str]]] = [
            (self.socket, _SOCKET),
            (self.hostname, _HOST),
            (self.token, _TOKEN),
            *((domain, _DOMAIN) for domain in (*self.virtual, *self.local)),
            *((each.table, _TABLE) for each in self.tables),
            *((each.transport, _TABLE) for each in self.tables if each.transport != "virtual:"),
        ]
        for value, allowed in checks:
            if not allowed.fullmatch(value):
                raise ValueError(f"{value!r} cannot stand in Postfix's configuration")
        if len(self.hostname) > HOSTNAME_LONGEST:
            raise ValueError(f"{self.hostname} is longer than {HOSTNAME_LONGEST} characters")
        if not (self.virtual or self.local):
            raise ValueError("a late bounce needs a domain")
        if bool(self.virtual) != bool(self.tables):
            raise ValueError("virtual domains and tables of mailboxes go together")

    @property
    def next_hop(self) -> str:
        """Transport and destination as Postfix writes them."""
        return f"{LIMBO_TRANSPORT}:unix:{self.socket}"

    def main(self, site: Mapping[str, str]) -> dict[str, str]:
        """
        Parameters to set in main.cf.

        :param site: what is set now (``postconf -h``) for ``transport_maps``; missing is empty.
        """
        settings: dict[str, str] = {}
        if self.virtual:
            settings["transport_maps"] = _joined(
                site.get("transport_maps", ""),
                *(f"pipemap:{{{each.table}, static:{{{each.transport}}}}}" for each in self.tables),
                "inline:{"
                + ", ".join(f"{{{name}={self.next_hop}}}" for name in self.virtual)
                + "}",
            )
        if self.local:
            settings["fallback_transport"] = self.next_hop
        return settings

    def outside_options(self, site: Mapping[str, str], *, sasl: bool = False) -> dict[str, str]:
        """
        Options of every smtpd service that takes mail from outside (``-o`` in master.cf).

        :param site: the lists in force on that service, which ours go before or join.
        :param sasl: may clients log in on that service?
        """
        options = {
            "smtpd_discard_ehlo_keywords": _keywords(site.get("smtpd_discard_ehlo_keywords", "")),
            "smtpd_recipient_restrictions": _joined(
                *self._still_refused(sasl=sasl), site.get("smtpd_recipient_restrictions", "")
            ),
        }
        if self.virtual:
            options["smtpd_reject_unlisted_recipient"] = "no"
        else:
            options["local_recipient_maps"] = ""
        if self.recipients_per_minute and site.get(RATE_LIMIT, "").strip() in ("", "0"):
            options[RATE_LIMIT] = str(self.recipients_per_minute)
        return options

    def services(self) -> tuple[Service, ...]:
        """Services to add to master.cf."""
        quiet = (
            "lmtp_generic_maps", "lmtp_header_checks", "lmtp_mime_header_checks",
            "lmtp_nested_header_checks", "lmtp_body_checks",
        )  # fmt: skip
        limbo = Service(
            LIMBO_TRANSPORT,
            "unix",
            f"- - n - {DELIVERIES_AT_ONCE} lmtp",
            (
                ("lmtp_send_xforward_command", "yes"),
                ("disable_dns_lookups", "yes"),
                *((name, "") for name in quiet),
                ("lmtp_sasl_auth_enable", "no"),
                ("lmtp_tls_security_level", "none"),
                ("lmtp_connect_timeout", "10s"),
                ("lmtp_lhlo_timeout", "30s"),
                ("lmtp_xforward_timeout", "30s"),
                ("lmtp_mail_timeout", "30s"),
                ("lmtp_rcpt_timeout", "40s"),
                ("lmtp_data_init_timeout", "30s"),
                ("lmtp_data_done_timeout", "60s"),
                ("lmtp_delivery_status_filter", self._status_filter()),
            ),
        )
        return (limbo,)

    def notice_patterns(self) -> tuple[str, ...]:
        """
        Rules for ``body_checks`` of the cleanup that notices pass, beside the containment's.

        Each stands in braces inside an inline ``regexp:`` table.
        """
        socket = re.escape(self.socket).replace("/", r"\/")
        return (
            f"{{/{self.token}/ DISCARD}}",
            rf"{{/\[{socket}\]:/ DISCARD}}",
            rf"{{/\[{socket}\] (while|timed)/ DISCARD}}",
            rf"{{/^Diagnostic-Code: X-Postfix;.*\[{socket}\]/ DISCARD}}",
        )

    def _status_filter(self) -> str:
        """Let the one 550 pass as it is; whatever else fails is temporary and has the token."""
        passes = r"/^(5\.1\.1 .* said: 550 5\.1\.1 <.*> User doesn't exist: .*)$$/ $$1"
        others = rf"/^[45]\.[0-9]+\.[0-9]+ (.*)$$/ 4.3.0 {self.token} $$1"
        return f"regexp:{{{{{passes}}}, {{{others}}}}}"

    def _still_refused(self, *, sasl: bool) -> list[str]:
        """Whom unknown recipients are refused to as before."""
        domains = "|".join(re.escape(name) for name in (*self.virtual, *self.local))
        lists = [
            f"check_recipient_access regexp:{{{{!/@({domains})$$/ reject_unlisted_recipient}}}}"
        ]
        if sasl:
            lists.append("check_sasl_access regexp:{{/./ reject_unlisted_recipient}}")
        if self.own_networks:
            rules = ", ".join(f"{{{each} reject_unlisted_recipient}}" for each in self.own_networks)
            lists.append(f"check_client_access cidr:{{{rules}}}")
        return lists


MARGIN_SECONDS: Final = 86_400
"""Postfix must try for so long after the bounce is due."""


def objections(site: Mapping[str, str], delay_seconds: float) -> list[str]:
    """
    Why the delay does not fit a site, one sentence each; empty when it does.

    Other takers of unknown recipients (``luser_relay``, a catch-all) are the survey's business.

    :param site: main.cf as in force (``postconf``), names to values.
    """
    found: list[str] = []
    if site.get("content_filter", "").strip():
        found.append(
            "content_filter is set: the filter hands mail in again from this host, so it cannot be"
            " told who sent it"
        )
    lifetime = site.get("maximal_queue_lifetime", "5d")
    if _seconds(lifetime) < delay_seconds + MARGIN_SECONDS:
        found.append(
            f"maximal_queue_lifetime is {lifetime}: Postfix would give up before the bounce is due"
        )
    return found


_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smhdw]?)", text.strip())
    return int(found[1]) * _UNITS[found[2] or "d"] if found else 0.0


def _keywords(sites: str) -> str:
    words = [*re.split(r"[,\s]+", sites.strip()), "dsn", "silent-discard"]
    return ", ".join(dict.fromkeys(filter(None, words)))


def _joined(*lists: str) -> str:
    return ", ".join(each for each in lists if each.strip())
