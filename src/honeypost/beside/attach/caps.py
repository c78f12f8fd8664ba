"""
The caps on simultaneous connections, as settings of one site.

They belong to the penalties, so they are put in place when ``penalties.mode`` is ``on``.  What the
site limits more strictly already stays as it is; an ``-o`` of a service, which wins over main.cf,
stays in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.postfix.caps_config import anvil
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.site import PostfixSite

EXCEPTIONS = "smtpd_client_event_limit_exceptions"


def caps_settings(site: PostfixSite, never: Iterable[str] = ()) -> PostfixSettings:
    """
    Give the parameters of main.cf that cap connections of one client.

    :param never: networks that are not counted, beside those that the site does not count.
    """
    trusted = members(re.sub(r"[\[\]]", "", site.settings.get("mynetworks", "")))
    major, minor = site.version[:2]
    wanted = anvil((major, minor), [network for network in never if network not in trusted])
    return PostfixSettings(dict(_stricter(wanted, site)))


def _stricter(wanted: Mapping[str, str], site: PostfixSite) -> Iterator[tuple[str, str]]:
    for name, ours in wanted.items():
        theirs = site.settings.get(name, "")
        if name == EXCEPTIONS:
            yield name, _added(site.raw.get(name, "$mynetworks"), ours)
        elif not _as_strict(theirs, ours):
            yield name, ours


def _as_strict(theirs: str, ours: str) -> bool:
    """Is it as strict?  A smaller count is, and a shorter prefix; 0 is no limit at all."""
    return theirs.isdecimal() and 0 < int(theirs) <= int(ours)


def _added(theirs: str, ours: str) -> str:
    """Put what is not counted by us behind what the site does not count, as it wrote it."""
    _, _, added = ours.partition("$mynetworks")
    return theirs + added
