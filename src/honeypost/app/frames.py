"""
What the worker and its extraction child say to each other, over two pipes.

::

    frame     meta length (4, big-endian)   body length (4)   meta (JSON)   body (raw)

The child begins with one :class:`Ready`; then each :class:`Order` with the message as its
body is answered by one ``Report``.  Both sides bound what they read: the child is the part
that may have been broken into, so the parent believes neither its lengths nor its types.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

import msgspec

from honeypost.errors import ExtractError
from honeypost.extract import limits

HEAD: Final = struct.Struct(">II")
META_BYTES: Final = 4 * limits.MIB
"""An order's envelope: 1,000 recipients of 1,000 bytes in base64, and room."""
ANSWER_BYTES: Final = 16 * limits.MIB
"""A report at all its limits: 500 links of 8 KiB and 2,048 recipients, escaped."""
MEMORY_EXIT: Final = 86
"""Exit code of a child that ran out of the memory it was given."""


class Ready(msgspec.Struct, frozen=True):
    """The child is warm and has locked itself in."""

    ready: bool
    protections: tuple[str, ...]
    """Those that the kernel has granted; see ``sandbox``."""


class Order(msgspec.Struct, frozen=True):
    """Take this message apart."""

    file: str
    envelope: tuple[bytes, ...] = ()
    cut: bool = False
    """The body is only the beginning of the message."""


def packed(meta: object, body: bytes = b"") -> bytes:
    """Make one frame."""
    encoded = msgspec.json.encode(meta)
    return HEAD.pack(len(encoded), len(body)) + encoded + body


def read_order(stream: BinaryIO) -> tuple[Order, bytes] | None:
    """
    Read one order, waiting for it; ``None`` when the parent is gone.

    :raises ExtractError: when it is none.
    """
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    meta_bytes, body_bytes = HEAD.unpack(head)
    if meta_bytes > META_BYTES or body_bytes > limits.MESSAGE_BYTES:
        raise ExtractError("an order over its limits")
    meta, body = stream.read(meta_bytes), stream.read(body_bytes)
    if len(meta) + len(body) < meta_bytes + body_bytes:
        return None
    return msgspec.json.decode(meta, type=Order), body


def answer_in(buffer: bytearray) -> bytes | None:
    """
    Take one whole answer off the buffer, ``None`` while it is not complete.

    :raises ExtractError: when it can never be one.
    """
    if len(buffer) < HEAD.size:
        return None
    meta_bytes, body_bytes = HEAD.unpack_from(buffer)
    if meta_bytes > ANSWER_BYTES or body_bytes:
        raise ExtractError("an answer over its limits")
    end = HEAD.size + meta_bytes
    if len(buffer) < end:
        return None
    answer = bytes(buffer[HEAD.size : end])
    del buffer[:end]
    return answer
