"""The command: one JSON line a file, or text that nobody can click on."""

from __future__ import annotations

import io
import json

import jsonschema
import msgspec
import pytest

from honeypost.app import child
from honeypost.cli import extract as command
from honeypost.cli.main import main
from honeypost.extract.report import Report
from support.odd_children import program

MAIL = (
    b"To: Bob <bob@example.net>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<a href=http://u@bad.example.com:81/x>y</a>\r\n"
    b'--b\r\nContent-Type: image/png; name="=?utf-8?q?=1B[2Ja?="\r\n\r\n%PDF-1\r\n'
    b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: x\r\n\r\n\x89PNG\r\n\x1a\n\r\n"
)


@pytest.fixture
def mail(tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(MAIL)
    return str(path)


def test_json(mail, capsys):
    assert main(["extract", "--json", mail, mail]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    found = json.loads(lines[0])
    jsonschema.validate(found, msgspec.json.schema(Report))
    assert found["file"] == mail
    assert found["links"] == [
        {
            "url": "http://u@bad.example.com:81/x",
            "domain": "example.com",
            "role": "link",
            "where": "1:a@href",
            "notes": ["userinfo", "port"],
        }
    ]
    assert found["errors"] == ["encoding-unknown"]


def test_text(mail, capsys):
    assert main(["extract", mail]) == 0
    out = capsys.readouterr().out
    assert "hxxp[:]//u@bad.example.com:81/x" in out
    assert "http://" not in out
    assert "bob@example.net" in out
    assert "application/pdf, declared image/png" in out
    assert "(no name)" in out
    assert "encoding-unknown" in out
    assert "\x1b" not in out


def test_standard_input(monkeypatch, capsys):
    stream = io.TextIOWrapper(io.BytesIO(b"\r\nnothing"))
    monkeypatch.setattr("sys.stdin", stream)
    assert main(["extract", "-"]) == 0
    assert "nothing found" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_a_problem_and_the_others_are_read(mail, capsys):
    assert main(["extract", "--json", mail + "x", mail]) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert "No such file" in captured.err


def test_a_file_that_cannot_be_taken_apart_is_a_problem(mail, capsys, monkeypatch):
    monkeypatch.setattr(command, "Children", lambda: child.Children(command=program("dies")))
    assert main(["extract", "--json", mail]) == 1
    assert json.loads(capsys.readouterr().out)["errors"] == ["crash"]


def test_usage(capsys):
    assert main(["extract"]) == 2
    capsys.readouterr()
