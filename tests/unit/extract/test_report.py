"""The report is the JSON that the command promises."""

from __future__ import annotations

import msgspec

from honeypost.extract.report import Addressee, Attachment, Link, Report, Role

FULL = Report(
    file="x.eml",
    links=(Link("http://a.example/", "a.example", Role.LINK, "1:a@href", ("port",)),),
    recipients=(Addressee("a@b", "to"),),
    attachments=(Attachment("a", "x/y", "00", 1, "x/z"),),
    errors=("text-cut",),
)


def test_shape():
    shown = msgspec.json.decode(msgspec.json.encode(FULL))
    assert list(shown) == ["file", "links", "recipients", "attachments", "probe", "errors"]
    assert list(shown["links"][0]) == ["url", "domain", "role", "where", "notes"]
    assert set(shown["attachments"][0]) >= {"name", "type", "sha256", "size"}
    assert shown["probe"] is None


def test_there_and_back():
    assert msgspec.json.decode(msgspec.json.encode(FULL), type=Report) == FULL


def test_a_schema_can_be_made():
    assert "Report" in str(msgspec.json.schema(Report))


def test_roles_are_those_of_the_design():
    assert {role.value for role in Role} == {
        *("link", "resource", "text", "attachment", "header", "hidden"),
    }
