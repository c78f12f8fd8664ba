"""Real names as the real Dovecot and the real postmap tell them."""

from __future__ import annotations

import sqlite3
import time

import pytest

from honeypost.beside.dovecot.userdb import UserDatabase
from honeypost.beside.names import SiteNames
from honeypost.ports import Reality
from support.mailhost import MailHost
from support.users import KINDS, REAL

pytestmark = pytest.mark.real


def names(host, maps=(), seconds=2.0):
    return SiteNames(
        userdb_socket=str(host.base / "names-userdb"),
        postfix_directory=str(host.postfix.directory),
        maps=maps,
        domains=("example.org",),
        real_names="",
        seconds=seconds,
    )


@pytest.fixture(scope="module", params=sorted(KINDS))
def site(request):
    with MailHost(kind=request.param) as host:
        yield host


@pytest.mark.parametrize(
    ("account", "reality"),
    [
        *((name, Reality.REAL) for name in REAL),
        ("alicee@example.org", Reality.REAL),
        ("obb@example.org", Reality.REAL),
        ("carol+list@example.org", Reality.REAL),
        ("reception@example.org", Reality.UNKNOWN),
        ("it'em@example.org", Reality.UNKNOWN),  # not among auth_username_chars
    ],
)
async def test_dovecot_tells_who_is_real(site, account, reality):
    asked = names(site)
    assert await asked.reality(account) is reality
    await asked.close()


async def test_dovecot_lists_its_users(site):
    listed = await UserDatabase(str(site.base / "names-userdb")).listed()
    assert {name.partition("@")[0] for name in REAL} <= {
        name.partition("@")[0] for name in listed or ()
    }


@pytest.fixture(scope="module")
def maps(site):
    """One map of each kind that can be had without a server, each with one name of its own."""
    base = site.base
    (base / "hashed").write_text("hashed@example.org x\n")
    (base / "plain").write_text("plainly x\n")
    (base / "old-aliases").write_text("newsroom: alice\n")
    with sqlite3.connect(base / "map.db") as database:
        database.execute("CREATE TABLE IF NOT EXISTS t (k TEXT, v TEXT)")
        database.execute("INSERT INTO t VALUES ('sequel@example.org', 'x')")
    database.close()
    (base / "map.cf").write_text(
        f"dbpath = {base}/map.db\nquery = SELECT v FROM t WHERE k = '%s'\n"
    )
    site.namespace.run("postmap", "-c", site.postfix.directory, f"hash:{base}/hashed")
    site.namespace.run("postalias", "-c", site.postfix.directory, f"hash:{base}/old-aliases")
    return (
        f"hash:{base}/hashed",
        f"texthash:{base}/plain",
        f"hash:{base}/old-aliases",
        f"sqlite:{base}/map.cf",
        "regexp:{{/^pattern[0-9]+@/ x}}",
        "inline:{inlined@example.org=x}",
        "unix:passwd.byname",
    )


@pytest.mark.parametrize(
    "account",
    [
        "hashed@example.org", "hashd@example.org", "plainly@example.org", "newsroom@example.org",
        "nwesroom@example.org", "sequel@example.org", "seqel@example.org",
        "pattern77@example.org", "inlined@example.org", "root@example.org",
    ],
)  # fmt: skip
async def test_every_kind_of_map_tells_names_and_near_misses(site, maps, account):
    asked = names(site, maps, seconds=8.0)
    assert await asked.reality(account) is Reality.REAL
    await asked.close()


async def test_nobody_is_nobody_in_every_kind_of_map(site, maps):
    asked = names(site, maps, seconds=8.0)
    before = time.monotonic()
    assert await asked.reality("reception@example.org") is Reality.UNKNOWN
    assert time.monotonic() - before < 3.0
    await asked.close()


@pytest.mark.parametrize(
    "broken",
    ["hash:/nowhere", "mysql:/nowhere.cf", "texthash:{base}/old-aliases", "proxy:unix:nonsense"],
)
async def test_a_map_that_cannot_be_read_makes_it_unsure(site, maps, broken):
    asked = names(site, (broken.format(base=site.base),), seconds=8.0)
    assert await asked.reality("reception@example.org") is Reality.UNSURE
    await asked.close()


async def test_a_catch_all_leaves_no_room_for_decoys(site):
    asked = names(site, ("inline:{@example.org=alice}",))
    assert await asked.reality("reception@example.org") is Reality.REAL
    await asked.close()
