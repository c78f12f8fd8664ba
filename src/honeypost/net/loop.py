"""
The event loop: uvloop's where it is installed (the extra ``fast``), else Python's own.

Nothing depends on which it is but the CPU that a turn costs; the drivers use only what both
do alike.  ``bench/capture_throughput.py`` says which one it measured.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Final

FAST: Final = "uvloop"


def new_loop() -> asyncio.AbstractEventLoop:
    """Make the fastest loop that there is here."""
    try:
        fast = importlib.import_module(FAST)
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = fast.new_event_loop()
    return loop


def loop_name() -> str:
    """Name what :func:`new_loop` makes: ``uvloop`` or ``asyncio``."""
    try:
        importlib.import_module(FAST)
    except ImportError:
        return "asyncio"
    return FAST
