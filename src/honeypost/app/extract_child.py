"""
The limited child that takes hostile mail apart: ``python -m honeypost.app.extract_child``.

It has its standard streams and nothing else.  Everything heavy is imported and used once
before it locks itself in, because afterwards no file can be opened.  It ends when its input
ends; who hangs is killed by the parent, who spins by the kernel.
"""

from __future__ import annotations

import sys
import time
from typing import BinaryIO

import msgspec

from honeypost.app.frames import MEMORY_EXIT, Ready, packed, read_order
from honeypost.app.sandbox import Kernel, Linux, allow_cpu, lock_in
from honeypost.extract.message import preload, take_apart
from honeypost.extract.report import Report

WARM_UP = (
    b"From: a@example.org\r\nTo: =?utf-8?q?b?= <b@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n"
    b"<a href='http://example.com/'>www.example.com/x</a> &amp; http://b.example.com\r\n"
    b"--x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--x--\r\n"
)
"""Touches every path once, so that nothing is loaded late."""

NICENESS = 19
"""
A heap of captured mail must not slow down who answers.  Only once it is ready, since somebody
waits for that.  How long a message then takes is nobody's fault: the kernel counts CPU time, and
the parent (:mod:`.child`) knows who waits for a processor from who sleeps.
"""


def serve(orders: BinaryIO, answers: BinaryIO, kernel: Kernel) -> int:
    """
    Warm up, lock in, say so, then answer orders until there are no more.

    :returns: the exit code.
    """
    preload()
    msgspec.json.decode(msgspec.json.encode(take_apart(WARM_UP)), type=Report)
    _send(answers, Ready(ready=True, protections=lock_in(kernel)))
    kernel.yield_to_others(NICENESS)
    try:
        while True:
            allow_cpu(kernel, time.process_time())
            found = read_order(orders)
            if found is None:
                return 0
            order, body = found
            _send(
                answers,
                take_apart(body, file=order.file, envelope=order.envelope, cut=order.cut),
            )
    except MemoryError:
        return MEMORY_EXIT


def _send(answers: BinaryIO, meta: object) -> None:
    answers.write(packed(meta))
    answers.flush()


if __name__ == "__main__":
    sys.exit(serve(sys.stdin.buffer, sys.stdout.buffer, Linux()))
