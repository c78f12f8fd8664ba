"""
Mails that have hung, killed or starved published mail and HTML libraries.

Each is a function of no arguments by name; all hold the link ``http://needle.example/``
where a reader would come across it.
"""

from __future__ import annotations

from collections.abc import Callable

NEEDLE = "http://needle.example/"
LINK = f'<a href="{NEEDLE}">x</a>'.encode()


def nested_multiparts(depth: int = 3000) -> bytes:
    heads = "".join(
        f'Content-Type: multipart/mixed; boundary="b{i}"\r\n\r\n--b{i}\r\n' for i in range(depth)
    )
    return (heads + "Content-Type: text/plain\r\n\r\n" + NEEDLE + "\r\n").encode()


def nested_messages(depth: int = 1000) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" * depth + b"\r\n" + NEEDLE.encode()


def many_parts(count: int = 50_000) -> bytes:
    parts = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * count
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + NEEDLE.encode()


def html(body: bytes) -> bytes:
    return b"Content-Type: text/html\r\n\r\n" + body


def plain(body: bytes) -> bytes:
    return b"Content-Type: text/plain\r\n\r\n" + body


def quoted_printable() -> bytes:
    line = b"=41=42=43=44=45=46=47=48=49=4A=4B=4C=4D=4E=4F=50=51=52=53=54=55=56=20\r\n"
    head = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head + NEEDLE.encode() + b"\r\n" + line * (10_000_000 // len(line))


def four_parts(body: bytes) -> bytes:
    part = b"--b\r\nContent-Type: text/html\r\n\r\n" + LINK + body + b"\r\n"
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 4 + b"--b--\r\n"


COSTLY: dict[str, Callable[[], bytes]] = {
    "3,000 nested multiparts": nested_multiparts,
    "19 multiparts around 10 MB": lambda: nested_multiparts(19) + b"\n" * 10_000_000,
    "1,000 nested messages": nested_messages,
    "50,000 parts": many_parts,
    "500,000 div": lambda: html(LINK + b"<div>" * 500_000),
    "500,000 attributes": lambda: html(LINK + b"<p " + b"a=1 x " * 250_000 + b">"),
    "100,000 formatting elements": lambda: html(
        LINK + b"".join(b"<b id=%d><p>" % i for i in range(100_000))
    ),
    "unclosed quotes": lambda: html(LINK + b"<a b=\"'" * 150_000),
    "unclosed comments": lambda: html(LINK + b"<!--[if x" * 100_000 + b"<!-- " * 100_000),
    "unclosed scripts": lambda: html(LINK + b"<script></s" * 100_000),
    "long references": lambda: html(LINK + b"&#" + b"9" * 1_000_000),
    "many references": lambda: html(LINK + b"&#x41;&ampx&" * 90_000),
    "many css urls": lambda: html(LINK + b"<style>" + b"url( url(http:" * 70_000),
    "labels in a host": lambda: plain(NEEDLE.encode() + b" http://" + b"a." * 200_000),
    "2 MB without a blank": lambda: plain(NEEDLE.encode() + b"\r\n" + b"x.y/" * 500_000),
    "brackets": lambda: plain(NEEDLE.encode() + b" http://a.com/" + b"(" * 200_000),
    "100,000 URLs": lambda: plain(
        NEEDLE.encode() + b"\n" + b"".join(b"http://a%d.example.com/\n" % i for i in range(100_000))
    ),
    "100,000 bare hosts": lambda: plain(NEEDLE.encode() + b" www.a.com/b" * 100_000),
    "100,000 links": lambda: html(
        LINK + b"".join(b"<a href=http://a%d.com/>" % i for i in range(100_000))
    ),
    "10 MB of quoted-printable": quoted_printable,
    "10 MB of base64 signs": lambda: (
        b"Content-Transfer-Encoding: base64\r\nList-Unsubscribe: <" + NEEDLE.encode() + b">\r\n\r\n"
        + b"QQ==" * 2_500_000
    ),
    "100,000 header lines": lambda: b"A: b\r\n" * 100_000 + b"\r\n" + NEEDLE.encode(),
    "a header of 5 MB": lambda: (
        b"To: " + b'"\\"<a@b>(' * 600_000 + b"\r\n\r\n" + NEEDLE.encode()
    ),
    "parameters without end": lambda: (
        b"Content-Type: text/plain" + b';a*0="x' * 100_000 + b"\r\n\r\n" + NEEDLE.encode()
    ),
    "encoded words": lambda: (
        b"Subject: " + b"=?utf-8?q?a?= =?" * 10_000 + b"\r\n\r\n" + NEEDLE.encode()
    ),
    "a boundary on every line": lambda: (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\r\n" + NEEDLE.encode() + b"\r\n"
        + b"--bb\r\n" * 500_000
    ),
    "blanks behind boundaries": lambda: (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\r\n" + NEEDLE.encode() + b"\r\n"
        + (b"--b" + b" " * 50_000 + b"x\r\n") * 100
    ),
    "4 parts of references": lambda: four_parts(b"&#x41;&ampx&" * 87_000),
    "4 parts of tags": lambda: four_parts(b"<b id=1><p style='url(a)'>" * 40_000),
    "4 parts of bare hosts": lambda: four_parts(b"www.a.com/b http://c.de/(((" * 38_000),
    "4 parts of hidden links": lambda: four_parts(b"<!--http://a.com/b-->" * 49_000),
}  # fmt: skip
