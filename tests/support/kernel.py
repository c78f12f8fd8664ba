"""A kernel for the sandbox's tests: takes nothing away and remembers what it was asked."""

from __future__ import annotations


class Recorder:
    """A kernel that grants everything, or not what it is told not to."""

    def __init__(self, *refused: str, exempt: bool = False) -> None:
        self.refused = refused
        self.exempt = exempt
        self.calls: list[tuple[object, ...]] = []

    def _call(self, *call) -> None:
        self.calls.append(call)
        if call[0] in self.refused:
            raise PermissionError(call[0])

    def limit(self, which, soft, hard):
        self._call("limit", which, soft, hard)

    def become_nobody(self):
        self._call("become_nobody")

    def unshare(self, flags):
        self._call("unshare", flags)

    def control(self, option, value):
        self._call("control", option, value)

    def address_space(self):
        return 1000

    def yield_to_others(self, niceness):
        self._call("yield_to_others", niceness)

    def can_fork(self):
        return self.exempt
