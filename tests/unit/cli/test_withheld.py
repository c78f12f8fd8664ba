"""Late bounces on screens, and the way of a message to a real mailbox."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace

import pytest

from honeypost.cli import withheld
from honeypost.cli.archive import Archive
from honeypost.cli.captures import one
from honeypost.cli.main import main
from honeypost.config.schema import Beside, Budgets, Config, Paths, Site
from honeypost.decide.disclosure import Judgement
from honeypost.engine.journal import Journal
from honeypost.errors import HoneypostError, UsageError
from honeypost.events import MessageWithheld, RecipientDisclosed, RecipientSilenced
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.stores.journal import JournalStore
from honeypost.stores.judgements import JudgementStore
from support.storage import keep, make_store

LIMBO = Identity("s-1", Client(""), "limbo", Protocol.LIMBO)
NAMES = (b"open@example.org", b"waits@example.org", b"told@example.org", b"never@example.org",
         b"silenced@example.org")  # fmt: skip
DECOYS = replace(LIMBO, protocol=Protocol.LMTP)


@pytest.fixture
def data(tmp_path):
    """One withheld message with a recipient in every state, and one that a decoy sent."""
    paths = Paths(tmp_path / "data")
    asyncio.run(_fill(paths))
    return paths.data


async def _fill(paths: Paths) -> None:
    store = make_store(paths.data / "edge")
    store.open()
    to = Envelope(
        b"anna@b.test", tuple(map(Recipient, NAMES)), queue_id="Q1", via=Client("192.0.2.1")
    )
    body = b"Subject: hello\r\n\r\nx\r\n"
    capture = await keep(store, body, to=to, who=LIMBO, time=time.time())
    sent = Envelope(b"x@y", (Recipient(b"v@w"),), account="info@example.org", queue_id="Q2")
    await keep(store, body, to=sent, who=DECOYS, time=time.time())
    store.close()
    log = JournalStore(paths.journal)
    log.open()
    journal = Journal(log, time.time, os.urandom)
    journal.note(MessageWithheld(capture.id, "Q1", b"anna@b.test", 5, 20, ""), LIMBO)
    journal.note(RecipientDisclosed(capture.id, "Q1", NAMES[2], "SPF passes", 1.0), LIMBO)
    journal.note(RecipientSilenced(capture.id, "Q1", NAMES[4], "a decoy's address"), LIMBO)
    await journal.flush()
    log.close()
    with JudgementStore(paths.judgements) as judgements:
        judgements.file([capture], "1:1")
        for each in judgements.due(time.time() + 1, 10):
            if each.recipient in NAMES[1:4]:
                judgements.judge(each, Judgement(each.recipient != NAMES[3], "why"))


def run(capsys, *arguments):
    code = main([*map(str, arguments)])
    return code, capsys.readouterr()


def test_the_list_has_each_recipient_with_its_state(data, capsys) -> None:
    code, said = run(capsys, "captures", "--late-bounce", "--json", "--data", data)
    assert code == 0
    (found,) = map(json.loads, said.out.splitlines())
    assert {each["recipient"].split("@")[0]: each["state"] for each in found["late_bounce"]} == {
        "open": "open", "waits": "waits", "told": "told", "never": "never", "silenced": "never",
    }  # fmt: skip
    code, said = run(capsys, "captures", "--late-bounce", "--data", data)
    assert "1 message to unknown addresses kept, 1 sender told, 1 never told" in said.out
    assert "honeypost captures release" in said.out


def test_decoys_mail_is_listed_apart(data, capsys) -> None:
    said = run(capsys, "captures", "--json", "--data", data)[1]
    (found,) = map(json.loads, said.out.splitlines())
    assert (found["queue_id"], found["late_bounce"]) == ("Q2", [])


def test_both_are_shown_by_id(data, capsys) -> None:
    said = run(capsys, "captures", "show", "Q1", "--data", data)[1]
    assert "is told later of waits@example.org: why" in said.out
    assert "Subject: hello" in said.out
    assert "info@example.org" in run(capsys, "captures", "show", "Q2", "--data", data)[1].out


def test_an_empty_list_says_so(tmp_path, capsys) -> None:
    assert "nothing is kept" in run(capsys, "captures", "--late-bounce", "--data", tmp_path)[1].out


def test_older_ones_are_left_out(data, capsys) -> None:
    withheld.show_list([], 0, withheld.LateBounced())
    asyncio.run(_again(Paths(data)))
    said = run(capsys, "captures", "--late-bounce", "--limit", 1, "--data", data)[1]
    assert "and 1 older (--limit)" in said.out


async def _again(paths: Paths) -> None:
    store = make_store(paths.data / "edge")
    store.open()
    await keep(store, b"x", to=Envelope(b"", (Recipient(b"x@y"),), queue_id="Q3"), who=LIMBO)
    store.close()


def test_status_has_a_line(data, capsys) -> None:
    said = run(capsys, "status", "--data", data)[1]
    assert "1 message to unknown addresses kept" in said.out


# Release


@pytest.fixture
def handed_in(monkeypatch):
    given = []
    monkeypatch.setattr(withheld, "hand_in", lambda *args, **options: given.append((args, options)))
    return given


@pytest.fixture
def config(tmp_path):
    names = tmp_path / "names"
    names.write_text("alice@example.org # the boss\nbob\n")
    path = tmp_path / "honeypost.toml"
    path.write_text(f'[site]\nreal_names = "{names}"\n')
    return path


@pytest.mark.parametrize(
    "case", [("alice", "alice@example.org"), ("Bob@example.org", "Bob@example.org")]
)
def test_a_message_goes_to_a_real_user(data, config, handed_in, capsys, case) -> None:
    name, address = case
    code, said = run(
        capsys, "captures", "release", "Q1", "--to", name, "--data", data, "--config", config
    )
    assert (code, said.err) == (0, "")
    assert handed_in == [((b"Subject: hello\r\n\r\nx\r\n", address), {"postfix_directory": ""})]


@pytest.mark.parametrize("name", ["nosuch", "alice@elsewhere.test", "alic", "", "-bs", "a b", "@"])
def test_and_to_nobody_else(data, config, handed_in, capsys, name) -> None:
    code, _ = run(
        capsys, "captures", "release", "Q1", f"--to={name}", "--data", data, "--config", config
    )
    assert code == 2
    assert handed_in == []


def test_what_a_decoy_sent_is_never_released(data, config, handed_in, capsys) -> None:
    code, said = run(
        capsys, "captures", "release", "Q2", "--to", "alice", "--data", data, "--config", config
    )
    assert code == 2
    assert "never leaves" in said.err
    assert handed_in == []


def test_what_was_cut_is_not_released(data, handed_in) -> None:

    with Archive(Paths(data)) as archive, pytest.raises(UsageError, match="beginning"):
        withheld.release(
            archive, one(archive, "Q1"), "alice", Config(budgets=Budgets(message_bytes=20))
        )


def test_who_cannot_be_told_is_not_real(tmp_path) -> None:
    beside = Beside(userdb_socket=str(tmp_path / "none"), maps=("hash:/none",))
    with pytest.raises(HoneypostError, match="cannot be told"):
        withheld.real_address("alice", Config(beside=beside))
    maps = Beside(maps=("inline:{alice=x}",), postfix_directory=str(tmp_path))
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n")
    assert withheld.real_address("alice", Config(beside=maps)) == "alice@example.org"
    with pytest.raises(UsageError, match="no real user"):
        withheld.real_address("nosuch", Config(Site()))
