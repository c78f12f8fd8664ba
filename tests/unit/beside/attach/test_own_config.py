from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.beside.attach.own_config import effective, gaps, site_word
from honeypost.config.load import ATTACHED, load
from honeypost.config.schema import Config, SiteSecrets
from support.attach_site import KEY, found

SECRETS = SiteSecrets("00ff", bytes(32), "k7qp2mzx.invalid", "X-Qr7tW2k")


def test_the_file_is_read_below_the_operator_s(tmp_path):
    (tmp_path / ATTACHED).write_text(found().text())
    operators = tmp_path / "honeypost.toml"
    operators.write_text('[site]\nhostname = "mx.example.net"\n')
    config = load(operators, {})
    assert config.site.hostname == "mx.example.net"
    assert config.site.domains == ("example.org",)
    assert config.listeners.lmtp == found().sink
    assert config.listeners.smtp == ""
    assert config.beside.no_decoys_from == found().spared
    assert config.penalties.never == found().never
    assert config.beside.script_key == KEY
    assert gaps(found(), effective(found(), load(None, {}))) == []


def test_a_spared_network_that_the_operator_left_out_is_named():
    narrow = replace(Config(), beside=replace(Config().beside, no_decoys_from=("10.0.0.0/8",)))
    sentences = gaps(found(spared=("10.1.0.0/16", "2001:db8::/32")), effective(found(), narrow))
    assert [s for s in sentences if "2001:db8::/32" in s]
    assert not [s for s in sentences if "10.1.0.0/16" in s]


def test_a_setting_that_contradicts_what_is_written_is_named():
    config = effective(
        found(), replace(Config(), beside=replace(Config().beside, containment="/x"))
    )
    (sentence,) = gaps(found(), config)
    assert sentence.startswith("beside.containment is set to '/x'")


@pytest.mark.parametrize("other", ["report nonce", "x"])
def test_a_word_is_the_same_each_time_and_another_for_another_purpose(other):
    assert site_word(SECRETS, "script key") == site_word(SECRETS, "script key")
    assert site_word(SECRETS, "script key") != site_word(SECRETS, other)
    assert len(site_word(SECRETS, "script key")) == 32
