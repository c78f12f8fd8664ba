r"""
What keeps decoy mail in that goes through the queue a second time.

Theory of operation
===================

``postsuper -r`` puts waiting mail where pickup(8) takes local mail from.  pickup drops the FILTER
record of such a message (postsuper(1): "content filters are applied again"), so a decoy's message
whose sink was down left the machine (seen on 3.7.11).  The login is no help, since no list of
restrictions is asked there.  The secret header is still in the message, above everything that the
client wrote; so pickup hands its mail to a cleanup of its own, whose first header check sends
what bears the header to our sink again, and which else is the site's.  ``postcat ... | sendmail``
by an operator goes the same way.

* ``FILTER`` of a header check wins over ``content_filter`` and needs no process of ours.
* Real local mail (cron, sendmail) is treated by the site's own cleanup options and checks, written
  out behind ours, because an ``-o`` hides what stands in main.cf.
* ``mime_header_checks`` and ``nested_header_checks`` are by default the same as ``header_checks``.
  They are written out without ours, so that a capture which somebody sends on as an attachment is
  delivered as any mail.
* Where the site has ``no_header_body_checks`` for pickup, ours could not be asked either.  Then
  that word goes, and the new cleanup has ours as its only check: the same for all other mail.

Whoever knows the header (master.cf is open to local users) and puts it into mail of his own sends
that mail to our sink; he harms nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from honeypost.beside.postfix.containment_config import Service, before

PICKUP = "pickup"
"""The program that takes local and requeued mail in."""

REQUEUE_CLEANUP = "cleanup-requeue"
CHECKS = ("header_checks", "mime_header_checks", "nested_header_checks", "body_checks")
UNCHECKED = "no_header_body_checks"
"""Word of ``receive_override_options`` that switches the four off."""

_HEADER_CHECKS = re.compile(r"\$(?:header_checks\b|\{header_checks\}|\(header_checks\))")


@dataclass(frozen=True, slots=True)
class LocalMail:
    """How a site treats the mail that pickup takes in."""

    cleanup: Service
    """The cleanup that pickup hands its mail to."""
    checks: Mapping[str, str]
    """:data:`CHECKS` as written, ``$name`` kept; what is missing is empty."""
    overrides: Sequence[str] = ()
    """Words of ``receive_override_options`` in force on pickup."""

    def pickup_options(self) -> tuple[tuple[str, str], ...]:
        """Options to add to pickup."""
        options = [("cleanup_service_name", REQUEUE_CLEANUP)]
        if UNCHECKED in self.overrides:
            kept = ",".join(word for word in self.overrides if word != UNCHECKED)
            options.append(("receive_override_options", kept))
        return tuple(options)

    def requeue_cleanup(self, ours: str) -> Service:
        """
        Give the cleanup that is to stand between pickup and the queue.

        :param ours: :meth:`~.containment_config.ContainmentConfig.requeue_check`.
        """
        own = [(name, value) for name, value in self.cleanup.options if name not in CHECKS]
        checks = self._checks(ours).items()
        return Service(REQUEUE_CLEANUP, self.cleanup.type, self.cleanup.fields, (*own, *checks))

    def _checks(self, ours: str) -> dict[str, str]:
        if UNCHECKED in self.overrides:
            return dict.fromkeys(CHECKS, "") | {"header_checks": ours}
        written = {name: self.checks.get(name, "") for name in CHECKS}
        header = written["header_checks"]
        kept = {
            name: _HEADER_CHECKS.sub(lambda _: header, value) for name, value in written.items()
        }
        return kept | {"header_checks": before(ours, header)}
