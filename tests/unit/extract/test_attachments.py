"""Attachments are named safely and known by their content."""

from __future__ import annotations

import hashlib

import pytest

from honeypost.extract import limits
from honeypost.extract.attachments import described, display_name, markup, sniffed


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"MZ\x90", "application/vnd.microsoft.portable-executable"),
        (b"\x00" * 0x8001 + b"CD001", "application/x-iso9660-image"),
        (b" \r\n<!DOCTYPE HTML>", "text/html"),
        (b"\x00<html>", "text/html"),
        (b"<?xml version='1.0'?><svg>", "image/svg+xml"),
        (b"<svg>", "image/svg+xml"),
        (b"hello", ""),
        (b"", ""),
    ],
)
def test_sniffing(data, kind):
    assert sniffed(data) == kind


def test_markup_is_found_in_the_first_bytes_only():
    assert markup(b"x <html>") == ""


def test_description():
    found = described("a.txt", "text/plain", b"%PDF-x")
    assert (found.name, found.type, found.declared) == ("a.txt", "application/pdf", "text/plain")
    assert found.size == 6
    assert found.sha256 == hashlib.sha256(b"%PDF-x").hexdigest()
    assert described("", "x/y", b"?").type == "x/y"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a b.pdf", "a b.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\y.exe", "y.exe"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\x00\x1b[2J\n", "a[2J"),
        ("x" * 5000, "x" * limits.ATTACHMENT_NAME_CHARS),
        ("", ""),
    ],
)
def test_display_names(name, shown):
    assert display_name(name) == shown
