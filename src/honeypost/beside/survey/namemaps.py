"""
Ask each of Postfix's maps that hold names of people what it knows, through ``postmap -q``.

A map is asked three things at once: a name that nobody has (a map that knows it knows everybody,
so it tells nothing), ``@domain`` for a catch-all, and every name that stands in its source.
The last one finds an alias file that is read through the wrong map type, or that nobody ran
``newaliases`` on since: Postfix then answers "no such name" for real people, and decoys and late
bounces would take their mail (measured on Postfix 3.7.11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from honeypost.beside.survey.lists import members
from honeypost.beside.survey.programs import Run
from honeypost.beside.survey.site import NameMap
from honeypost.beside.survey.tables import keys, source_file, text_of, without_proxy
from honeypost.errors import SurveyError

PARAMETERS = (
    "alias_maps",
    "local_recipient_maps",
    "virtual_mailbox_maps",
    "virtual_alias_maps",
    "relay_recipient_maps",
    "canonical_maps",
    "sender_canonical_maps",
    "recipient_canonical_maps",
    "relocated_maps",
    "smtpd_sender_login_maps",
)
"""Settings whose maps have a real person's name as key."""

NAMES_PROBED = 20_000
"""Most names of one source that are looked up; about a second."""

_BUILT = frozenset({"btree", "cdb", "dbm", "hash", "lmdb", "sdbm", "texthash"})
"""Types whose source has one name a line; the others have patterns or no source."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A map, and in which of the domains it knows everybody."""

    map: NameMap
    catch_all: frozenset[str]


def ask_maps(
    run: Run,
    directory: Path,
    settings: Sequence[Mapping[str, str]],
    domains: Sequence[str],
    invented: str,
) -> tuple[Knowledge, ...]:
    """
    Ask all maps that hold names.

    :param settings: what is in force, of main.cf and of each service that differs.
    :param invented: a local part that nobody has.
    """
    nobody = [invented, *(f"{invented}@{domain}" for domain in domains)]
    asker = _Asker(run, directory, domains, nobody)
    return tuple(asker.ask(*named) for named in dict.fromkeys(_specs(settings)))


def _specs(settings: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for parameter in PARAMETERS:
        for inforce in settings:
            for spec in members(inforce.get(parameter, "")):
                if ":" in spec:
                    yield parameter, without_proxy(spec)


@dataclass(frozen=True, slots=True)
class _Asker:
    run: Run
    directory: Path
    domains: Sequence[str]
    nobody: Sequence[str]

    def ask(self, parameter: str, spec: str) -> Knowledge:
        named = _source_names(parameter, spec)
        everyone = [f"@{domain}" for domain in self.domains]
        found, trouble = self._query(spec, [*self.nobody, *everyone, *named])
        hits = {name.rpartition("@")[2] for name in found.intersection([*self.nobody, *everyone])}
        asked = NameMap(
            parameter=parameter,
            spec=spec,
            everyone=bool(found.intersection(self.nobody)),
            trouble=trouble,
            closed=_is_closed(spec),
            missing=() if trouble else tuple(name for name in named if name not in found),
        )
        return Knowledge(asked, frozenset(hits.intersection(self.domains)))

    def _query(self, spec: str, names: Sequence[str]) -> tuple[frozenset[str], str]:
        """Give the names that the map knows, and what went wrong."""
        asked = "".join(f"{name}\n" for name in names)
        try:
            answer = self.run(("postmap", "-c", str(self.directory), "-q", "-", spec), asked)
        except SurveyError as error:
            return frozenset(), str(error)
        known = frozenset(line.partition("\t")[0] for line in answer.out.splitlines())
        return known, answer.complaint


def _source_names(parameter: str, spec: str) -> tuple[str, ...]:
    kind = spec.partition(":")[0]
    text = text_of(spec) if kind in _BUILT else None
    if text is None or text.startswith("{"):
        return ()
    return keys(text, aliases=parameter == "alias_maps" or _in_alias_format(text))[:NAMES_PROBED]


def _in_alias_format(text: str) -> bool:
    """Tell ``name: value`` from ``name value`` by the first entry."""
    entries = (line.split()[0] for line in text.splitlines() if _is_entry(line))
    return next(entries, "").endswith(":")


def _is_entry(line: str) -> bool:
    return bool(line.strip()) and not line[0].isspace() and not line.startswith("#")


def _is_closed(spec: str) -> bool:
    path = source_file(spec)
    try:
        return path is not None and not path.stat().st_mode & 0o004
    except OSError:
        return False
