import pytest

from honeypost.engine.traces import Trace
from honeypost.errors import StoreBusy, StoreCorrupt
from honeypost.events import DecoyAdopted, DecoyEntered
from honeypost.extract.report import Addressee, Attachment, Link, Report, Role
from honeypost.intel.lineage import Lineages
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Capture, Entry
from honeypost.stores.findings import IntelView
from honeypost.stores.intel import IntelStore
from support.storage import WHO, envelope

NOON = 1_772_366_400.0


def capture(number, account="info@example.org"):
    return Capture(f"c{number}", NOON + number, envelope(account=account), WHO, 1, "h")


def report(number, domain="example.net", **more):
    link = Link(f"http://www.{domain}/{number}", domain, Role.LINK, "1:a@href", ("ip",))
    return Report(f"c{number}", (link,), **more)


@pytest.fixture
def view(intel, path):
    with IntelView(path) as made:
        yield made


def adopted(account, number):
    event = DecoyAdopted(account, "m", "s", "smtp", "PLAIN", b"x", 2, 2, "list", NOON)
    return Entry(f"{number:032x}", NOON + number, event, WHO)


def test_a_report_comes_back_whole(intel, view):
    full = report(
        1,
        recipients=(Addressee("ann@example.net", "to"),),
        attachments=(Attachment("a.pdf", "application/pdf", "ff", 3, "image/png"),),
        errors=("crash", "timeout"),
    )
    assert intel.keep(capture(1), full)
    finding = view.finding("c1")
    assert (finding.report, finding.account, finding.time) == (full, "info@example.org", NOON + 1)
    assert view.links("c1") == full.links
    assert view.finding("c2") is None
    assert view.links("c2") == ()
    assert view.counts() == {"reports": 1, "reports_with_errors": 1, "links": 1, "lineages": 0}


def test_a_capture_has_one_report(intel, view):
    assert intel.keep(capture(1), report(1))
    assert not intel.keep(capture(1), report(1, domain="other.example"))
    assert view.counts()["links"] == 1
    assert view.links("c1")[0].domain == "example.net"


def test_a_batch_is_durable_together_or_not_at_all(intel, view):
    def half_done():
        with intel.batch():
            intel.keep(capture(1), report(1))
            intel.set_cursor("segments", "1:2")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert (view.findings(), view.cursor("segments")) == ([], "")
    with intel.batch():
        intel.keep(capture(1), report(1))
        intel.set_cursor("segments", "1:2")
        assert view.findings() == []
    assert view.cursor("segments") == "1:2"
    assert len(view.findings()) == 1


def test_lineages_come_back_with_their_cursor_and_order(intel, view):
    lineages = Lineages()
    lineages.fold([adopted("a@example.org", 1), adopted("b@example.org", 2)])
    intel.save_lineages(lineages)
    other = Identity("s", Client("192.0.2.7", 1), "smtp", Protocol.SMTP)
    event = DecoyEntered("a@example.org", "smtp", "PLAIN", True)
    lineages.fold([Entry("3".zfill(32), NOON + 3, event, other)])
    intel.save_lineages(lineages, touched=["a@example.org", "gone@example.org"])
    again = view.lineages()
    assert again == lineages
    assert list(again.accounts) == ["b@example.org", "a@example.org"]
    assert view.lineage("a@example.org").handovers[0].network == "192.0.2.7"
    assert view.lineage("none@example.org") is None
    assert again.fold([adopted("a@example.org", 1)]) == []


def test_a_lineage_that_is_not_followed_any_more_goes(intel, view):
    lineages = Lineages()
    lineages.fold([adopted("a@example.org", 1), adopted("b@example.org", 2)])
    intel.save_lineages(lineages)
    del lineages.accounts["a@example.org"]
    intel.save_lineages(lineages, touched=())
    assert list(view.lineages().accounts) == ["b@example.org"]


async def test_old_reports_go_with_their_links(intel, view, monkeypatch):
    monkeypatch.setattr("honeypost.stores.intel.BATCH", 3)
    for number in range(10):
        intel.keep(capture(number), report(number))
    assert view.count_before(NOON + 7) == 7
    assert (await intel.prune(NOON + 7)).count == 7
    assert view.counts()["reports"] == view.counts()["links"] == 3
    assert (await intel.prune(NOON + 7)).count == 0


async def test_an_address_is_forgotten_with_every_byte_of_it(intel, view, path, monkeypatch):
    monkeypatch.setattr("honeypost.stores.findings.BATCH", 2)
    ann = Addressee("ann@example.net", "to")
    for number in range(7):
        intel.keep(capture(number), report(number, recipients=(ann,) * (number % 2)))
    intel.keep(capture(8, "ann@example.net"), report(8))
    lineages = Lineages()
    lineages.fold([adopted("ann@example.net", 1), adopted("b@example.org", 2)])
    intel.save_lineages(lineages)
    trace = Trace("ann@example.net")
    assert view.count_naming(trace) == 5
    assert await intel.forget(trace) == 5
    assert view.count_naming(trace) == 0
    assert view.counts() == {"reports": 4, "reports_with_errors": 0, "links": 4, "lineages": 1}
    assert all(b"ann@example.net" not in file.read_bytes() for file in path.parent.iterdir())


async def test_only_what_is_forgotten_waits_for_the_disk(intel):
    said = []
    intel._connection.set_trace_callback(said.append)
    intel.keep(capture(1), report(1))
    assert not [line for line in said if "synchronous" in line]
    await intel.forget(Trace("ann@example.net"))
    first, last = (number for number, line in enumerate(said) if "synchronous" in line)
    assert "FULL" in said[first]
    assert "NORMAL" in said[last]
    assert all(first < said.index(line) < last for line in said if line.startswith("DELETE"))


def test_one_writer_at_a_time(intel, path):
    with pytest.raises(StoreBusy):
        IntelStore(path)
    intel.close()
    IntelStore(path).close()


def test_a_broken_file_is_said_so(path):
    path.parent.mkdir()
    path.write_bytes(b"\xff" * 5000)
    for _ in range(2):
        with pytest.raises(StoreCorrupt):
            IntelStore(path)
