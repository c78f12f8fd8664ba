import re
from pathlib import Path

import pytest

from honeypost.beside.survey.findings import KINDS, THEMES, Part, Severity, examine, refusals
from support.changed_site import main, postfix

PAGE = Path(__file__).parents[4] / "docs" / "findings.md"


def test_every_code_stands_for_one_kind():
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes) == sum(len(theme.KINDS) for theme in THEMES)
    assert all(re.fullmatch(r"[a-z0-9.-]+", code) for code in codes)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_texts_are_sentences_and_their_places_can_be_filled(kind):
    places = re.findall(r"{(\w+)}", kind.text + kind.mend)
    found = kind.found(**dict.fromkeys(places, "x"))
    assert found.text.endswith(".")
    assert found.mend.endswith(".")
    assert "{" not in found.text.replace("{{", "")
    assert kind.source


@pytest.mark.parametrize("kind", ["debian", "virtual", "sql"])
def test_a_good_site_is_not_refused(golden, kind):
    findings = examine(golden(kind))
    assert refusals(findings) == refusals(findings, Part.LATE_BOUNCE) == ()


def test_refusals_are_kept_apart_by_part(site):
    findings = examine(main(luser_relay="a@b")(postfix(version=(3, 4))(site)))
    assert [f.code for f in refusals(findings)] == ["postfix-too-old"]
    assert [f.code for f in refusals(findings, Part.LATE_BOUNCE)] == ["luser-relay"]
    assert all(f.severity is Severity.REFUSE for f in refusals(findings))


def test_a_sentence_is_told_once(site):
    findings = examine(site)
    assert len(set(findings)) == len(findings)


def test_a_value_of_the_site_is_never_taken_for_a_place(site):
    text = {f.code: f.text for f in examine(main(luser_relay="{0.x}")(site))}["luser-relay"]
    assert "({0.x})" in text
