"""
The containment as settings of one site's Postfix, put into its two files and taken out again.

main.cf is edited by ``postconf`` itself, on a private copy; master.cf as
:mod:`~honeypost.beside.attach.master_cf` says.  The live files are only ever replaced whole.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from honeypost.beside.attach import master_cf
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.tables import Tables
from honeypost.beside.postfix.containment_config import (
    NOTICE_SERVICES,
    ContainmentConfig,
    Service,
)
from honeypost.beside.postfix.requeue_config import CHECKS, LocalMail
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.programs import Run, output_of, run_program
from honeypost.beside.survey.site import PostfixService, PostfixSite

LISTS = (
    "smtpd_restriction_classes",
    "smtpd_sender_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
)
"""Lists of a site that ours go before."""

SETTLED = 1_000_000_000
"""Time of a private copy: Postfix's programs wait until a file is two seconds old."""

INLINE_SINCE = (3, 7)
"""Postfix that reads ``regexp:{{...}}``; an older one needs files."""


class PostfixSettings(msgspec.Struct, frozen=True):
    """What is set in a site's Postfix; kept in the record, so that it can be taken out again."""

    main: dict[str, str] = {}
    """Parameters of main.cf."""
    options: dict[str, list[tuple[str, str]]] = {}
    """Options added to services, by name as in ``submission/inet``."""
    services: list[Service] = []
    """Services added."""
    before: dict[str, str] = {}
    """What stood in main.cf for those of ``main`` that stood there."""


def containment_settings(
    site: PostfixSite, containment: ContainmentConfig, tables: Tables | None = None
) -> PostfixSettings:
    """
    Give the containment as settings of this site.

    The options go on each service where clients log in, before the site's own lists, which are
    written out as they stand now: an ``-o`` hides the list of main.cf.

    :param tables: takes the tables out into files, for a Postfix without inline ones.
    """
    written = tables.taken_out if tables else _unchanged
    options = {
        service.label: list(written(containment.sasl_options(_lists(service, site))).items())
        for service in site.sasl_services
    }
    for name in NOTICE_SERVICES:
        if site.service(name):
            options[f"{name}/unix"] = list(containment.notice_options())
    added = list(containment.services(notices_filtered=_filters_notices(site)))
    for label, mail in local_mail(site):
        options[label] = list(mail.pickup_options())
        added.append(mail.requeue_cleanup(containment.requeue_check()))
    services = [
        Service(s.name, s.type, s.fields, tuple(written(dict(s.options)).items())) for s in added
    ]
    return PostfixSettings(containment.main(), options, services)


def local_mail(site: PostfixSite) -> Iterator[tuple[str, LocalMail]]:
    """Give the label of the service that takes local mail in, if there is one, and its ways."""
    pickup = site.pickup
    cleanup = pickup and site.cleanup_of(pickup)
    if pickup is None or cleanup is None:
        return
    stock = Service(
        cleanup.name,
        cleanup.type,
        f"{cleanup.fields} {cleanup.command}",
        tuple((name, _in_a_line(value)) for name, value in cleanup.options.items()),
    )
    yield (
        pickup.label,
        LocalMail(
            stock,
            {name: _in_a_line(cleanup.written(name, site.raw)) for name in CHECKS},
            members(pickup.effective.get("receive_override_options", "")),
        ),
    )


def remembering(settings: PostfixSettings, main: str, run: Run = run_program) -> PostfixSettings:
    """Give the settings with what stands in main.cf for them, to be put back later."""
    found = _explicit(main, run)
    before = {name: found[name] for name in settings.main if name in found}
    return msgspec.structs.replace(settings, before=before)


def edited_main(text: str, settings: PostfixSettings, run: Run = run_program) -> str:
    """
    Give main.cf with our parameters.

    :raises AttachFailed: ``postconf`` refuses it.
    """
    return _by_postconf(text, settings.main, (), run)


def edited_master(text: str, settings: PostfixSettings) -> str:
    """
    Give master.cf with our options and services.

    :raises AttachFailed: a service is missing, or one of ours is there already.
    """
    try:
        for service, options in settings.options.items():
            text = master_cf.with_options(text, service, options)
        for added in settings.services:
            text = master_cf.with_service(text, added)
    except KeyError as error:
        raise AttachFailed(f"master.cf has no service {error.args[0]}") from None
    except ValueError as error:
        raise AttachFailed(str(error)) from None
    return text


def restored_main(text: str, settings: PostfixSettings, run: Run = run_program) -> str:
    """
    Take our parameters out of a main.cf that somebody edited since; what he set stays.

    A parameter of ours that has another value by now is his.

    :raises SurveyError: ``postconf`` cannot read it.
    """
    now = _explicit(text, run)
    ours = [name for name, value in settings.main.items() if now.get(name) == value]
    back = {name: settings.before[name] for name in ours if name in settings.before}
    return _by_postconf(text, back, [name for name in ours if name not in back], run)


def restored_master(text: str, settings: PostfixSettings) -> str:
    """Take our options and services out of a master.cf that somebody edited since."""
    for service, options in settings.options.items():
        text = master_cf.without_options(text, service, options)
    for added in settings.services:
        text = master_cf.without_service(text, f"{added.name}/{added.type}")
    return text


def _filters_notices(site: PostfixSite) -> bool:
    return "bounce" in members(site.settings.get("internal_mail_filter_classes", ""))


def _unchanged(options: Mapping[str, str]) -> Mapping[str, str]:
    return options


def _lists(service: PostfixService, site: PostfixSite) -> dict[str, str]:
    return {name: _in_a_line(service.written(name, site.raw)) for name in LISTS}


def _in_a_line(value: str) -> str:
    # A line of master.cf that began in the first column would be a service.
    return " ".join(value.split())


def _explicit(text: str, run: Run) -> dict[str, str]:
    """Parameters that stand in a main.cf, as ``postconf`` reads them."""
    with _private_copy(text) as folder:
        lines = output_of(run, "postconf", "-c", folder, "-n").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _by_postconf(
    text: str, values: Mapping[str, str], gone: list[str] | tuple[()], run: Run
) -> str:
    with _private_copy(text) as folder:
        for name, value in values.items():
            # One at a time: of several new ones the order is by chance (seen on 3.7.11).
            _edit(run, folder, "-e", f"{name}={value}")
        if gone:
            _edit(run, folder, "-X", *gone)
        return (Path(folder) / "main.cf").read_text("utf-8", "surrogateescape")


def _edit(run: Run, folder: str, *arguments: str) -> None:
    done = run(("postconf", "-c", folder, *arguments), "")
    if done.code != 0:
        raise AttachFailed(f"postconf refuses our settings: {done.complaint}")


def _private_copy(text: str) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="honeypost-")
    main = Path(folder.name) / "main.cf"
    main.write_text(text, "utf-8", "surrogateescape")
    os.utime(main, (SETTLED, SETTLED))
    (Path(folder.name) / "master.cf").write_text("")
    return folder
