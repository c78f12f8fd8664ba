"""
One message body on its way from the core to the store.

When the store has no room in the middle of a body, the client must still be heard to the
end: SMTP has no way to interrupt it.  So the rest is read and dropped, and the question
whether to keep the message is answered with "try later" without asking anybody.
"""

from __future__ import annotations

import logging

from honeypost.errors import StoreError
from honeypost.net.service import Director
from honeypost.ports import Body

log = logging.getLogger(__name__)


class Reception:
    """The body that a connection is receiving; at most one at a time."""

    __slots__ = ("_body", "_director", "full")

    def __init__(self, director: Director) -> None:
        self._director = director
        self._body: Body | None = None
        self.full = False
        """Was there no room for all of it?"""

    def open(self) -> None:
        """Begin a body; what was there before is forgotten."""
        self.abandon()
        try:
            self._body = self._director.spool()
        except (StoreError, OSError) as error:
            self._overflow(error)

    def write(self, data: bytes) -> None:
        """Add bytes; they are dropped once it is full."""
        if self._body is None:
            return
        try:
            self._body.write(data)
        except (StoreError, OSError) as error:
            self.abandon()
            self._overflow(error)

    def hand_over(self) -> Body | None:
        """Give the body away; the new owner abandons it."""
        body, self._body = self._body, None
        return body

    def abandon(self) -> None:
        """Forget the body and begin anew."""
        body, self._body = self._body, None
        self.full = False
        if body is not None:
            body.abandon()

    def _overflow(self, error: Exception) -> None:
        self.full = True
        log.warning("no room for a message body: %s", error)
