"""Which event loop is made."""

from __future__ import annotations

import asyncio
import sys

import pytest

from honeypost.net.loop import loop_name, new_loop


def made() -> str:
    """Name the module that the loop is of."""
    loop = new_loop()
    try:
        return type(loop).__module__.partition(".")[0]
    finally:
        loop.close()


def test_the_fast_one_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert made() == loop_name() == "uvloop"


def test_pythons_own_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert made() == loop_name() == asyncio.__name__
