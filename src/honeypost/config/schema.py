"""
Every setting, its default and what it is for.

Frozen dataclasses, one per section of the TOML file; ``help_text(field)`` gives the text that
the manual shows.  Units stand in the name.  A component is given the small part it needs,
never the whole.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


def setting(default: Any, text: str) -> Any:
    """Declare a setting with its default and its help text."""
    if isinstance(default, list | dict):
        raise TypeError("defaults are immutable")
    return field(default=default, metadata={"help": text})


def help_text(declared: Field[Any]) -> str:
    """Give the help text that a setting was declared with."""
    return str(declared.metadata["help"])


@dataclass(frozen=True, slots=True)
class Site:
    domains: tuple[str, ...] = setting(
        ("example.org",), "Domains in which decoy accounts may come into being. First = default."
    )
    hostname: str = setting("mail.example.org", "Our name in banner, EHLO reply and certificate.")
    real_names: str = setting(
        "", "File with one real name a line that must never become a decoy (standalone)."
    )


@dataclass(frozen=True, slots=True)
class Listeners:
    """``address:port``, ``[v6]:port`` or ``unix:/path``; several separated by blanks; "" is off."""

    smtp: str = setting("127.0.0.1:2525 [::1]:2525", "MX, SMTP.")
    submission: str = setting("127.0.0.1:2587 [::1]:2587", "Submission with STARTTLS.")
    submissions: str = setting("127.0.0.1:2465 [::1]:2465", "Submission over TLS.")
    lmtp: str = setting("", "Sink for decoy mail that Postfix hands over.")
    limbo: str = setting("", "Mail to unknown addresses, which Postfix hands over (late bounce).")
    policy: str = setting("", "Postfix policy service for decoys (end of data).")
    lookup: str = setting("", "HTTP end that Dovecot's decoy script asks.")
    authpolicy: str = setting("", "HTTP end that Dovecot's auth policy client reports to.")


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: str = setting("", 'PEM file with the chain; "" makes a self-signed one.')
    key: str = setting("", "PEM file with the private key.")


@dataclass(frozen=True, slots=True)
class Decoys:
    failures_min: int = setting(2, "Fewest distinct failures on an account before a guess may win.")
    failures_max: int = setting(4, "Most of them; the number is keyed-random for each account.")
    role_share: float = setting(0.9, "Share of role names (admin, info, ...) that exist. 0 to 1.")
    name_share: float = setting(0.05, "Share of all other names that exist. 0 to 1.")
    new_per_day: int = setting(3, "Cap of decoys that come into being in a day.")
    frozen_days: int = setting(180, "A won credential works at least so long.")
    refusal_seconds: float = setting(2.0, "What a refused login costs; Dovecot's own is 2 s.")
    unsure_rest_hours: float = setting(
        24.0, "A name that could not be told from a real one does not open for so long after."
    )


@dataclass(frozen=True, slots=True)
class Budgets:
    connections: int = setting(400, "Open connections at once.")
    connections_per_network: int = setting(50, "The same per IPv4 address or IPv6 /64.")
    message_bytes: int = setting(10_240_000, "Largest message; announced as SIZE.")
    recipients: int = setting(1000, "Recipients of one message.")
    capture_bytes_per_day: int = setting(
        200 * MIB, "Bytes of captures a day; of them one decoy may use half."
    )
    disk_bytes: int = setting(512 * MIB, "Bytes of captures kept; the oldest make way.")
    disk_free_bytes: int = setting(256 * MIB, "Free space on the disk that we leave to others.")
    memory_bytes: int = setting(
        96 * MIB, "Memory of the process that faces clients; above it none come in."
    )
    spool_bytes: int = setting(64 * MIB, "Bytes of message bodies being received, all together.")
    spool_memory_bytes: int = setting(
        64 * 1024, "Of one body, kept in memory before a file is used."
    )
    accounts: int = setting(20_000, "Guessed accounts remembered; the least recent go first.")
    journal_bytes: int = setting(128 * MIB, "Size of the journal before old events go.")


@dataclass(frozen=True, slots=True)
class Retention:
    capture_days: int = setting(30, "Captures are deleted after so many days.")
    event_days: int = setting(90, "Events and findings are deleted after so many days.")


@dataclass(frozen=True, slots=True)
class Beside:
    """How to ask a real Postfix and Dovecot, and what was attached to them."""

    userdb_socket: str = setting("", "Dovecot auth-userdb socket (its name must end in -userdb).")
    postfix_directory: str = setting("", "Postfix configuration directory, e.g. /etc/postfix.")
    maps: tuple[str, ...] = setting(
        (), "Postfix maps that hold real names, as postmap -q takes them, e.g. hash:/etc/aliases."
    )
    names_seconds: float = setting(0.3, "Longest wait for an answer about a real name.")
    containment: str = setting("", "File that records the attached containment.")
    no_decoys_from: tuple[str, ...] = setting(
        ("127.0.0.0/8", "::1/128"),
        "Networks whose clients never get a decoy: add every host with a webmail of yours.",
    )
    script_key: str = setting("", "What Dovecot's script and policy client send as X-Key.")


@dataclass(frozen=True, slots=True)
class Observe:
    """What is read of a real server's own log; nothing of the server is changed for it."""

    log: tuple[str, ...] = setting(
        (), 'Files, "journal", or "auto" (the mail log where one is written, else the journal).'
    )
    backfill_days: int = setting(
        30, "Older logs read at the first start, rotated and compressed ones too."
    )
    keep_days: int = setting(
        30, "Figures of each day, refused names and their networks are kept so long."
    )
    known_days: int = setting(
        180, "A network is known as good so long after somebody logged in from there."
    )


@dataclass(frozen=True, slots=True)
class Penalties:
    """Pauses for networks that fail to log in; carried out by the firewall helper."""

    mode: str = setting(
        "observe", "off, observe (note what would have been done) or on (the helper does it)."
    )
    ladder_seconds: tuple[int, ...] = setting(
        (60, 300, 1800, 7200, 86_400), "The first penalty and each further one; ascending."
    )
    jitter_share: float = setting(0.25, "Each lasts up to this share longer, by chance. 0 to 1.")
    decay_seconds: int = setting(
        86_400, "After so long without a failure, one failure and one rung are forgotten."
    )
    known_good_days: int = setting(
        30, "A network with a real login in so many days has no penalty; nor one that won a decoy."
    )
    networks: int = setting(10_000, "Networks remembered; the least recent go first.")
    never: tuple[str, ...] = setting(
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
        "Networks that never have a penalty, beside honeypost allow and beside.no_decoys_from.",
    )
    fail2ban_directory: str = setting(
        "/etc/fail2ban", 'Its ignoreip counts like "never"; "" reads none.'
    )
    helper: str = setting("/run/honeypost/firewall.sock", "Unix socket of the firewall helper.")
    ports: tuple[int, ...] = setting(
        (25, 465, 587, 110, 143, 993, 995), "TCP ports that a penalty closes."
    )
    client_conversations: int = setting(
        25, "Of one IPv4 address or IPv6 /64, at once, where Postfix asks our policy service."
    )
    network_conversations: int = setting(50, "The same of one IPv4 /24 or IPv6 /48.")


@dataclass(frozen=True, slots=True)
class LateBounce:
    """Mail to unknown addresses is accepted, and its sender is told hours later."""

    mode: str = setting("off", "off or on; once it is off, what still waits is told at once.")
    delay_hours: float = setting(4.0, "A sender who is proven is told after so long.")
    bytes_per_day: int = setting(64 * MIB, "Kept of such mail in a day; above it Postfix waits.")
    messages_per_network: int = setting(
        200, "Such messages that one IPv4 address or IPv6 /64 may have accepted in a day."
    )
    give_up_hours: float = setting(
        24.0, "Who cannot be judged for so long (no DNS) is not told; the mail is kept."
    )
    nameservers: tuple[str, ...] = setting(
        (), "Resolvers to ask, address or address:port; none means those of /etc/resolv.conf."
    )


@dataclass(frozen=True, slots=True)
class Alerts:
    """Mail to the operator, sent through the host's own Postfix; see docs/alerts.md."""

    to: tuple[str, ...] = setting(
        (), 'Who is told, as in ["root"]: names of this host; none means that no mail is sent.'
    )
    mute: tuple[str, ...] = setting((), "Kinds that nobody is told of; the mails name them.")
    server: str = setting("127.0.0.1:25", "Where mail is handed in over SMTP: address:port.")
    sender: str = setting("", 'Reverse-path; "" is the null one, so that no notice comes back.')
    elsewhere: str = setting(
        "off", "on: server and recipients may be outside this host and its domains."
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, validated."""

    site: Site = field(default_factory=Site)
    listeners: Listeners = field(default_factory=Listeners)
    tls: Tls = field(default_factory=Tls)
    decoys: Decoys = field(default_factory=Decoys)
    budgets: Budgets = field(default_factory=Budgets)
    retention: Retention = field(default_factory=Retention)
    beside: Beside = field(default_factory=Beside)
    observe: Observe = field(default_factory=Observe)
    penalties: Penalties = field(default_factory=Penalties)
    late_bounce: LateBounce = field(default_factory=LateBounce)
    alerts: Alerts = field(default_factory=Alerts)


@dataclass(frozen=True, slots=True)
class SiteSecrets:
    """
    What is random per site and never a constant of ours (``DATA/site.json``, mode 0600).

    Made once by ``honeypost up`` (or the attaching of a site) and never changed afterwards.
    """

    site: str
    """Opaque id of the installation."""
    key: bytes
    """32 bytes; every keyed choice (which names exist, how many failures, tags) hangs on it."""
    marker_domain: str
    """Domain of the marker users that Dovecot hands to Postfix, e.g. ``k3f9x2.invalid``."""
    header: str
    """Name of the header that carries the marker behind Postfix, e.g. ``X-Tq81mR``."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where each process keeps its own; each writes only below its own folder."""

    data: Path

    @property
    def secrets(self) -> Path:
        return self.data / "site.json"

    @property
    def journal(self) -> Path:
        return self.data / "edge" / "journal.db"

    @property
    def status(self) -> Path:
        """How the edge is doing, written anew every few seconds."""
        return self.data / "edge" / "status.json"

    @property
    def segments(self) -> Path:
        return self.data / "edge" / "segments"

    @property
    def settling(self) -> Path:
        """While it is there, nobody waits for a late bounce any more; ``detach`` makes it."""
        return self.data / "attach" / "settling"

    @property
    def spool(self) -> Path:
        return self.data / "edge" / "spool"

    @property
    def allowed(self) -> Path:
        """What ``honeypost allow`` keeps: the operator's, read by the edge."""
        return self.data / "operator" / "allowed.json"

    @property
    def intel(self) -> Path:
        return self.data / "worker" / "intel.db"

    @property
    def judgements(self) -> Path:
        """Whether senders to unknown addresses are told."""
        return self.data / "worker" / "judgements.db"

    @property
    def bus(self) -> Path:
        """Datagram socket of the worker: "look again"."""
        return self.data / "worker" / "bus.sock"

    @property
    def names(self) -> Path:
        """Stream socket of the worker: is there a real user of that name?"""
        return self.data / "worker" / "names.sock"

    @property
    def tls(self) -> Path:
        return self.data / "tls"
