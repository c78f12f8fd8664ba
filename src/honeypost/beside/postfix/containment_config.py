r"""
The text in main.cf and master.cf that keeps decoy mail in.

Theory of operation
===================

All of it is static and keyed on the login (``@<marker domain>``), which the client cannot choose;
with every process of ours dead nothing leaves.  Measured on Postfix 3.7.11 and 3.10.13:

* At DATA ``PREPEND`` writes the secret header (once per message there, once per recipient
  elsewhere) and ``FILTER`` sends the message, all recipients, to our LMTP sink.  ``FILTER``
  overrides ``content_filter``, transport maps and ``relayhost``; LMTP does not carry the login,
  so the header does.
* At end of data our policy service may say DISCARD (budget); when it is dead or hung Postfix says
  so itself (``default_action``).  Only decoys reach it.
* Sink dead until the queue expires, sink saying 5xx, sink without DSN: each of these makes Postfix
  write a notice to the attacker's MAIL FROM.  So bounce, defer and trace use a cleanup of their
  own that discards whatever quotes the secret header: ``nested_header_checks`` see the
  quoted message, ``body_checks`` the quoted headers of a success notice; both are needed.
* The filter class that has these checks look at notices would have ``non_smtpd_milters`` look at
  them too, which a stock Postfix keeps from notices: one that hangs or refuses would stop the
  bounces of real users.  So the cleanup has none, unless the site wanted that.
* Mail that an operator puts through the queue again is another matter: see
  :mod:`~honeypost.beside.postfix.requeue_config`.
* ``check_sasl_access ... permit`` before the site's sender list: else
  ``reject_*_sender_login_mismatch`` would show the marker to the attacker.
* ``decoy_destination_recipient_limit`` keeps a message with 1,000 recipients in one piece.

Everything stands as a literal in master.cf, nothing as ``$name`` of main.cf.  main.cf is what gets
replaced (template, backup, ``postconf -e``); a reference would then expand to nothing, in the
next smtpd and in the notice that is written days after the message was taken, while the
literal still holds.  A replaced master.cf has lost the services themselves, whatever main.cf
says; so nothing would be gained by a reference.

Inline ``regexp:{{...}}`` tables need Postfix 3.7; a ``$`` of a pattern is written ``$$``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DECOY_TRANSPORT = "decoy"
NOTICE_CLEANUP = "cleanup-dsn"
NOTICE_SERVICES = ("bounce", "defer", "trace")
"""Services that write notices; all three run bounce(8)."""

DELIVERIES_AT_ONCE = 5
"""LMTP clients to our sink; a hung sink never takes more of Postfix's processes."""

_MARKER_DOMAIN = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)+")
_HEADER = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_ENDPOINT = re.compile(r"(unix|inet):[A-Za-z0-9_./:\[\]-]+")


@dataclass(frozen=True, slots=True)
class Service:
    """One service of master.cf."""

    name: str
    type: str
    fields: str
    """private, unpriv, chroot, wakeup, maxproc and command, blank-separated."""
    options: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Give the lines for master.cf."""
        options = (f"\n  -o {{ {name} = {value} }}" for name, value in self.options)
        return f"{self.name} {self.type} {self.fields}" + "".join(options) + "\n"


@dataclass(frozen=True, slots=True)
class ContainmentConfig:
    """
    The containment of one site.

    :raises ValueError: a name that would not stand safely in the two files.
    """

    marker_domain: str
    """Of the users that the decoy script returns; random per site."""
    header: str
    """Name of the secret header; random per site."""
    sink: str
    """Our LMTP listener as Postfix names it: ``unix:/path`` or ``inet:127.0.0.1:port``."""
    policy: str
    """Our policy listener: ``unix:/path`` or ``inet:127.0.0.1:port``."""
    recipients: int = 1000
    """Recipients of one message that stay together; Postfix's smtpd_recipient_limit."""
    policy_seconds: int = 3
    """Longest wait for our policy service; only decoys wait."""

    def __post_init__(self) -> None:
        checks = (
            (self.marker_domain, _MARKER_DOMAIN),
            (self.header, _HEADER),
            (self.sink, _ENDPOINT),
            (self.policy, _ENDPOINT),
        )
        for value, allowed in checks:
            if not allowed.fullmatch(value):
                raise ValueError(f"{value!r} cannot stand in Postfix's configuration")

    def main(self) -> dict[str, str]:
        """Parameters to set in main.cf."""
        return {f"{DECOY_TRANSPORT}_destination_recipient_limit": str(self.recipients)}

    def sasl_options(self, site: Mapping[str, str]) -> dict[str, str]:
        """
        Options of every smtpd service where clients log in (``-o`` in master.cf).

        Where SASL is on for all of them they may stand in main.cf as well; on an smtpd
        without SASL each list costs a warning per message.

        :param site: the lists in force on that service (``postconf -h``, ``-P``), which ours
            go before; what is missing is empty.
        """
        contain = (
            self._access(f"PREPEND {self.header}: $$1", captured=True)
            + ", "
            + self._access(f"FILTER {DECOY_TRANSPORT}:{self._next_hop()}")
        )
        lists = {
            "smtpd_restriction_classes": "decoy_budget",
            "smtpd_sender_restrictions": self._access("permit"),
            "smtpd_data_restrictions": contain,
            "smtpd_end_of_data_restrictions": self._access("decoy_budget"),
        }
        budget = (
            f"check_policy_service {{ {self.policy}, timeout={self.policy_seconds}s, "
            "try_limit=1, default_action=DISCARD }"
        )
        options = {name: before(ours, site.get(name, "")) for name, ours in lists.items()}
        return {**options, "decoy_budget": budget}

    def services(
        self, notice_rules: Sequence[str] = (), *, notices_filtered: bool = False
    ) -> tuple[Service, ...]:
        """
        Services to add to master.cf.

        :param notice_rules: further rules, in braces, for the lines of a notice
            (:meth:`.limbo_config.LimboConfig.notice_patterns`).
        :param notices_filtered: the site's own milters see notices (``bounce`` among its
            ``internal_mail_filter_classes``), and go on doing so.
        """
        sink = Service(
            DECOY_TRANSPORT,
            "unix",
            f"- - n - {DELIVERIES_AT_ONCE} lmtp",
            (
                ("lmtp_send_xforward_command", "yes"),
                ("disable_dns_lookups", "yes"),
                # What the site does to mail that leaves must not touch what we keep.
                ("lmtp_generic_maps", ""),
                ("lmtp_header_checks", ""),
                ("lmtp_mime_header_checks", ""),
                ("lmtp_nested_header_checks", ""),
                ("lmtp_body_checks", ""),
                ("lmtp_sasl_auth_enable", "no"),
                ("lmtp_tls_security_level", "none"),
            ),
        )
        discard = f"{{/^{self.header}:/ DISCARD}}"
        notices = Service(
            NOTICE_CLEANUP,
            "unix",
            "n - n - 0 cleanup",
            (
                ("header_checks", ""),
                ("mime_header_checks", ""),
                ("nested_header_checks", f"regexp:{{{discard}}}"),
                ("body_checks", f"regexp:{{{', '.join((discard, *notice_rules))}}}"),
                *(() if notices_filtered else (("non_smtpd_milters", ""),)),
            ),
        )
        return sink, notices

    @staticmethod
    def notice_options() -> tuple[tuple[str, str], ...]:
        """
        Options to add to each of ``NOTICE_SERVICES``.

        The filter class must be set here, where the notice is born; set on the cleanup it
        does nothing.
        """
        return (
            ("cleanup_service_name", NOTICE_CLEANUP),
            ("internal_mail_filter_classes", "bounce,notify"),
        )

    def requeue_check(self) -> str:
        """Header check that sends a message with the secret header to our sink."""
        return f"regexp:{{{{/^{self.header}:/ FILTER {DECOY_TRANSPORT}:{self._next_hop()}}}}}"

    def _access(self, action: str, *, captured: bool = False) -> str:
        domain = self.marker_domain.replace(".", r"\.")
        local = "^(.+)" if captured else ""
        return f"check_sasl_access regexp:{{{{/{local}@{domain}$$/ {action}}}}}"

    def _next_hop(self) -> str:
        return self.sink.removeprefix("inet:") if self.sink.startswith("inet:") else self.sink


def before(ours: str, sites: str) -> str:
    """Put an entry of ours before a site's list."""
    return f"{ours}, {sites}" if sites.strip() else ours
