from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.beside.attach.tables import Tables

ETC = Path("/etc/postfix")


def test_an_inline_table_becomes_a_file_and_equal_ones_share_it():
    tables = Tables(ETC)
    value = r"check_sasl_access regexp:{{/@a\.invalid$$/ permit}}, reject, x regexp:{{/b/ OK}}"
    taken = tables.taken_out({"first": value, "second": r"y regexp:{{/@a\.invalid$$/ permit}}"})
    assert taken == {
        "first": "check_sasl_access regexp:/etc/postfix/honeypost-1.regexp, reject,"
        " x regexp:/etc/postfix/honeypost-2.regexp",
        "second": "y regexp:/etc/postfix/honeypost-1.regexp",
    }
    assert tables.files() == {
        ETC / "honeypost-1.regexp": "/@a\\.invalid$/ permit\n",
        ETC / "honeypost-2.regexp": "/b/ OK\n",
    }


def test_several_rules_are_several_lines():
    tables = Tables(ETC)
    tables.taken_out({"body_checks": "regexp:{{/^X-A: (.*)$$/ DISCARD $$1}, {/x{2}/ OK}}"})
    assert list(tables.files().values()) == ["/^X-A: (.*)$/ DISCARD $1\n/x{2}/ OK\n"]


def test_what_has_no_end_is_no_table():
    with pytest.raises(ValueError, match="no end"):
        Tables(ETC).taken_out({"x": "regexp:{{/a/ b}"})
