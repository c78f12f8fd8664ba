from __future__ import annotations

import re
from pathlib import Path

from honeypost.config.load import TYPES, load
from honeypost.config.sample import sample
from honeypost.config.schema import Config

SETTING = re.compile(r"(?m)^#(\w+ = )")


def test_the_sample_as_it_is_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "sample.toml"
    path.write_text(sample())
    assert load(path, {}) == Config()


def test_every_setting_stands_there_with_its_default(tmp_path: Path) -> None:
    path = tmp_path / "sample.toml"
    path.write_text(SETTING.sub(r"\1", sample()))
    assert load(path, {}) == Config()
    assert len(SETTING.findall(sample())) == len(TYPES)


def test_lines_fit_on_a_screen_and_texts_are_comments() -> None:
    lines = sample().splitlines()
    assert max(map(len, lines)) <= 80
    assert all(re.match(r"#|\[\w+\]$|$", line) for line in lines)
    assert "``" not in sample()
