"""The flat reader finds what browsers follow, load and show."""

from __future__ import annotations

import pytest

from honeypost.extract import limits
from honeypost.extract.html import read_html, references
from honeypost.extract.marks import Marks
from honeypost.extract.report import Role


def read(text, tokens=1000):
    marks = Marks()
    page, left = read_html(text, tokens, marks)
    return page, marks.names(), left


def found(text):
    return [(item.raw, item.role.value, item.place) for item in read(text)[0].found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a href='u'>", ("u", "link", "a@href")),
        ('<A HREF="u">', ("u", "link", "a@href")),
        ("<a href=u>", ("u", "link", "a@href")),
        ("<a href = u >", ("u", "link", "a@href")),
        ("<a/href=u/>", ("u/", "link", "a@href")),
        ("<a href=u href=v>", ("u", "link", "a@href")),
        ("<a href='u", ("u", "link", "a@href")),
        ("<a title='>' href=u>", ("u", "link", "a@href")),
        ("<area href=u>", ("u", "link", "area@href")),
        ("<form action=u>", ("u", "link", "form@action")),
        ("<button formaction=u>", ("u", "link", "button@formaction")),
        ("<svg><a xlink:href=u>", ("u", "link", "a@xlink:href")),
        ("<meta http-equiv=Refresh content='0; URL=u'>", ("u", "link", "meta@refresh")),
        ("<!--[if mso]><v:rect href=u><![endif]-->", ("u", "link", "v:rect@href")),
        ("<img src=u>", ("u", "resource", "img@src")),
        ("<link href=u>", ("u", "resource", "link@href")),
        ("<td background=u>", ("u", "resource", "td@background")),
        ("<p style='background:url( \"u\" )'>", ("u", "resource", "p@style")),
        ("<p style='BACKGROUND: URL(u)'>", ("u", "resource", "p@style")),
        ("<style>@import 'u';</style>", ("u", "resource", "style")),
        ("<img srcset='u 1x'>", ("u", "resource", "img@srcset")),
        ("<iframe src=u>", ("u", "resource", "iframe@src")),
    ],
)
def test_where_urls_stand(text, expected):
    assert found(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html PUBLIC 'http://www.w3.org/'>",
        "<p title='http://x.example'>",
        "<html xmlns='http://www.w3.org/1999/xhtml'>",
        "<a href=''>",
        "<a name=x>",
        "</a href=u>",
        "<script>'<a href=u>'</script>",
        "<meta content='0;url=u'>",
        "<textarea><a href=u></textarea>",
        "a < b <3",
    ],
)
def test_where_none_stand(text):
    assert found(text) == []


def test_srcset_candidates():
    assert [raw for raw, _, _ in found("<img srcset='a 1x, b 2x, ,c'>")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a<b>b</b>c", "abc"),
        ("a<p>b</p>c", "a\nb\nc"),
        ("a<br>b", "a\nb"),
        ("&lt;a&gt;&#65;", "<a>A"),
        ("a<!-- b -->c<!-->d<!--->e", "acde"),
        ("a<style>b</style><title>c</title><script>d</script>", "a"),
        ("<textarea>b</textarea>", "b"),
        ("a<script>never closed", "a"),
        ("a<!-- never closed", "a"),
        ("a<?xml ?>b</>c", "abc"),
        ("a<b", "a"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_what_is_shown(text, shown):
    page = read(text)[0]
    assert [line for line in page.text.split("\n") if line] == [
        line for line in shown.split("\n") if line
    ]


def test_labels_are_kept_apart():
    page = read("a<a href=u>www.bank.example</a>b<a href=v>x<a href=w>y</a><a name=n>c</a>")[0]
    assert page.text == "abc"
    assert "".join(page.labels) == "www.bank.example\nx\ny\n"


def test_comments_and_scripts_are_hidden():
    page = read("<!-- c --><script>s</script><!--[if mso]>shown<![endif]-->")[0]
    assert page.hidden == [" c ", "s"]
    assert page.text.strip() == "shown"


def test_the_first_base_counts():
    assert read("<base href='a&amp;b'><base href=c>")[0].base == "a&b"


def test_too_many_tokens_leave_a_rest():
    page, marks, left = read("<p>a<p>b<p>c", tokens=2)
    assert page.rest == "b<p>c"
    assert marks == ("html-cut",)
    assert left == 0


def test_tokens_are_counted():
    assert read("<p>a</p>", tokens=10)[2] == 8


def test_too_many_attributes_are_cut():
    names = " ".join(f"a{number}" for number in range(limits.TAG_ATTRIBUTES))
    page, marks, _ = read(f"<a {names} href=u>b")
    assert page.found == []
    assert page.text == "b"
    assert marks == ("attributes-cut",)


def test_a_long_value_is_cut():
    page = read(f"<a href={'u' * (limits.ATTRIBUTE_CHARS + 9)}>")[0]
    assert len(page.found[0].raw) == limits.ATTRIBUTE_CHARS


@pytest.mark.parametrize(
    ("text", "attribute", "plain"),
    [
        ("a", "a", "a"),
        ("&amp;", "&", "&"),
        ("?a&copy=1", "?a&copy=1", "?a©=1"),
        ("&copy;=1", "©=1", "©=1"),
        ("&copy", "©", "©"),
        ("&notit;", "&notit;", "¬it;"),
        ("&notit", "&notit", "¬it"),
        ("&#159;&#x9c;", "Ÿœ", "Ÿœ"),
        ("&#46", ".", "."),
        ("&period;&colon;", ".:", ".:"),
        ("&nosuch;", "&nosuch;", "&nosuch;"),
        ("&#xD800;", "\ufffd", "\ufffd"),
        ("&#99999999999;", "\ufffd", "\ufffd"),
        ("&;&#;&", "&;&#;&", "&;&#;&"),
    ],
)
def test_references(text, attribute, plain):
    assert references(text, attribute=True) == attribute
    assert references(text) == plain


def test_a_number_of_any_length_is_no_error():
    references("&#" + "9" * 10_000 + ";")


def test_roles_are_roles():
    assert all(isinstance(item.role, Role) for item in read("<a href=u><img src=v>")[0].found)
