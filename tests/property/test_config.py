"""Whatever stands in file and environment: a configuration within its rules, or all problems."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from honeypost.config.load import SECTIONS, TYPES, load
from honeypost.config.rules import contradictions, objection
from honeypost.config.schema import Config
from honeypost.errors import ConfigError

keys = st.sampled_from(sorted(TYPES)) | st.text("abc._", max_size=12)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
values = (
    st.integers(-2, 2**40)
    | st.floats(allow_nan=True)
    | st.booleans()
    | texts
    | st.lists(texts, max_size=3)
)
bounded = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def judged(path: Path | None, environ: dict[str, str]) -> Config | None:
    try:
        return load(path, environ)
    except ConfigError as error:
        found = error.problems
    assert found
    assert all(problem.key and problem.reason for problem in found)
    return None


def within_rules(config: Config) -> None:
    for section in SECTIONS:
        part = getattr(config, section)
        for field in fields(part):
            assert objection(f"{section}.{field.name}", getattr(part, field.name)) == ""
    assert not list(contradictions(config))


@bounded
@given(st.binary(max_size=200))
def test_any_bytes_in_the_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    config = judged(path, {})
    if config is not None:
        within_rules(config)


@bounded
@given(st.dictionaries(keys, values, max_size=5))
def test_any_values_in_the_file(tmp_path: Path, chosen: dict[str, object]) -> None:
    path = tmp_path / "x.toml"
    lines = []
    for key, value in chosen.items():
        section, _, name = key.partition(".")
        shown = json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")
        lines.append(f"{json.dumps(section)}.{json.dumps(name)} = {shown}")
    path.write_text("\n".join(lines))
    config = judged(path, {})
    if config is not None:
        within_rules(config)


@bounded
@given(st.dictionaries(keys, texts, max_size=5))
def test_anything_in_the_environment(chosen: dict[str, str]) -> None:
    environ = {f"HONEYPOST__{key.upper().replace('.', '__')}": text for key, text in chosen.items()}
    config = judged(None, environ)
    if config is not None:
        within_rules(config)


@pytest.mark.parametrize("text", ["inf", "nan", "-inf", "1e400"])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        load(None, {"HONEYPOST__DECOYS__REFUSAL_SECONDS": text})
