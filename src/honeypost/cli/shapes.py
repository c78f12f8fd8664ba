"""
What ``--json`` prints: one class for each command, one object for each line.

A contract: fields are added, never renamed or removed, and times are RFC 3339 in UTC.
``honeypost schema COMMAND`` prints the JSON Schema of these classes; what came from an
attacker is text with controls escaped.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a budget is used."""

    name: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that went wrong, newest last."""

    time: str
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that the operator is told by mail, as far as it is news."""

    kind: str
    """Word of ``alerts.mute``."""
    text: str
    standing: bool
    """It is so now; else it happened."""
    time: str
    """Since when, or when last."""
    mail: str
    """
    Of the latest mail: ``sent``, ``waiting``, ``sending``, ``unknown`` (handed in, but nobody knows
    whether it was taken), ``failed``; without one ``muted``, ``nobody`` (``alerts.to`` is empty) or
    ``due``.
    """
    mailed: str
    """When that mail was written, ``""`` without one."""
    said: str
    """Why it is not sent, ``""`` when it is."""


@dataclass(frozen=True, slots=True)
class FollowedLog:
    """A log of the real server."""

    log: str
    """File, or ``journal``."""
    newest: str
    """Time of the newest line that was read."""
    problem: str
    """Why it cannot be read now, ``""`` when it can."""


@dataclass(frozen=True, slots=True)
class WouldDivert:
    """Sessions that would have found a decoy; an upper bound, as a log holds no passwords."""

    days: int
    """Of so many days."""
    sessions: int
    names: list[str]
    """The decoys that there would be."""
    your_sessions: int
    """Of them, those at names of your users."""
    your_names: list[str]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Somebody who was refused and may be one of your users."""

    name: str
    network: str
    tries: int
    last: str
    reason: str
    """``slip``: one slip away from a user's name; ``network``: your users log in from there."""


@dataclass(frozen=True, slots=True)
class FirstDecoy:
    """When the first decoy is to be expected after switching on."""

    guesses_per_day: float
    """At names that nobody has, in the last week."""
    half_hours: float
    """Half of all sites have one after so long; 0 when nobody guesses."""
    nine_tenths_hours: float
    why_none: str
    """Why there is none yet, ``""`` when there is one."""


@dataclass(frozen=True, slots=True)
class WantedName:
    """A name that was guessed at in the last week."""

    name: str
    tries: int
    standing: str
    """``user``, ``slip`` (of a user's name), ``nobody``, ``elsewhere`` (in no domain of yours)."""


@dataclass(frozen=True, slots=True)
class Day:
    """What came in on one day, UTC."""

    date: str
    logins: int
    refused: int
    unknown_recipients: int
    relays: int
    """Recipients elsewhere that strangers asked for."""
    networks: int
    """That were refused something, about."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the real server's own log says."""

    logs: list[FollowedLog]
    days_looked: float
    days_wanted: float
    may_deceive: bool
    reason: str
    """Why decoys may (not) be switched on without force."""
    users: int
    """Names that ever logged in."""
    networks: int
    """From which they did."""
    would_divert: WouldDivert
    near_misses: list[NearMiss]
    """The nearest of them."""
    near_miss_count: int
    first_decoy: FirstDecoy
    most_wanted: list[WantedName]
    week: list[Day]
    """Days that were looked at, oldest first."""


@dataclass(frozen=True, slots=True)
class LateBounced:
    """The late bounce in the last 24 hours."""

    kept: int = 0
    """Messages to unknown addresses."""
    told: int = 0
    """Recipients whose sender was told that they do not exist."""
    silenced: int = 0
    """Recipients whose sender is never told."""


@dataclass(frozen=True, slots=True)
class Penalised:
    """Penalties, as the edge last said; all zero when it does not run."""

    mode: str = ""
    """``off``, ``observe`` (counted, nobody is kept away), ``on``; ``""``: it does not run."""
    standing: int = 0
    imposed: int = 0
    """Since the edge started."""
    refused_packets: int = 0
    """By the kernel, since the firewall helper made its table."""
    trouble: str = ""
    """Why penalties are not carried out although they should be."""


@dataclass(frozen=True, slots=True)
class Status:
    """``honeypost status``: one object."""

    running: bool
    mode: str
    """
    ``standalone`` (our own servers), beside a real Postfix and Dovecot ``observe`` (only looks) or
    ``deceive`` (attached), ``""`` when it does not run.
    """
    started: str
    uptime_seconds: float
    listeners: dict[str, list[str]]
    pids: dict[str, int]
    cpu_seconds: float
    """What the process that faces attackers has used since it started."""
    budgets: list[Budget]
    decoys: int
    decoys_today: int
    guesses: int
    probes: int
    sessions: int
    captures: int
    handovers: int
    messages_left: int
    """Always 0: no part of Honeypost can send what a decoy sent."""
    grants: str
    """``given``, or why no decoy login is granted now."""
    disarmed: str
    """Why the guard took our part out of Dovecot or Postfix, with its time; ``""`` where not."""
    troubles: list[Trouble]
    observed: Observed
    late_bounce: LateBounced = field(default_factory=LateBounced)
    penalties: Penalised = field(default_factory=Penalised)
    alerts: list[Alert] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Account:
    """``honeypost accounts``: one object an account."""

    account: str
    state: str
    """``won``: a decoy with a secret; ``guessed``: under fire, nobody is in."""
    secret: str
    won: str
    frozen_until: str
    guesses: int
    networks: int
    """Networks that guessed at it."""
    last_guess: str
    entries: int
    """Logins with the secret."""
    handovers: list[str]
    """Networks that knew the secret at their first try."""
    captures: int


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    domain: str
    role: str


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Withheld:
    """One recipient that does not exist."""

    recipient: str
    state: str
    """Of the sender: ``open`` (not judged yet), ``waits``, ``told``, ``never`` (told)."""
    why: str


@dataclass(frozen=True, slots=True)
class Capture:
    """``honeypost captures``: one object a message; lists are filled by ``show`` only."""

    id: str
    time: str
    account: str
    client: str
    queue_id: str
    reverse_path: str
    subject: str
    recipient_count: int
    size: int
    sha256: str
    extracted: bool
    """Has the worker taken it apart yet?"""
    link_count: int
    attachment_count: int
    recipients: list[str]
    links: list[Link]
    attachments: list[Attachment]
    errors: list[str]
    late_bounce: list[Withheld] = field(default_factory=list)
    """Of mail to unknown addresses: what becomes of each recipient."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that happened and why it was answered so."""

    time: str
    kind: str
    """Wire id of the event, as in ``login.refused``."""
    session: str
    client: str
    account: str
    answer: str
    """What the client was told."""
    reason: str
    """The rule that decided, ``""`` where none did."""
    because: str
    distinct_failures: int
    needed_failures: int
    recomputed: str
    """``agrees``, ``disagrees``, ``gap`` (the memory at that time was shorter), ``""``."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``honeypost explain``: one object."""

    subject: str
    kind: str
    """``address``, ``account``, ``message`` or ``session``."""
    summary: list[str]
    evidence: list[Evidence]
    left_out: int
    """Older evidence that is not listed."""
    recomputed: int
    disagreements: int
    undo: list[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the demo says, and whether it is so."""

    text: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class DemoResult:
    """``honeypost demo``: one object at the end."""

    messages_left: int
    credentials_traced: int
    links_found: int
    captures: int
    guesses: int
    hosts: int
    seconds: float
    data: str
    claims: list[Claim]


@dataclass(frozen=True, slots=True)
class Imported:
    """``honeypost import``: one object."""

    lines: int
    days: int
    """That the logs tell of."""
    users: int
    """Names that logged in."""
    networks: int
    """From which they did."""
    refused: int
    """Logins."""
    days_looked: float
    """Altogether, within the last 30 days."""
    may_deceive: bool
    reason: str
    """Why decoys may (not) be switched on without force."""


@dataclass(frozen=True, slots=True)
class Swept:
    """``honeypost gc``: one object."""

    dry_run: bool
    captures: int
    events: int
    findings: int
    """Reports of the worker on captures."""
    observations: int
    """Rows about the real server's log: days, names, networks."""
    bytes: int
    """Freed on the disk; of a dry run, that of the captures."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """``honeypost forget``: one object."""

    dry_run: bool
    tag: str
    """Keyed tag of the address: the same each time, and no way back."""
    captures: int
    events: int
    findings: int
    observations: int


@dataclass(frozen=True, slots=True)
class AllowedLine:
    """``honeypost allow``: one object a network that never has a penalty."""

    network: str
    source: str
    """Who allows it: ``honeypost allow``, a setting, or a jail of fail2ban."""
    added: str
    """When, ``""`` where nobody noted it."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """``honeypost penalties``: one object a network that is kept away now."""

    network: str
    began: str
    until: str
    rung: int
    failures: int
    carried_out: bool
    """``False``: only observed, nobody is kept away."""


@dataclass(frozen=True, slots=True)
class Up:
    """``honeypost up``: one object, when everything answers."""

    ready: bool
    listeners: dict[str, list[str]]
    pids: dict[str, int]


@dataclass(frozen=True, slots=True)
class SiteFinding:
    """Something about the real servers that stands against attaching, or is worth knowing."""

    code: str
    severity: str
    """``refuse``, ``mend`` or ``warn``."""
    part: str
    """What it is about: ``decoys`` or ``late bounce``."""
    text: str
    mend: str


@dataclass(frozen=True, slots=True)
class Attached:
    """``honeypost attach``: one object."""

    applied: bool
    refused: bool
    findings: list[SiteFinding]
    diff: str
    """Unified, of all files of both daemons and ours."""
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Backup:
    """One attachment of which the earlier files are kept."""

    id: str
    time: str
    what: str
    """What became of it, and how many files it changed."""


@dataclass(frozen=True, slots=True)
class Detached:
    """``honeypost detach`` and ``honeypost rollback``: one object."""

    id: str
    """Of the attachment that was undone, ``""`` when nothing was attached."""
    exact: bool
    """Every file is as it was before, by hash."""
    notes: list[str]
    backups: list[Backup] = field(default_factory=list)
    """What ``rollback --list`` names; nothing is undone then."""


@dataclass(frozen=True, slots=True)
class Mode:
    """``honeypost mode``: one object."""

    mode: str
    """``observe`` or ``deceive``."""
    measures: list[str]
    """What stands in Postfix besides: ``caps``, ``late bounce``."""


@dataclass(frozen=True, slots=True)
class Checked:
    """``honeypost doctor``: one object a line."""

    check: str
    result: str
    """``ok``, ``warn``, ``red``, ``not proven`` or ``skipped``."""
    line: str
    mend: str
    """One line, ``""`` where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class RecipeFile:
    """``honeypost recipe``: one object a file."""

    path: str
    """Where the text belongs."""
    text: str
    proof: str
    """How the recipe was tried: ``run with the real program`` or ``syntax-tested only``."""
