"""The walk finds every leaf by its IMAP path, and nothing a sender nests makes it fall."""

from __future__ import annotations

import base64

import pytest

from honeypost.extract import limits
from honeypost.extract.marks import Marks
from honeypost.extract.mime import Kind, Walk


def walked(raw: bytes):
    marks = Marks()
    walk = Walk(raw, marks)
    return list(walk), marks.names(), walk


def leaves(raw: bytes):
    parts, _, _ = walked(raw)
    return [(part.path, part.type, part.raw) for part in parts if part.kind is Kind.LEAF]


def multipart(*parts: bytes, kind: bytes = b"mixed", boundary: bytes = b"b") -> bytes:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    head = b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n\r\n'
    return head + body + b"--" + boundary + b"--\r\n"


HTML = b"Content-Type: text/html\r\n\r\n<p>"


def test_a_single_part():
    assert leaves(b"Subject: x\r\n\r\nbody") == [("1", "text/plain", b"body")]


def test_paths_are_imaps():
    inner = multipart(b"\r\nc", HTML, kind=b"alternative", boundary=b"i")
    message = b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nd"
    nested = b"Content-Type: message/rfc822\r\n\r\n" + multipart(b"\r\ne", boundary=b"n")
    assert leaves(multipart(b"\r\na", inner, message, nested)) == [
        ("1", "text/plain", b"a"),
        ("2.1", "text/plain", b"c"),
        ("2.2", "text/html", b"<p>"),
        ("3.1", "text/plain", b"d"),
        ("4.1", "text/plain", b"e"),
    ]


def test_the_outermost_header_is_kept():
    _, _, walk = walked(b"To: a@b\r\n" + multipart(b"To: c@d\r\n\r\nx"))
    assert walk.fields["to"] == [b"a@b"]


def test_preamble_and_epilogue_are_unseen():
    raw = multipart(b"\r\nx").replace(b"\r\n\r\n--b", b"\r\n\r\nbefore\r\n--b", 1) + b"after"
    parts, _, _ = walked(raw)
    unseen = [part.raw.strip() for part in parts if part.kind is Kind.UNSEEN]
    assert unseen == [b"before", b"after"]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        # A boundary that begins like another one.
        (multipart(b"\r\nx\r\n--bb\r\ny"), [("1", "text/plain", b"x\r\n--bb\r\ny")]),
        # Blanks behind the boundary, and no terminator.
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\nx", [("1", "text/plain", b"x")]),
        # A digest's parts are messages.
        (multipart(b"\r\nSubject: x\r\n\r\ny", kind=b"digest"), [("1.1", "text/plain", b"y")]),
        # The type is no type.
        (b"Content-Type: nonsense\n\nx", [("1", "text/plain", b"x")]),
        # An inner terminator is missing: the outer boundary ends it.
        (
            multipart(b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx", b"\r\ny"),
            [("1.1", "text/plain", b"x"), ("2", "text/plain", b"y")],
        ),
    ],
)
def test_odd_but_readable(raw, found):
    assert leaves(raw) == found


def test_a_wrong_boundary_is_guessed_and_marked():
    raw = multipart(HTML).replace(b'boundary="b"', b'boundary="other"').replace(b"--b", b"--bcd")
    parts, marks, _ = walked(raw)
    assert [part.type for part in parts if part.kind is Kind.LEAF] == ["text/html"]
    assert marks == ("boundary-missing",)


def test_a_multipart_that_never_begins_is_one_part_with_its_own_header():
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + HTML + b"\n--b--\n"
    assert [found[1] for found in leaves(raw)] == ["text/html"]


def test_a_multipart_without_any_part_is_text():
    raw = b"Content-Type: multipart/mixed\n\nhttp://x.example/"
    assert leaves(raw) == [("1", "text/plain", b"http://x.example/")]


def test_an_encoded_message_is_opened():
    inner = base64.b64encode(b"Subject: y\r\n\r\nhidden")
    head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert leaves(multipart(head + inner)) == [("1.1", "text/plain", b"hidden")]


def test_too_deep_is_searched_flat():
    heads = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
        for i in range(limits.DEPTH + 5)
    )
    parts, marks, _ = walked(heads + b"\r\nneedle")
    assert marks == ("depth-cut",)
    assert [part.kind for part in parts if b"needle" in part.raw] == [Kind.REST]


def test_too_many_parts_are_searched_flat():
    parts, marks, _ = walked(multipart(*[b"\r\nx"] * (limits.PARTS + 50), b"\r\nneedle"))
    assert marks == ("parts-cut",)
    assert sum(part.kind is Kind.LEAF for part in parts) < limits.PARTS
    assert [part.kind for part in parts if b"needle" in part.raw] == [Kind.REST]


def test_searching_has_a_budget(monkeypatch):
    monkeypatch.setattr(limits, "SEARCHED_BYTES", 10)
    parts, marks, _ = walked(multipart(b"\r\nneedle"))
    assert marks == ("depth-cut",)
    assert b"needle" in parts[0].raw


def test_decoding_messages_has_a_budget(monkeypatch):
    monkeypatch.setattr(limits, "DECODED_BYTES", -1)
    head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert leaves(head + b"U3ViamVjdDogeQ==") == [("1.1", "text/plain", b"U3ViamVjdDogeQ==")]


@pytest.mark.parametrize(
    ("header", "name", "disposition"),
    [
        (b"Content-Disposition: Attachment; filename=a.pdf", "a.pdf", "attachment"),
        (b'Content-Type: x/y; name="=?utf-8?q?=C3=A9?="', "é", ""),
        (b"Content-Disposition: inline", "", "inline"),
    ],
)
def test_names_and_dispositions(header, name, disposition):
    part = walked(header + b"\r\n\r\nx")[0][0]
    assert part.filename == name
    assert part.disposition == disposition
