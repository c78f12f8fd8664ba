from __future__ import annotations

import os
from pathlib import Path

from honeypost.app.demo.observer import Known, Observer
from honeypost.config.schema import Paths
from support.history import BUYER, make_history


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    observer = Observer(Paths(tmp_path), (os.getpid(),), ())
    assert observer.look() == []
    assert observer.reports() == 0


def test_what_honeypost_knows(tmp_path: Path) -> None:
    observer = Observer(make_history(tmp_path / "data"), (), ())
    known = observer.look()
    texts = [each.text for each in known]
    assert texts[:2] == [
        "probe info@example.org: a decoy may be there",
        "probe nobody-here@example.org: nobody is there",
    ]
    assert "guess info@example.org: failure 1, opens after 2" in texts
    assert "guess anna@example.org: a real person; nothing of it is kept" in texts
    assert "guess nobody-here@example.org: this name does not exist here" in texts
    assert "guess info@example.org: won before; it has one secret only" in texts
    assert Known("198.51.100.7", "WON info@example.org with 'letmein' after 2 failures", 2) in known
    handed = next(each for each in known if each.text.startswith("HANDED OVER"))
    assert (handed.source, handed.weight) == (BUYER, 2)
    assert "captured, 59 bytes, 130 to; sent nowhere" in texts
    assert observer.look() == []
    assert observer.looks == 2
    assert observer.reports() == 1


def test_a_connection_outwards_is_remembered(tmp_path: Path, monkeypatch) -> None:
    found = iter([frozenset({"tcp a -> b"}), frozenset()])
    monkeypatch.setattr("honeypost.app.demo.observer.opened_outwards", lambda *_: next(found))
    observer = Observer(Paths(tmp_path), (1,), ())
    observer.look()
    observer.look()
    assert observer.outwards == {"tcp a -> b"}
