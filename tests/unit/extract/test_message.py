"""A whole message: everything is found with its role and place, and what breaks is marked."""

from __future__ import annotations

import sys
import time

import pytest

from honeypost.extract import limits, message
from honeypost.extract.message import preload, take_apart
from support.costly_mail import COSTLY, NEEDLE

CPU_SECONDS = 1.5 if sys.gettrace() is None else 6.0
"""A second is the aim; the margin is for a busy machine, the larger one for coverage."""
HEAD = b"MIME-Version: 1.0\r\n"


@pytest.fixture(scope="module", autouse=True)
def _warm():
    preload()


def roles(raw):
    return [(link.url, link.role.value, link.where) for link in take_apart(raw).links]


def html(body: bytes) -> bytes:
    return HEAD + b"Content-Type: text/html\r\n\r\n" + body


def test_every_role():
    raw = (
        b"To: A <a@x.example>\r\nSubject: see http://s.example/\r\n"
        b"List-Unsubscribe: <http://h.example/>, <mailto:x@y>\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\nhttp://hidden.example/\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<base href=http://base.example/><a href=r>"
        b"http://label.example/</a><img src=http://p.example/>http://t.example/"
        b"<!-- http://c.example/ -->\r\n--b\r\n"
        b"Content-Type: application/octet-stream; name=x.htm\r\n\r\n"
        b"<html><a href=http://a.example/>\r\n--b--\r\n"
    )
    report = take_apart(raw, file="x", envelope=[b"e@x.example"])
    assert [(link.url, link.role.value, link.where) for link in report.links] == [
        ("http://base.example/r", "link", "1:a@href"),
        ("http://a.example/", "attachment", "2:a@href"),
        ("http://t.example/", "text", "1:text"),
        ("http://label.example/", "text", "1:text"),
        ("http://s.example/", "text", "0:subject:text"),
        ("http://p.example/", "resource", "1:img@src"),
        ("http://h.example/", "header", "0:list-unsubscribe"),
        ("http://hidden.example/", "hidden", "0:unseen"),
        ("http://c.example/", "hidden", "1:hidden"),
    ]
    assert [item.notes for item in report.links if "label" in item.url] == [("label",)]
    assert [(item.address, item.role) for item in report.recipients] == [
        ("e@x.example", "envelope"),
        ("a@x.example", "to"),
    ]
    assert [(item.name, item.type) for item in report.attachments] == [("x.htm", "text/html")]
    assert report.file == "x"
    assert report.probe is None
    assert report.errors == ()


def test_calendar_lines_are_unfolded():
    raw = b"Content-Type: text/calendar\r\n\r\nURL:http://a.exam\r\n ple/x\r\n"
    assert roles(raw) == [("http://a.example/x", "text", "1:text")]


def test_html_that_is_declared_as_text_is_html():
    assert roles(b"Content-Type: text/plain\r\n\r\n<html><a href=//a.example>")[0][1] == "link"


def test_a_named_text_is_an_attachment():
    raw = b"Content-Type: text/plain; name=a.txt\r\n\r\nhttp://a.example/"
    assert roles(raw) == [("http://a.example/", "attachment", "1:text")]


def test_charset_of_the_page_itself():
    body = '<meta charset="utf-16-oops"><a href=http://b\u00fccher.example/>'.encode()
    assert roles(html(body))[0][0] == "http://xn--bcher-kva.example/"


def test_the_tail_of_a_padded_mail_is_read():
    padding = b"x" * (2 * limits.PART_TEXT_BYTES)
    report = take_apart(html(padding + b" <a href=http://a.example/>"))
    assert [link.url for link in report.links] == ["http://a.example/"]
    assert "text-cut" in report.errors


def test_text_has_a_budget_over_all_parts():
    part = b"--b\r\n\r\n" + b"x" * limits.PART_TEXT_BYTES + b"\r\n"
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert "text-cut" in take_apart(head + part * 3 + b"--b--").errors


def test_a_message_that_is_too_long_is_marked():
    report = take_apart(b"To: a@b\r\n\r\n" + b"\n" * limits.MESSAGE_BYTES)
    assert "message-cut" in report.errors
    assert "message-cut" in take_apart(b"", cut=True).errors


def test_a_part_that_breaks_its_reader_is_marked_and_the_next_one_read(monkeypatch):
    real = message.decoded

    def breaks(body, encoding, marks):
        if encoding == "base64":
            raise ValueError("broken")
        return real(body, encoding, marks)

    monkeypatch.setattr(message, "decoded", breaks)
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b\r\n\r\nhttp://a.example/\r\n"
    )
    report = take_apart(raw)
    assert report.errors == ("part-broken ValueError",)
    assert [link.url for link in report.links] == ["http://a.example/"]


@pytest.mark.parametrize("name", COSTLY)
def test_costly_mail_is_cheap_and_its_link_is_found(name):
    raw = COSTLY[name]()
    before = time.process_time()
    report = take_apart(raw)
    assert time.process_time() - before < CPU_SECONDS
    assert NEEDLE in [link.url for link in report.links]
    assert not [error for error in report.errors if error.startswith("part-broken")]
