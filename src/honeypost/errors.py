"""
Our exceptions, one tree.

::

    HoneypostError
    ├── ConfigError          the configuration is unusable; carries every problem at once
    ├── UsageError           the command line is unusable (exit code 2)
    ├── StoreError           a store cannot keep or give back what it should
    │   ├── StoreBusy        another process is the one that writes it
    │   ├── StoreFull        the disk or its budget has no room: answer 4xx, lose nothing
    │   └── StoreCorrupt     what is on disk does not check out
    ├── FirewallError        the kernel's packet filter cannot be changed or read
    ├── ExtractError         a captured message cannot be taken apart
    ├── SurveyError          the mail server beside us cannot be looked at
    └── NotReady             a part that must answer did not come up in time

Attackers' input never raises: a protocol core answers it as the real server would.
"""

from __future__ import annotations

from dataclasses import dataclass


class HoneypostError(Exception):
    """Base of everything that we raise on purpose; its text is one line for the operator."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong with the configuration."""

    file: str
    """Where it was read: a path, or ``environment``."""
    key: str
    """The dotted key, as in ``budgets.connections``."""
    reason: str
    """What is wrong and what would be right."""

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}"


class ConfigError(HoneypostError):
    """The configuration is unusable; ``problems`` lists all of it, not just the first."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class UsageError(HoneypostError):
    """The command line asks for something that cannot be done."""


class StoreError(HoneypostError):
    """A store cannot keep or give back what it should."""


class StoreBusy(StoreError):
    """Another process is the one that writes it; ask that one."""


class StoreFull(StoreError):
    """No room: neither on the disk nor within the budget."""


class StoreCorrupt(StoreError):
    """What is on disk does not check out."""


class FirewallError(HoneypostError):
    """The kernel's packet filter cannot be changed or read."""


class ExtractError(HoneypostError):
    """A captured message cannot be taken apart; it is kept and marked."""


class SurveyError(HoneypostError):
    """The mail server beside us cannot be looked at: a program failed, hung or is not there."""


class NotReady(HoneypostError):
    """A part that must answer did not come up in time."""
