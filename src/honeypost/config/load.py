"""
The configuration, read once and judged as a whole.

Theory of operation
===================

Defaults < ``attached.toml`` beside the TOML file (written by ``honeypost attach``) < TOML file <
environment (``HONEYPOST__SECTION__KEY``).  Each source is turned into
raw values under their dotted keys; each value is brought to the type that the schema
declares, then judged by ``rules``.  Nothing stops at the first problem: whoever edits a file
wants to hear everything at once.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from honeypost.config import rules
from honeypost.config.schema import Config
from honeypost.errors import ConfigError, ConfigProblem

PREFIX = "HONEYPOST__"
ATTACHED = "attached.toml"
ENVIRONMENT = "environment"
NAMELESS = '""'
"""How TOML writes a key without a letter."""
FILE_BYTES_MAX = 1024 * 1024
"""A larger file is not a configuration."""

SECTIONS = get_type_hints(Config)
TYPES = {
    f"{section}.{name}": declared
    for section, kind in SECTIONS.items()
    for name, declared in get_type_hints(kind).items()
}
"""Declared type of every setting by dotted key."""

EXPECTED = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    tuple[str, ...]: 'a list of texts, as in ["a", "b"]',
    tuple[int, ...]: "a list of whole numbers, as in [60, 300]",
}

MEMBERS = {tuple[str, ...]: str, tuple[int, ...]: int}
"""Lists that a setting may be, by the type of what is in them."""


@dataclass(frozen=True, slots=True)
class _Raw:
    """A value as found, and where."""

    file: str
    key: str
    value: Any


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """
    Read and judge the configuration.

    :param path: TOML file; ``None`` means defaults and environment only.
    :raises ConfigError: with every problem of file and environment.
    """
    problems: list[ConfigProblem] = []
    found = [
        *_from_file(_attached(path), problems),
        *_from_file(path, problems),
        *_from_environment(environ),
    ]
    sources: dict[str, str] = {}
    values: dict[str, Any] = {}
    for raw in found:
        value, reason = _judged(raw)
        if reason:
            problems.append(ConfigProblem(raw.file, raw.key, reason))
        else:
            sources[raw.key], values[raw.key] = raw.file, value
    config = _built(values)
    for keys, reason in rules.contradictions(config):
        # A default contradicts nobody: the one that was set is the one to correct.
        key = next(key for key in keys if key in sources)
        problems.append(ConfigProblem(sources[key], key, reason))
    if problems:
        raise ConfigError(problems)
    return config


def _attached(path: Path | None) -> Path | None:
    """Give the file with what attaching found out about the site, where there is one."""
    beside = path and path.with_name(ATTACHED)
    return beside if beside and beside.exists() else None


def _from_file(path: Path | None, problems: list[ConfigProblem]) -> Iterator[_Raw]:
    if path is None:
        return
    for section, content in _parsed(path, problems).items():
        if not isinstance(content, dict):
            problems.append(ConfigProblem(str(path), section or NAMELESS, _outside(section)))
            continue
        if section not in SECTIONS:
            problems.append(
                ConfigProblem(str(path), section or NAMELESS, _unknown_section(section))
            )
            continue
        for name, value in content.items():
            yield _Raw(str(path), f"{section}.{name}", value)


def _parsed(path: Path, problems: list[ConfigProblem]) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) <= FILE_BYTES_MAX:
            return tomllib.loads(data.decode())
        problems.append(ConfigProblem(str(path), "file", f"is over {FILE_BYTES_MAX} bytes"))
    except OSError as error:
        problems.append(ConfigProblem(str(path), "file", f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        problems.append(ConfigProblem(str(path), "file", "is not UTF-8"))
    except ValueError as error:
        problems.append(ConfigProblem(str(path), "syntax", str(error)))
    return {}


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Raw]:
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX):
            key = variable.removeprefix(PREFIX).lower().replace("__", ".") or variable
            yield _Raw(ENVIRONMENT, key, _typed(text, TYPES.get(key)))


def _typed(text: str, declared: Any) -> Any:
    """Bring a text of the environment to the type; what does not fit stays text."""
    try:
        if declared in (int, float):
            return declared(text)
        if declared in MEMBERS:
            parts = (piece.strip() for piece in text.split(","))
            return [MEMBERS[declared](part) for part in parts if part]
    except ValueError:
        return text
    return text


def _judged(raw: _Raw) -> tuple[Any, str]:
    """Give the value in its declared type, and what is wrong with it."""
    declared = TYPES.get(raw.key)
    if declared is None:
        return None, _unknown_key(raw.key)
    value = raw.value
    if declared is float and type(value) is int:
        value = float(value)
    if isinstance(value, list) and declared in MEMBERS:
        value = tuple(value)
    if not _fits(value, declared):
        return None, f"must be {EXPECTED[declared]}, not {_shown(raw.value)}"
    return value, rules.objection(raw.key, value)


def _fits(value: Any, declared: Any) -> bool:
    # bool is an int in Python; in a configuration it never is.
    if declared in MEMBERS:
        return type(value) is tuple and all(type(item) is MEMBERS[declared] for item in value)
    return type(value) is declared


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - width of a line


def _built(values: Mapping[str, Any]) -> Config:
    return Config(
        **{
            section: kind(
                **{
                    field.name: values[key]
                    for field in fields(kind)
                    if (key := f"{section}.{field.name}") in values
                }
            )
            for section, kind in SECTIONS.items()
        }
    )


def _unknown_section(section: str) -> str:
    return "unknown section" + _nearest(section, list(SECTIONS))


def _outside(name: str) -> str:
    homes = [key for key in TYPES if key.endswith(f".{name}")]
    return "stands outside of any section" + (f"; it is {homes[0]}" if homes else "")


def _unknown_key(key: str) -> str:
    section, _, name = key.partition(".")
    if section not in SECTIONS:
        return _unknown_section(section)
    elsewhere = [known for known in TYPES if known.endswith(f".{name}")]
    if elsewhere:
        return f"unknown setting; did you mean {elsewhere[0]}?"
    return "unknown setting" + _nearest(key, list(TYPES))


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
