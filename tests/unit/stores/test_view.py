import pytest

from honeypost.errors import StoreError
from honeypost.events import DecoyEntered, GrantsStopped, MessageCaptured
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Decoy, Entry
from honeypost.stores.journal import JournalStore
from honeypost.stores.view import JournalView

NOON = 1_772_366_400.0
V6 = Identity("s-6", Client("2001:db8::1", 25), "smtp", Protocol.SMTP)
V4 = Identity("s-4", Client("192.0.2.1", 25), "smtp", Protocol.SMTP)


def numbered(number, event, who):
    return Entry(f"{number:032x}", NOON + number, event, who)


ENTRIES = [
    numbered(1, GrantsStopped("x"), None),
    numbered(2, DecoyEntered("info@example.org", "smtp", "PLAIN", True), V6),
    numbered(3, DecoyEntered("sales@example.org", "smtp", "PLAIN", True), V4),
    numbered(4, MessageCaptured("c-1", "info@example.org", "Q", b"", 1, 2, "h"), V6),
    numbered(5, GrantsStopped("y"), None),
]


@pytest.fixture
async def path(tmp_path):
    path = tmp_path / "journal.db"
    log = JournalStore(path)
    log.open()
    for entry in ENTRIES:
        log.append(entry)
    await log.flush()
    await log.adopt(Decoy("info@example.org", "s", "m", 1.0, 2.0))
    log.close()
    return path


@pytest.fixture
def view(path):
    with JournalView(path) as made:
        yield made


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"limit": 2}, [1, 2]),
        ({"account": "info@example.org"}, [2, 4]),
        ({"client": "192.0.2.1"}, [3]),
        ({"network": "2001:db8::/64"}, [2, 4]),
        ({"session": "s-4"}, [3]),
        ({"capture": "c-1"}, [4]),
        ({"kinds": ("grants.stopped",)}, [1, 5]),
        ({"kinds": ("grants.stopped", "decoy.entered"), "since": NOON + 2}, [2, 3, 5]),
        ({"account": "info@example.org", "kinds": ["decoy.entered"]}, [2]),
        ({"account": "nobody@example.org"}, []),
        ({"account": "' OR 1=1 --"}, []),
        ({"after_id": ENTRIES[2].id}, [4, 5]),
        ({"after_id": ENTRIES[1].id, "account": "info@example.org"}, [4]),
        ({"after_id": ENTRIES[4].id}, []),
        ({"after_id": "0" * 32}, [1, 2, 3, 4, 5]),
        ({"after_id": "f" * 32}, []),
    ],
)
def test_all_conditions_are_met_in_order(view, wanted, numbers):
    assert view.entries(**wanted) == [ENTRIES[number - 1] for number in numbers]


async def test_a_cursor_whose_entry_is_gone_goes_on_behind_its_place(path, view):
    log = JournalStore(path)
    log.open()
    await log.prune(NOON + 4)
    log.close()
    assert view.entries(ENTRIES[1].id) == ENTRIES[3:]


async def test_the_order_is_that_of_writing_when_the_clock_was_set_back(path, view):
    late = Entry("0" * 31 + "0", NOON - 5, GrantsStopped("late"), None)
    log = JournalStore(path)
    log.open()
    log.append(late)
    log.close()
    assert view.entries(ENTRIES[4].id) == [late]


def test_figures(view):
    assert view.counts() == {"decoy.entered": 2, "grants.stopped": 2, "message.captured": 1}
    assert view.counts(NOON + 4) == {"grants.stopped": 1, "message.captured": 1}
    assert view.count_before(NOON + 3) == 2
    assert [decoy.account for decoy in view.decoys()] == ["info@example.org"]
    assert view.last_id() == ENTRIES[4].id
    assert view.bytes() > 0


def test_all_entries_come_in_portions(view, monkeypatch):
    monkeypatch.setattr("honeypost.stores.view.LIMIT", 2)
    assert list(view.all_entries()) == ENTRIES
    assert len(view.entries(limit=5)) == 2


def test_an_empty_journal(tmp_path):
    log = JournalStore(tmp_path / "journal.db")
    log.open()
    with JournalView(tmp_path / "journal.db") as view:
        assert (view.entries(), view.decoys(), view.counts(), view.last_id()) == ([], [], {}, "")
    log.close()


def test_there_is_none_yet(tmp_path):
    with pytest.raises(StoreError):
        JournalView(tmp_path / "journal.db")


def test_a_question_that_takes_too_long_is_broken_off(path, monkeypatch):
    monkeypatch.setattr("honeypost.stores.view.STEPS_BETWEEN", 1)
    times = iter(range(1000))
    with (
        JournalView(path, clock=lambda: float(next(times))) as view,
        pytest.raises(StoreError, match="interrupted"),
    ):
        view.entries()
