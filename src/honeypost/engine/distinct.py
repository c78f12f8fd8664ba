"""
How many different ones there were, in 256 bytes however many.

HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007): each member is hashed; the first bits
choose a register, which keeps the longest run of zeros met in the rest.  Few members are
counted by the empty registers (linear counting), nearly exactly; many with a standard error
of 1.04 / sqrt(256) = 6.5 %.  Registers only grow, so the order does not matter, the same
member twice changes nothing, and two counts are joined register by register.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

REGISTERS = 256
HASH_BITS = 64
RUN_BITS = HASH_BITS - 8
"""What is left of the hash behind the choice of the register."""

_ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)


class Distinct:
    """Counts different texts; ``bytes(count.registers)`` is all there is to keep."""

    __slots__ = ("registers",)

    def __init__(self, registers: bytes = b"") -> None:
        """:param registers: of an earlier count, ``b""`` for none yet."""
        self.registers = bytearray(registers or REGISTERS)

    def add(self, member: str) -> None:
        """Take one in."""
        hashed = hashlib.blake2b(member.encode(), digest_size=HASH_BITS // 8).digest()
        run = RUN_BITS - int.from_bytes(hashed[1:], "big").bit_length() + 1
        register = hashed[0]
        self.registers[register] = max(self.registers[register], run)

    def join(self, registers: bytes) -> None:
        """Take in all that another count has met."""
        self.registers = bytearray(map(max, self.registers, registers or bytes(REGISTERS)))

    def __len__(self) -> int:
        """About how many different ones there were."""
        estimate = _ALPHA * REGISTERS**2 / sum(2.0**-run for run in self.registers)
        empty = self.registers.count(0)
        if empty and estimate <= 2.5 * REGISTERS:  # where linear counting is the better one
            estimate = REGISTERS * math.log(REGISTERS / empty)
        return round(estimate)


def joined(counts: Iterable[bytes]) -> int:
    """
    Count the different ones of several counts together.

    >>> joined([])
    0
    """
    together = Distinct()
    for registers in counts:
        together.join(registers)
    return len(together)
