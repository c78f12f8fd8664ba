from pathlib import Path

import pytest

from honeypost.beside.survey import tables
from honeypost.beside.survey.tables import file_text, keys, source_file, text_of


def test_text_is_that_of_the_file_or_of_the_setting(tmp_path):
    path = tmp_path / "x"
    path.write_text("/a/ OK\n")
    assert text_of(f"regexp:{path}") == text_of(f"proxy:pcre:{path}") == "/a/ OK\n"
    assert text_of("inline:{a=b}") == "{a=b}"
    assert text_of("static:all") == "all"
    assert text_of("regexp:{{/x/ y}}") == "{{/x/ y}}"


@pytest.mark.parametrize("spec", ["mysql:/x", "unix:passwd.byname", "hash:relative", "hash:/no"])
def test_what_only_postfix_can_read_has_no_text(spec):
    assert text_of(spec) is None


def test_a_source_has_a_largest_size(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"a" * 5)
    monkeypatch.setattr(tables, "TEXT_BYTES", 5)
    assert file_text(path) == "aaaaa"
    monkeypatch.setattr(tables, "TEXT_BYTES", 4)
    assert file_text(path) is None


def test_keys_of_both_formats():
    text = '# c\n\n"Info": a,\n  b: c\nroot: x\nroot: y\n'
    assert keys(text, aliases=True) == ("info", "root")
    assert keys("A@b c d\n#\n e\nf g", aliases=False) == ("a@b", "f")


def test_the_file_of_a_table():
    assert source_file("proxy:mysql:/etc/x.cf") == Path("/etc/x.cf")
    assert source_file("unix:passwd.byname") is None
