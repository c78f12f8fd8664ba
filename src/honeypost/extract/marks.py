"""
Marks: what was cut or broken on the way, each kind once.

==================== ==========================================================
message-cut          longer than what is looked at of one message
headers-cut          a header block over its lines or bytes
depth-cut, parts-cut nested too deep or too many; the rest was searched flat
boundary-missing     a multipart whose parts never begin as announced
base64-broken        signs in base64 that are none
encoding-unknown     a transfer encoding that nobody knows; read as it stands
text-cut             text over its budget; head and tail were read
html-cut             more tags than looked at; the rest was searched flat
attributes-cut       a tag with more attributes than looked at
links-cut            more URLs than a report takes; clickable ones come first
recipients-cut       more recipients than a report takes
part-broken NAME     a part that ended its reader; the others were read
==================== ==========================================================

Beside them stand the marks of a message that could not be read at all: ``timeout``,
``memory``, ``crash``, ``unreadable`` (``engine.extraction``).
"""

from __future__ import annotations

from honeypost.extract import limits


class Marks:
    """An ordered set of short names with a bound; it becomes ``Report.errors``."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        """Note a mark; a kind that is known already, or one too many, changes nothing."""
        if len(self._names) < limits.ERRORS:
            self._names[name] = None

    def names(self) -> tuple[str, ...]:
        """All marks in the order of their first appearance."""
        return tuple(self._names)
