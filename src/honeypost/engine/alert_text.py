"""
What stands in an alert: what happened, what it means, what to do, how to silence it.

Part of it was written by attackers (names they logged in with, addresses they wrote to), so
everything that did not come from us goes through :func:`plain`: letters, digits and few signs, no
control characters, no line ends, nothing that a mail program would make a link of.  Secrets do not
come here at all.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from honeypost.engine.alerts import Ledger
from honeypost.model import AlertKind

COLUMNS: Final = 76
PLAIN_MOST: Final = 120
"""Characters of one foreign text."""

BYTE_MAX: Final = 0xFF

_STRANGE: Final = re.compile(r"[^A-Za-z0-9@._+=/\\ ,;:()\[\]'-]")
_LINK: Final = re.compile(r"(?i)//|\bwww\.")


@dataclass(frozen=True, slots=True)
class Words:
    """One kind in words."""

    title: str
    means: str
    todo: str


WORDS: Final[Mapping[AlertKind, Words]] = MappingProxyType(
    {
        AlertKind.DECOY: Words(
            "the first decoy was won",
            "A guess succeeded on an account that nobody has. Whoever did it believes to own a"
            " mailbox here. Nothing that is sent with it leaves this host. No real account is"
            " touched.",
            "Nothing. Look at it: honeypost accounts, honeypost explain ACCOUNT. There is no mail"
            " about later ones; honeypost status counts them.",
        ),
        AlertKind.CONTAINMENT: Words(
            "the containment is not what was attached",
            "Postfix's configuration was changed, or a part of Postfix still runs with an older"
            " one. So no decoy login is granted, and nothing is sent for those that are in. Real"
            " users notice nothing.",
            "If you have changed main.cf or master.cf: postfix reload; then honeypost detach and"
            " honeypost attach --apply. What is wrong: honeypost doctor.",
        ),
        AlertKind.EDGE: Words(
            "the sensor has been silent for an hour",
            "The process that answers Postfix and Dovecot gives no sign of life. Real users log in"
            " and get their mail as ever. No new decoys are won; what a decoy sends waits in"
            " Postfix's queue.",
            "systemctl status honeypost-edge; journalctl -u honeypost-edge; honeypost doctor.",
        ),
        AlertKind.LOG: Words(
            "the mail log has been unreadable for an hour",
            "Honeypost sees no logins, so it learns no new users and counts no attackers. Who"
            " logged in before stays known.",
            "honeypost status names the log; the user honeypost-worker must be able to read it.",
        ),
        AlertKind.BUDGET: Words(
            "a budget is used up",
            "Decoys are answered as a full server would: try again later. Real mail is not"
            " touched.",
            "Nothing, unless it happens every day: honeypost status shows the budgets, section"
            " [budgets] of honeypost.toml sets them.",
        ),
        AlertKind.DISARMED: Words(
            "our part was taken out of the mail server",
            "Before Dovecot or Postfix started, our part of their configuration was tried and"
            " would have kept it from working. It was taken out, so that real users can log in."
            " No decoy login is granted.",
            "honeypost detach, then honeypost attach --apply; honeypost doctor says what is wrong.",
        ),
        AlertKind.WITHHELD: Words(
            "mail to unknown names was kept",
            "Somebody wrote to names that do not exist here, and could not be proven to be who"
            " they claim to be, so they are not told. Most of it is spam. The mail is kept for a"
            " while.",
            "Return one now to whom it was meant for: honeypost captures release CAPTURE --to NAME."
            " The list: honeypost captures --late-bounce.",
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One kind in one mail."""

    ledger: Ledger
    """As it was before the mail."""
    lines: Sequence[str]
    """Of single occurrences, the latest last, already :func:`plain`."""


def plain(text: str | bytes) -> str:
    r"""
    Make a foreign text harmless and short.

    >>> plain(b"x\r\nBcc: evil@example.net\x1b[2J")
    'x\\x0d\\x0aBcc: evil@example.net\\x1b[2J'
    >>> plain("www.example.net"), plain("https://x")
    ('www .example.net', 'https:/ /x')
    """
    if isinstance(text, bytes):
        text = text[:PLAIN_MOST].decode("latin-1")
    escaped = _STRANGE.sub(_escaped, text[:PLAIN_MOST])
    escaped = _LINK.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", escaped)
    return escaped if len(escaped) <= PLAIN_MOST else f"{escaped[:PLAIN_MOST]}..."


def subject(host: str, told: Sequence[Told]) -> str:
    """
    Give the subject of a mail.

    :param host: name of this host, from the configuration.
    """
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return f"[honeypost] {plain(host)}: {WORDS[told[0].ledger.kind].title}{more}"


def body(host: str, told: Sequence[Told]) -> str:
    """Give the text of a mail: ASCII, lines of at most 76 characters where they are ours."""
    parts = [f"Honeypost on {plain(host)} tells:"]
    parts += ["\n".join(_section(each)) for each in told]
    parts.append("\n".join(_silencing([each.ledger.kind for each in told])))
    return "\n\n".join(parts) + "\n"


def _section(told: Told) -> list[str]:
    ledger, words = told.ledger, WORDS[told.ledger.kind]
    lines = [f"* {words.title[0].upper()}{words.title[1:]}", *_filled("When", _when(ledger))]
    for line in told.lines:
        lines += textwrap.wrap(line, COLUMNS, initial_indent="    - ", subsequent_indent=" " * 6)
    lines += _filled("Means", words.means)
    lines += _filled("To do", words.todo)
    return lines


def _when(ledger: Ledger) -> str:
    if not ledger.pending:
        return f"since {stamp(ledger.since)}, and still so"
    if ledger.pending == 1:
        said = stamp(ledger.first)
    else:
        said = f"{ledger.pending:,} times, from {stamp(ledger.first)} to {stamp(ledger.last)}"
    return f"{said}, and still so" if ledger.standing else said


def _silencing(kinds: Sequence[AlertKind]) -> list[str]:
    names = ", ".join(f'"{kind}"' for kind in kinds)
    return [
        "How to silence it, in honeypost.toml (then restart honeypost-worker);",
        "to = [] ends all such mail:",
        "    [alerts]",
        f"    mute = [{names}]",
    ]


def _filled(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=f"  {label + ':':<7}",
        subsequent_indent=" " * 9,
        break_long_words=False,
        break_on_hyphens=False,
    )


def stamp(time: float) -> str:
    """
    Write a time for people.

    >>> stamp(0)
    '1970-01-01 00:00 UTC'
    """
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number <= BYTE_MAX else found[0].encode("unicode_escape").decode()
