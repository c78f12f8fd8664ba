"""
Whom an existing fail2ban leaves alone: ``ignoreip`` of all its jails.

Its own programs are not asked: the configuration says it, also while the server is stopped.
Files are read in fail2ban's order (jail.conf, jail.d/*.conf, jail.local, jail.d/*.local; the
later wins, jail.conf(5)).  All jails count: whoever is not to be shut out by one is not to be
shut out by us.  A host *name* stays out, since the edge resolves none; ``left_out`` names it.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from honeypost.engine.allowed import Allowance

FILE_BYTES: Final = 256 * 1024
FILES: Final = 200
"""Files read, and bytes of each; Debian's own jail.conf has 25 KiB."""

OPTION: Final = "ignoreip"
_SEPARATORS: Final = re.compile(r"[\s,]+")


@dataclass(slots=True)
class Ignored:
    """What fail2ban ignores, and what of it cannot be taken over."""

    allowances: list[Allowance] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """In words."""


def ignored(directory: Path) -> Ignored:
    """Read ``/etc/fail2ban``; a site without it ignores nobody.  Never raises."""
    found = Ignored()
    for section, value in _options(directory, found).items():
        for word in filter(None, _SEPARATORS.split(value)):
            _take(word, f"fail2ban [{section}]", found)
    return found


def _options(directory: Path, found: Ignored) -> dict[str, str]:
    """Give the option of each section that has one, after all files were read."""
    options: dict[str, str] = {}
    for path in list(_files(directory))[:FILES]:
        parser = configparser.RawConfigParser(
            inline_comment_prefixes=(";",), strict=False, default_section=""
        )
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                parser.read_string(file.read(FILE_BYTES))
        except OSError as error:
            found.left_out.append(f"{path}: {error.strerror}")
            continue
        except configparser.Error:
            found.left_out.append(f"{path}: is not in fail2ban's format")
            continue
        for section in parser.sections():
            if parser.has_option(section, OPTION):
                options[section] = parser.get(section, OPTION)
    return options


def _files(directory: Path) -> Iterator[Path]:
    for kind in ("conf", "local"):
        yield from (path for path in [directory / f"jail.{kind}"] if path.exists())
        yield from sorted(directory.glob(f"jail.d/*.{kind}"))


def _take(word: str, source: str, found: Ignored) -> None:
    if "%" in word:
        return  # refers to an option that is read itself
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        found.left_out.append(f"{source}: {word[:80]} is no address; give it to honeypost allow")
        return
    allowance = Allowance(str(network), source)
    if allowance not in found.allowances:
        found.allowances.append(allowance)
