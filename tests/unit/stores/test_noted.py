"""What the worker noted stands in its own file, beside what it found."""

from contextlib import suppress

from honeypost.engine.traces import Trace
from honeypost.events import CaptureExtracted, CredentialHandedOver
from honeypost.ports import Entry
from honeypost.stores.intel import IntelStore


def noted(number: int, account: str = "info@example.org") -> Entry:
    event = CredentialHandedOver(account, f"192.0.2.{number}", 3, 60.0)
    return Entry(f"{number:032x}", float(number), event, None)


def test_events_are_kept_once_and_found_by_kind(tmp_path):
    with IntelStore(tmp_path / "intel.db") as store:
        assert store.last_id == ""
        for number in (1, 2, 2):
            store.append(noted(number))
        store.append(Entry("f" * 32, 3.0, CaptureExtracted("c", "", 0, 0, 0, ()), None))
        assert store.last_id == "f" * 32
        kinds = (CredentialHandedOver.kind(),)
        assert store.entries(kinds=kinds) == [noted(1), noted(2)]
        assert store.entries(noted(1).id, kinds=kinds) == [noted(2)]
        assert len(store.entries()) == 3


def test_an_event_is_kept_with_its_finding_or_not_at_all(tmp_path):
    with IntelStore(tmp_path / "intel.db") as store:
        with suppress(ZeroDivisionError), store.batch():
            store.append(noted(1))
            raise ZeroDivisionError
        assert store.entries() == []


async def test_events_are_forgotten_and_expire(tmp_path):
    with IntelStore(tmp_path / "intel.db") as store:
        store.append(noted(1, "gone@example.org"))
        store.append(noted(2))
        store.append(noted(9))
        assert await store.forget(Trace("gone@example.org")) == 1
        await store.prune(5.0)
        assert store.entries() == [noted(9)]
