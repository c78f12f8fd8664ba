"""Real spam mails of the test data, and what they look like on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

LARGEST = 1_000_000


def spam_mails(directory: Path, amount: int) -> Iterator[tuple[Path, bytes]]:
    """Give so many real mails with a sound head, each with its file."""
    return islice(_sound(sorted((directory / "mail/phishing_pot").rglob("*.eml"))), amount)


def _sound(paths: list[Path]) -> Iterator[tuple[Path, bytes]]:
    for path in paths:
        raw = path.read_bytes()
        head = wire(raw).partition(b"\r\n\r\n")[0]
        headers = [line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
        if all(re.match(rb"[!-9;-~]+:", line) for line in headers) and len(raw) < LARGEST:
            yield path, raw


def wire(raw: bytes) -> bytes:
    """Give a mail file's text as it goes over the wire."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", raw.replace(b"\0", b""))
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def stuffed(text: bytes) -> bytes:
    """Make wire text: CRLF at each line's end, leading dots doubled."""
    return b"".join(
        b"." * line.startswith(b".") + line + b"\r\n" for line in text.split(b"\r\n")[:-1]
    )
