import json
import os

import pytest

from honeypost.cli.main import main
from honeypost.config.secrets import create_if_missing
from honeypost.stores.journal import JournalStore


@pytest.fixture
def data(tmp_path):
    create_if_missing(tmp_path / "site.json", os.urandom)
    log = JournalStore(tmp_path / "edge" / "journal.db")
    log.open()
    log.close()
    return tmp_path


@pytest.mark.parametrize("dry", [True, False])
def test_figures_for_programs(data, capsys, dry):
    assert main(["gc", "--data", str(data), "--json", *(["--dry-run"] if dry else [])]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    assert figures.pop("bytes") >= 0
    parts = ("captures", "events", "findings", "observations")
    assert figures == {"dry_run": dry, **dict.fromkeys(parts, 0)}


@pytest.mark.parametrize(("dry", "verb"), [(True, "would delete"), (False, "deleted")])
def test_one_line_for_people(data, capsys, dry, verb):
    assert main(["gc", "--data", str(data), *(["--dry-run"] if dry else [])]) == 0
    assert capsys.readouterr().out.startswith(f"{verb} 0 captures, 0 events, 0 findings and 0 obs")


def test_nothing_is_stored_there(tmp_path, capsys):
    assert main(["gc", "--data", str(tmp_path / "none")]) == 2
    assert "nothing is stored" in capsys.readouterr().err
