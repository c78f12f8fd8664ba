"""What hangs on a message: a name that is safe to show, what it really is, its digest."""

from __future__ import annotations

import hashlib
import unicodedata

from honeypost.extract import limits
from honeypost.extract.report import Attachment

MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"{\\rtf", "application/rtf"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
)
ISO_OFFSET, ISO_MAGIC = 0x8001, b"CD001"
HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<table")
SVG_STARTS = (b"<svg", b"<!doctype svg")
SNIFFED_BYTES = 512


def sniffed(data: bytes) -> str:
    """Tell the type from the content, ``""`` when it does not show."""
    for magic, name in MAGIC:
        if data.startswith(magic):
            return name
    if data[ISO_OFFSET : ISO_OFFSET + len(ISO_MAGIC)] == ISO_MAGIC:
        return "application/x-iso9660-image"
    return markup(data)


def markup(data: bytes) -> str:
    """Is it HTML or SVG, as browsers sniff it?  Gives the type or ``""``."""
    start = data[:SNIFFED_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    if start.startswith(SVG_STARTS) or (start.startswith(b"<?xml") and b"<svg" in start):
        return "image/svg+xml"
    return "text/html" if start.startswith(HTML_STARTS) else ""


def described(name: str, declared: str, data: bytes) -> Attachment:
    """Describe one attachment."""
    return Attachment(
        name=display_name(name),
        type=sniffed(data) or declared,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        declared=declared,
    )


def display_name(name: str) -> str:
    r"""
    Make a file name safe to show: no path, no control or direction characters.

    >>> display_name("..\\x/\u202egpj.exe\n")
    'gpj.exe'
    """
    last = name.replace("\\", "/").rpartition("/")[2][: 4 * limits.ATTACHMENT_NAME_CHARS]
    kept = "".join(c for c in last if c == " " or unicodedata.category(c)[0] not in "CZ")
    return kept.strip()[: limits.ATTACHMENT_NAME_CHARS]
