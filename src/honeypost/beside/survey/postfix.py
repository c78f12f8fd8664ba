"""
Read a Postfix instance through ``postconf``, which knows includes, defaults and ``-o`` options.

The value in force on a service is asked for with its ``-o`` options in place (``postconf -x -o``),
so a setting of main.cf that refers to an overridden one is right as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from honeypost.beside.survey.lists import members, restrictions
from honeypost.beside.survey.namemaps import ask_maps
from honeypost.beside.survey.programs import Run, output_of
from honeypost.beside.survey.site import (
    Domain,
    DomainKind,
    OtherInstance,
    PostfixService,
    PostfixSite,
    Table,
)
from honeypost.beside.survey.tables import file_text, keys, text_of, without_proxy
from honeypost.beside.survey.versions import numbers
from honeypost.errors import SurveyError

CHECKS = (
    "header_checks",
    "mime_header_checks",
    "nested_header_checks",
    "body_checks",
    "milter_header_checks",
)
"""Settings of cleanup(8) whose tables may send a message elsewhere."""

HARMLESS = frozenset({"DUNNO", "OK", "INFO", "WARN", "PREPEND"})
"""Actions of header checks that leave header and message as they are."""

LATE_LISTS = ("smtpd_data_restrictions", "smtpd_end_of_data_restrictions")
"""Lists that are evaluated together with ours or later, so that theirs would win."""

_WITH_OWN_SETTINGS = frozenset({"smtpd", "cleanup", "pickup", "bounce", "postscreen"})
_FIELDS = 8
_DOMAIN_LISTS = {
    DomainKind.LOCAL: "mydestination",
    DomainKind.MAILBOX: "virtual_mailbox_domains",
    DomainKind.ALIAS: "virtual_alias_domains",
    DomainKind.RELAY: "relay_domains",
}


def read_postfix(run: Run, directory: Path | None, invented: str) -> PostfixSite:
    """
    Read an instance; changes nothing and needs no daemon.

    :param directory: where main.cf is; ``None`` for the host's own.
    :param invented: a local part that nobody has.
    :raises SurveyError: ``postconf`` is missing or fails.
    """
    where = ("-c", str(directory)) if directory else ()
    raw = _settings(output_of(run, "postconf", *where))
    settings = _settings(output_of(run, "postconf", *where, "-x"))
    config = Path(settings["config_directory"])
    services = _services(run, config, settings)
    names, unlisted = _domain_names(run, config, settings)
    inforce = [settings, *(s.effective for s in services if s.options and s.effective)]
    known = ask_maps(run, config, inforce, [name for name, _ in names], invented)
    catch_alls = {
        domain: knowledge.map.spec
        for knowledge in reversed(known)
        if knowledge.map.parameter in ("virtual_alias_maps", "virtual_mailbox_maps")
        for domain in knowledge.catch_all
    }
    return PostfixSite(
        version=numbers(settings.get("mail_version", "")),
        config_directory=config,
        queue_directory=Path(settings["queue_directory"]),
        settings=settings,
        raw=raw,
        services=services,
        checks=tuple(
            _asked(run, config, invented, table) for table in _gathered(_check_tables(services))
        ),
        access=tuple(_gathered(_access_tables(services))),
        names=tuple(knowledge.map for knowledge in known),
        domains=tuple(Domain(name, kind, catch_alls.get(name, "")) for name, kind in names),
        unlisted_domains=tuple(unlisted),
        other_instances=tuple(_other_instances(run, settings)),
    )


def _settings(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _services(run: Run, config: Path, settings: Mapping[str, str]) -> tuple[PostfixService, ...]:
    options: dict[str, dict[str, str]] = {}
    for path, value in _settings(output_of(run, "postconf", "-c", str(config), "-P")).items():
        label, _, name = path.rpartition("/")
        options.setdefault(label, {})[name] = value
    lines = output_of(run, "postconf", "-c", str(config), "-M").splitlines()
    split = (line.split(maxsplit=_FIELDS) for line in lines)
    return tuple(
        _service(run, config, settings, fields, options.get(f"{fields[0]}/{fields[1]}", {}))
        for fields in split
        if len(fields) >= _FIELDS
    )


def _service(
    run: Run,
    config: Path,
    settings: Mapping[str, str],
    fields: list[str],
    options: Mapping[str, str],
) -> PostfixService:
    name, kind, *between, command = fields[:_FIELDS]
    effective = settings
    if options and command in _WITH_OWN_SETTINGS:
        given = [part for pair in options.items() for part in ("-o", "=".join(pair))]
        effective = _settings(output_of(run, "postconf", "-c", str(config), "-x", *given))
    return PostfixService(
        name=name,
        type=kind,
        fields=" ".join(between),
        command=command,
        chroot=between[2] == "y",
        options=options,
        effective=effective if command in _WITH_OWN_SETTINGS else {},
    )


def _check_tables(services: tuple[PostfixService, ...]) -> Iterator[tuple[str, str, str]]:
    """Tables of the cleanup that each service with SASL, and pickup, hand their mail to."""
    cleanups = {s.name: s for s in services if s.command == "cleanup"}
    for service in services:
        cleanup = cleanups.get(service.effective.get("cleanup_service_name", "cleanup"))
        if not (service.has_sasl or service.command == "pickup") or cleanup is None:
            continue
        skipped = members(service.effective.get("receive_override_options", ""))
        for parameter in CHECKS:
            if parameter == "milter_header_checks" or "no_header_body_checks" not in skipped:
                for spec in members(cleanup.effective.get(parameter, "")):
                    yield parameter, spec, service.label


def _asked(run: Run, config: Path, invented: str, table: Table) -> Table:
    """Ask checks of headers about one like ours; they may know every ``X-``, or every name."""
    if table.parameter != "header_checks":
        return table
    header = f"X-{invented}: {invented}"
    command = ("postmap", "-c", str(config), "-q", header, without_proxy(table.spec))
    answer = run(command, "").out.split()
    does = answer[0].upper() if answer else ""
    return replace(table, unknown_header="" if does in HARMLESS else does)


def _access_tables(services: tuple[PostfixService, ...]) -> Iterator[tuple[str, str, str]]:
    for service in services:
        for parameter in LATE_LISTS if service.has_sasl else ():
            for found in restrictions(service.effective, parameter, text_of):
                if found.name.endswith("_access"):
                    yield parameter, found.argument, service.label


def _gathered(uses: Iterator[tuple[str, str, str]]) -> Iterator[Table]:
    """Join the services that use one table in one place."""
    tables: dict[tuple[str, str], list[str]] = {}
    for parameter, spec, label in uses:
        tables.setdefault((parameter, spec), []).append(label)
    for (parameter, spec), labels in tables.items():
        yield Table(parameter, spec, text_of(spec), tuple(dict.fromkeys(labels)))


def _domain_names(
    run: Run, config: Path, settings: Mapping[str, str]
) -> tuple[list[tuple[str, DomainKind]], list[str]]:
    """Give the domains of each class, and the tables of domains that cannot be listed."""
    found: dict[str, DomainKind] = {}
    unlisted = []
    for kind, parameter in _DOMAIN_LISTS.items():
        for member in members(settings.get(parameter, "")):
            names = _listed(run, config, member)
            if names is None:
                unlisted.append(f"{parameter} = {member}")
            for name in names or ():
                found.setdefault(name.lower(), kind)
    return list(found.items()), unlisted


def _listed(run: Run, config: Path, member: str) -> list[str] | None:
    if member.startswith("/"):
        text = file_text(Path(member))
        return None if text is None else list(keys(text, aliases=False))
    if ":" not in member:
        return [member]
    answer = run(("postmap", "-c", str(config), "-s", without_proxy(member)), "")
    if answer.code != 0:
        return None
    known = (line.split("\t")[0] for line in answer.out.splitlines())
    return [name for name in known if "." in name and "@" not in name]


def _other_instances(run: Run, settings: Mapping[str, str]) -> Iterator[OtherInstance]:
    for directory in members(settings.get("multi_instance_directories", "")):
        try:
            theirs = _settings(output_of(run, "postconf", "-c", directory, "-x"))
            options = output_of(run, "postconf", "-c", directory, "-P")
        except SurveyError:
            yield OtherInstance(Path(directory), "cannot be read")
            continue
        on = theirs.get("smtpd_sasl_auth_enable") == "yes" or "sasl_auth_enable = yes" in options
        dovecot = on and ("dovecot" in theirs.get("smtpd_sasl_type", "") or "dovecot" in options)
        yield OtherInstance(Path(directory), theirs["smtpd_sasl_path"] if dovecot else "")
