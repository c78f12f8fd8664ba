"""What a trial is told and what it reports, as the two files between parent and child."""

from __future__ import annotations

import msgspec

from honeypost.beside.attach.record import Limbo

QUEUE_SECONDS = 12
"""Lifetime of mail in the private queue; the shortest that shows retries and a notice."""


class Submission(msgspec.Struct, frozen=True):
    """A service where clients log in."""

    label: str
    """As in ``submission/inet``."""
    wrapped: bool
    """TLS from the first byte."""


class Orders(msgspec.Struct, frozen=True):
    """All that the child needs; it asks nobody."""

    folder: str
    """Private folder, made for this trial."""
    postfix_directory: str
    queue_directory: str
    data_directory: str
    dovecot_config: str
    dovecot_run: str
    dovecot_state: str
    files: list[tuple[str, bytes, int, int]]
    """Path, content, mode and group of what is planned."""
    scripts: str
    """Folder of the scripts and their settings."""
    marker_domain: str
    header: str
    decoy_home: str
    sink: str
    """Path of our LMTP socket below the queue directory."""
    policy: str
    """The same of our policy socket."""
    submissions: list[Submission]
    domain: str
    """Of the invented name."""
    outside: list[str] = []
    """Labels of the services that take mail from outside, where unknown names are accepted."""
    stranger: str = ""
    """Address of a client that is none of the site's own."""
    limbo: Limbo | None = None
    """The late bounce, if it is planned."""
    real_name: str = ""
    """Somebody who exists; he is tried with a password that nobody has.  ``""``: nobody is."""


class Report(msgspec.Struct, frozen=True):
    """What came of it."""

    passed: list[str] = []
    """Sentences about what was seen to hold."""
    failed: str = ""
    """Why it failed, ``""`` when it did not."""
    log: str = ""
    """The daemons' last words, when it failed."""
