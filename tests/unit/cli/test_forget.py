import asyncio
import json
import os
import time

import pytest

from honeypost.cli.main import main
from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing
from honeypost.stores.reader import SegmentReader
from honeypost.stores.segments import SegmentStore
from honeypost.stores.spool import Spool
from support.storage import ROOMY, envelope, keep


@pytest.fixture
def paths(tmp_path):
    paths = Paths(tmp_path)
    create_if_missing(paths.secrets, os.urandom)

    async def fill():
        store = SegmentStore(paths.segments, Spool(paths.spool, ROOMY), ROOMY, os.urandom)
        store.open()
        for name in (b"ann@example.net", b"bob@example.net"):
            await keep(store, b"x", to=envelope(name), time=time.time())
        store.close()

    asyncio.run(fill())
    return paths


def captures(paths):
    return len(list(SegmentReader(paths.segments).captures()))


def test_an_address_is_forgotten(paths, capsys):
    assert main(["forget", "Ann@example.net", "--data", str(paths.data)]) == 0
    said = "erased 1 captures, 0 events, 0 findings and 0 observations; tag "
    assert capsys.readouterr().out.startswith(said)
    assert captures(paths) == 1


@pytest.mark.parametrize(("more", "left"), [(["--dry-run"], 2), ([], 1)])
def test_figures_for_programs(paths, capsys, more, left):
    command = ["forget", "ann@example.net", "--data", str(paths.data), "--json", *more]
    assert main(command) == 0
    figures = json.loads(capsys.readouterr().out)
    assert len(figures.pop("tag")) == 16
    assert figures["dry_run"] is bool(more)
    assert figures["captures"] == 1
    assert captures(paths) == left


def test_a_dry_run_says_so(paths, capsys):
    assert main(["forget", "bob@example.net", "--data", str(paths.data), "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("would erase 1 captures")


def test_what_is_no_address(paths, capsys):
    assert main(["forget", "ann", "--data", str(paths.data)]) == 2
    assert "neither an e-mail address nor an IP address" in capsys.readouterr().err
    assert captures(paths) == 2
