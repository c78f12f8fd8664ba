"""What uses sockets is tested on both event loops that there can be."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

from honeypost.net.loop import FAST, new_loop


def pytest_asyncio_loop_factories(
    config: Any, item: Any
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    own = {"asyncio": asyncio.new_event_loop}
    return own | ({FAST: new_loop} if importlib.util.find_spec(FAST) else {})
