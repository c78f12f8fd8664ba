from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from honeypost.config import load as loading
from honeypost.config.load import TYPES, load
from honeypost.config.schema import Config
from honeypost.errors import ConfigError


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "honeypost.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(path: Path | None, environ: dict[str, str] | None = None) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    return {problem.key: problem.reason for problem in caught.value.problems}


def test_nothing_set_gives_the_defaults() -> None:
    assert load(None, {"PATH": "/bin", "HONEYPOST_DATA": "/x"}) == Config()


def test_a_file_of_three_lines_is_enough(tmp_path: Path) -> None:
    path = written(tmp_path, '[site]\ndomains = ["example.net"]\nhostname = "mx.example.net"\n')
    config = load(path, {})
    assert config.site.domains == ("example.net",)
    assert config.site.hostname == "mx.example.net"
    assert config.budgets == Config().budgets


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[budgets]\nconnections = 70\nrecipients = 200\n")
    config = load(path, {"HONEYPOST__BUDGETS__CONNECTIONS": "80"})
    assert (config.budgets.connections, config.budgets.recipients) == (80, 200)


def test_each_type_can_come_from_the_environment() -> None:
    config = load(
        None,
        {
            "HONEYPOST__SITE__DOMAINS": "example.org, example.net,",
            "HONEYPOST__SITE__HOSTNAME": "mx.example.org",
            "HONEYPOST__DECOYS__ROLE_SHARE": "0.5",
            "HONEYPOST__DECOYS__NEW_PER_DAY": "0",
            "HONEYPOST__BESIDE__MAPS": "hash:/etc/aliases",
            "HONEYPOST__PENALTIES__PORTS": "25, 587,",
        },
    )
    assert config.penalties.ports == (25, 587)
    assert config.site.domains == ("example.org", "example.net")
    assert config.site.hostname == "mx.example.org"
    assert config.decoys.role_share == 0.5
    assert config.decoys.new_per_day == 0
    assert config.beside.maps == ("hash:/etc/aliases",)


def test_a_whole_number_is_a_number(tmp_path: Path) -> None:
    config = load(written(tmp_path, "[decoys]\nrole_share = 1\n"), {})
    assert config.decoys.role_share == 1.0
    assert type(config.decoys.role_share) is float


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "connections = 3\n[decoys]\nrole_share = 2\nfailures_mn = 1\nconnections = 2\n"
        '[bugets]\nx = 1\n[site]\ndomains = "a"\n[listeners]\nsmtp = "localhost:25"\n',
    )
    found = problems(path, {"HONEYPOST__BUDGETS__RECIPIENTS": "many", "HONEYPOST__FOO": "1"})
    assert found == {
        "connections": "stands outside of any section; it is budgets.connections",
        "decoys.role_share": "2 is out of range: 0 to 1 (a share)",
        "decoys.failures_mn": "unknown setting; did you mean decoys.failures_min?",
        "decoys.connections": "unknown setting; did you mean budgets.connections?",
        "bugets": "unknown section; did you mean budgets?",
        "site.domains": 'must be a list of texts, as in ["a", "b"], not \'a\'',
        "listeners.smtp": "'localhost' is no numeric address; "
        "write 192.0.2.1, [2001:db8::1], 0.0.0.0 or [::]",
        "budgets.recipients": "must be a whole number, not 'many'",
        "foo": "unknown section",
    }


def test_a_problem_names_its_source(tmp_path: Path) -> None:
    path = written(tmp_path, "[decoys]\nfailures_min = 9\n")
    with pytest.raises(ConfigError) as caught:
        load(path, {"HONEYPOST__BUDGETS__CONNECTIONS": "2"})
    most = Config().decoys.failures_max
    assert str(caught.value) == (
        f"{path}: decoys.failures_min: decoys.failures_min (9) is more than decoys.failures_max ({most})\n"
        "environment: budgets.connections: "
        "budgets.connections_per_network (50) is more than budgets.connections (2)"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("connections = true", "must be a whole number, not true"),
        ("connections = 1.5", "must be a whole number, not 1.5"),
        ('connections = "4"', "must be a whole number, not '4'"),
        (f'connections = "{"4" * 80}"', "..."),
    ],
)
def test_a_wrong_type_is_told(tmp_path: Path, line: str, said: str) -> None:
    reason = problems(written(tmp_path, f"[budgets]\n{line}\n"))["budgets.connections"]
    assert reason.startswith("must be a whole number")
    assert said in reason
    assert len(reason) < 100


def test_a_list_of_other_things_is_no_list_of_texts(tmp_path: Path) -> None:
    found = problems(written(tmp_path, "[site]\ndomains = [1]\n"))
    assert found["site.domains"].startswith("must be a list of texts")


@pytest.mark.parametrize("text", ["[site\n", b"[site]\nhostname = '\xff'\n", "#" * 1_048_577])
def test_a_file_that_is_no_configuration(tmp_path: Path, text: str | bytes) -> None:
    found = problems(written(tmp_path, text), {"HONEYPOST__BUDGETS__CONNECTIONS": "x"})
    assert set(found) & {"syntax", "file"}
    assert "budgets.connections" in found


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml") == {"file": "cannot be read: No such file or directory"}


def test_a_stray_name_without_a_home(tmp_path: Path) -> None:
    assert problems(written(tmp_path, "colour = 1\n")) == {
        "colour": "stands outside of any section"
    }


def test_every_type_of_the_schema_can_be_told() -> None:
    assert set(TYPES.values()) == set(loading.EXPECTED)


def test_toml_can_hold_every_default() -> None:
    assert tomllib.loads("x = 0.9")["x"] == Config().decoys.role_share


@pytest.mark.parametrize("value", ["[60, true]", '["60"]', "60", "[1.5]", "[60, [1]]"])
def test_a_list_of_numbers_holds_nothing_else(tmp_path: Path, value: str) -> None:
    found = problems(written(tmp_path, f"[penalties]\nladder_seconds = {value}\n"))
    expected = "must be a list of whole numbers, as in [60, 300]"
    assert found["penalties.ladder_seconds"].startswith(expected)


def test_a_list_of_numbers_from_the_environment_holds_nothing_else() -> None:
    found = problems(None, {"HONEYPOST__PENALTIES__PORTS": "25, smtp"})
    assert found["penalties.ports"].startswith("must be a list of whole numbers")
