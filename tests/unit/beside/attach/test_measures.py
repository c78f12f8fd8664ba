from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from honeypost.beside.attach import measures as module
from honeypost.beside.attach.measures import Measures, wanted_measures
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.record import Layer, Limbo
from honeypost.config.schema import Config
from support.attach_site import AttachSite

LIMBO, ROUTES, ACCEPTS = Limbo("t", "private/x", []), PostfixSettings({"r": "1"}), PostfixSettings()
OLD = PostfixSettings({"old": "1"})


@pytest.fixture
def measures(tmp_path, monkeypatch):
    text = SimpleNamespace(limbo=LIMBO, routes=ROUTES, acceptance=ACCEPTS)
    monkeypatch.setattr(module, "late_bounce_text", lambda *_: text)
    monkeypatch.setattr(module, "caps_settings", lambda *_: PostfixSettings({"cap": "25"}))

    def make(penalties="observe", late="off", standing=None):
        plain = Config()
        config = replace(
            plain,
            penalties=replace(plain.penalties, mode=penalties),
            late_bounce=replace(plain.late_bounce, mode=late),
        )
        site = AttachSite(tmp_path).site
        return wanted_measures(site, None, config, None, None, never=(), standing=standing)

    return make


def test_each_has_its_own_switch(measures):
    assert measures() == Measures()
    assert list(measures("on").layers) == [Layer.CAPS]
    both = measures("on", "on")
    assert list(both.layers) == [Layer.CAPS, Layer.LATE_BOUNCE, Layer.ACCEPTANCE]
    assert both.limbo == LIMBO


def test_what_stands_and_is_wanted_further_stays_as_it_is(measures):
    standing = SimpleNamespace(
        layers={Layer.CAPS: OLD, Layer.LATE_BOUNCE: OLD, Layer.ACCEPTANCE: OLD},
        limbo=Limbo("old", "private/old", []),
    )
    stays = measures("on", "on", standing)
    assert stays.layers == standing.layers
    assert stays.limbo == standing.limbo
    assert measures("observe", "off", standing) == Measures()
    # It was being taken off: only acceptance is new.
    del standing.layers[Layer.ACCEPTANCE]
    again = measures("observe", "on", standing)
    assert again.layers == {Layer.LATE_BOUNCE: OLD, Layer.ACCEPTANCE: ACCEPTS}
    assert again.limbo == standing.limbo
