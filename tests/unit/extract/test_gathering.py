"""Each URL once, the strongest role wins, and a flood of one role pushes out no other."""

from __future__ import annotations

from honeypost.extract import limits
from honeypost.extract.gathering import Gathering
from honeypost.extract.marks import Marks
from honeypost.extract.report import Role


def gathered(*added):
    marks = Marks()
    gathering = Gathering(marks)
    for raws, role in added:
        gathering.add(raws, role, "1:x")
    return gathering.links(), marks.names()


def test_the_strongest_role_wins():
    links, marks = gathered(
        (["http://a.example/"], Role.HIDDEN),
        (["http://a.example"], Role.TEXT),
        (["HTTP://A.example/"], Role.LINK),
    )
    assert [(link.url, link.role) for link in links] == [("http://a.example/", Role.LINK)]
    assert marks == ()


def test_a_flood_of_pictures_pushes_no_link_out(monkeypatch):
    monkeypatch.setattr(limits, "URLS", 3)
    pictures = [f"http://a.example/{number}" for number in range(9)]
    links, marks = gathered((pictures, Role.RESOURCE), (["http://b.example/"], Role.LINK))
    assert links[0].url == "http://b.example/"
    assert len(links) == 3
    assert marks == ("links-cut",)


def test_candidates_of_a_role_are_bounded(monkeypatch):
    monkeypatch.setattr(limits, "CANDIDATES", 2)
    links, marks = gathered(([f"http://a.example/{n}" for n in range(5)], Role.TEXT))
    assert len(links) == 2
    assert marks == ("links-cut",)


def test_what_is_no_url_is_left_out():
    assert gathered((["mailto:a@b", "", "#x"], Role.LINK))[0] == ()


def test_notes_and_base():
    gathering = Gathering(Marks())
    gathering.add(["b"], Role.TEXT, "1:x", "http://a.example/", "label")
    assert gathering.links()[0].url == "http://a.example/b"
    assert gathering.links()[0].notes == ("label",)
