import pytest

from honeypost.beside.survey import namemaps
from honeypost.beside.survey.namemaps import ask_maps
from honeypost.beside.survey.programs import Answer
from honeypost.errors import SurveyError

DOMAINS = ["a.example", "b.example"]


@pytest.fixture
def asked(tmp_path):
    """Ask one map whose program knows some names."""

    def ask(parameter, spec, known=(), err=""):
        def run(command, given):
            assert command[:4] == ("postmap", "-c", str(tmp_path), "-q")
            return Answer("".join(f"{n}\tx\n" for n in given.split() if n in known), err, 1)

        [found] = ask_maps(run, tmp_path, [{parameter: spec}], DOMAINS, "nobody-1")
        return found

    return ask


def test_a_map_with_a_catch_all_says_where(asked):
    found = asked("virtual_alias_maps", "mysql:/x", {"@b.example"})
    assert found.catch_all == {"b.example"}
    assert not found.map.everyone


def test_a_map_that_knows_a_random_name_knows_everybody(asked):
    assert asked("smtpd_sender_login_maps", "pcre:/x", {"nobody-1"}).map.everyone
    found = asked("virtual_alias_maps", "pcre:/x", {"nobody-1@a.example"})
    assert found.map.everyone
    assert found.catch_all == {"a.example"}


def test_every_name_of_the_source_is_looked_up(asked, tmp_path):
    source = tmp_path / "aliases"
    source.write_text("root: a\ninfo: b\n")
    assert asked("alias_maps", f"hash:{source}", {"root"}).map.missing == ("info",)
    source.write_text("root@x y\ninfo@x z\n")
    assert asked("virtual_alias_maps", f"hash:{source}", {"root@x"}).map.missing == ("info@x",)
    # An alias file named where another belongs: its names are found out by their colon.
    source.write_text("# c\nroot: a\n")
    assert asked("virtual_alias_maps", f"hash:{source}").map.missing == ("root",)


def test_tables_without_names_in_their_source_are_not_probed(asked, tmp_path):
    source = tmp_path / "x"
    source.write_text("/postmaster/ a\n")
    assert asked("alias_maps", f"regexp:{source}").map.missing == ()
    assert asked("alias_maps", "texthash:{a=b}").map.missing == ()
    source.write_text("")
    assert asked("virtual_alias_maps", f"hash:{source}").map.missing == ()


def test_names_have_a_limit(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(namemaps, "NAMES_PROBED", 1)
    source = tmp_path / "x"
    source.write_text("a: 1\nb: 2\n")
    assert asked("alias_maps", f"hash:{source}").map.missing == ("a",)


def test_whatever_is_said_on_the_side_is_trouble(asked, tmp_path):
    found = asked("alias_maps", "hash:/x", {"nobody-1"}, err="postmap: fatal: no\nmore")
    assert found.map.trouble == "postmap: fatal: no"

    def hung(command, given):
        raise SurveyError("did not end")

    [found] = ask_maps(hung, tmp_path, [{"alias_maps": "mysql:/x"}], DOMAINS, "n")
    assert found.map.trouble == "did not end"


def test_a_file_that_not_everybody_may_read_is_closed(asked, tmp_path):
    path = tmp_path / "x.cf"
    path.write_text("")
    path.chmod(0o640)
    assert asked("virtual_mailbox_maps", f"mysql:{path}").map.closed
    path.chmod(0o644)
    assert not asked("virtual_mailbox_maps", f"mysql:{path}").map.closed
    assert not asked("virtual_mailbox_maps", "mysql:/nowhere").map.closed


def test_a_map_is_asked_once_and_without_proxy(tmp_path):
    seen = []

    def run(command, given):
        seen.append(command[-1])
        return Answer("", "", 1)

    both = [{"alias_maps": "proxy:hash:/x, nis"}, {"alias_maps": "hash:/x"}]
    ask_maps(run, tmp_path, both, DOMAINS, "n")
    assert seen == ["hash:/x"]
