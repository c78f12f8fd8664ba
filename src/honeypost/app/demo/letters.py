"""
The mails of the demo's attackers: our own texts, every name in a reserved domain.

They have what real runs have: one link per recipient group, a shortened and a bare one, a
picture to load, an unsubscribe header, a file with a double ending, lines that begin with a dot.
"""

from __future__ import annotations

from base64 import encodebytes
from dataclasses import dataclass

DROP_BOX = "results@collector.example"
"""Where the guessers have their test mail sent; the same for every account they win."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one attacker sends."""

    sender: str
    recipients: tuple[str, ...]
    body: bytes
    links: tuple[str, ...] = ()
    """What must be found in it."""


def probe_letter(account: str) -> Letter:
    """Give the mail that tells the guessers' drop box: this one works."""
    body = _lines(
        f"From: <{account}>",
        f"To: <{DROP_BOX}>",
        "Subject: test 40 hosts",
        "",
        f"{account} ok",
        ".",
        "",
    )
    return Letter(account, (DROP_BOX,), body)


def spam_run(account: str) -> tuple[Letter, ...]:
    """Give the run of those who bought the credential, each mail to other recipients."""
    return (
        _parcel(account, "northgate", 1),
        _parcel(account, "southgate", 2),
        _invoice(account),
        _mailbox_full(account),
        _lottery(account),
    )


def _parcel(account: str, town: str, number: int) -> Letter:
    link = f"http://parcel-desk.example/t/{town}?id={number}"
    body = _lines(
        f'From: "Parcel Desk" <{account}>',
        f"To: customers@{town}.example",
        "Subject: Your parcel is waiting",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="b1"',
        "List-Unsubscribe: <http://parcel-desk.example/out>",
        "",
        "--b1",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Your parcel could not be delivered.",
        ". . . . . . . . . .",
        f"Choose a new date: {link}",
        "--b1",
        "Content-Type: text/html; charset=utf-8",
        "",
        f'<p>Your parcel could not be delivered. <a href="{link}">Choose a new date</a>',
        '<img src="http://pixel.parcel-desk.example/o.gif" width="1" height="1"></p>',
        "--b1--",
        "",
    )
    recipients = tuple(f"{name}@{town}.example" for name in ("ben", "carla", "dora", "emil"))
    return Letter(account, recipients, body, (link, "http://pixel.parcel-desk.example/o.gif"))


def _invoice(account: str) -> Letter:
    content = encodebytes(b"PK\x03\x04" + b"not a program, only a demo. " * 40).decode()
    body = _lines(
        f'From: "Accounts" <{account}>',
        "To: office@harbour.example",
        "Subject: Invoice 2207 overdue",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b2"',
        "",
        "--b2",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Please pay the attached invoice today, or here:",
        "https://invoice-portal.example/pay?n=2207",
        "--b2",
        'Content-Type: application/zip; name="invoice-2207.pdf.zip"',
        'Content-Disposition: attachment; filename="invoice-2207.pdf.zip"',
        "Content-Transfer-Encoding: base64",
        "",
        *content.splitlines(),
        "--b2--",
        "",
    )
    link = "https://invoice-portal.example/pay?n=2207"
    return Letter(account, ("office@harbour.example", "accounts@harbour.example"), body, (link,))


def _mailbox_full(account: str) -> Letter:
    link = "http://192.0.2.80/webmail/login"
    body = _lines(
        f'From: "Mail service" <{account}>',
        "To: staff@hilltop.example",
        "Subject: Your mailbox is almost full",
        "MIME-Version: 1.0",
        "Content-Type: text/html; charset=utf-8",
        "",
        f'<p>98% used. <a href="{link}">Keep my messages</a></p>',
    )
    return Letter(account, ("staff@hilltop.example",), body, (link,))


def _lottery(account: str) -> Letter:
    link = "https://grand-draw.example/claim"
    body = _lines(
        f'From: "Grand Draw" <{account}>',
        "To: winners@lakeside.example",
        "Subject: You have won 45,000 euro",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        "You have won € 45,000. Claim it within three days:",
        f"  {link}",
        "..",
        "The Grand Draw office",
        "",
    )
    recipients = tuple(f"user{number}@lakeside.example" for number in range(1, 9))
    return Letter(account, recipients, body, (link,))


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode()
