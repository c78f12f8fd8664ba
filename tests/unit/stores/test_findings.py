"""What the commands read while the worker writes."""

import pytest

from honeypost.errors import StoreError
from honeypost.extract.report import Link, Report, Role
from honeypost.ports import Capture
from honeypost.stores import findings
from honeypost.stores.findings import IntelView
from support.storage import WHO, envelope


@pytest.fixture
def view(intel, path):
    with IntelView(path) as made:
        yield made


def keep(intel, number, account, domain):
    link = Link(f"http://www.{domain}/{number}", domain, Role.LINK, "1:a@href", ())
    capture = Capture(f"c{number}", float(number), envelope(account=account), WHO, 1, "h")
    intel.keep(capture, Report(f"c{number}", (link,)))


def test_reports_are_found_by_account_and_domain(intel, view):
    for number in range(4):
        domain = ("even.example", "odd.example")[number % 2]
        account = ("info@example.org", "sales@example.org")[number // 2]
        keep(intel, number, account, domain)

    def found(**wanted):
        return [finding.capture for finding in view.findings(**wanted)]

    assert found() == ["c0", "c1", "c2", "c3"]
    assert found(account="sales@example.org") == ["c2", "c3"]
    assert found(domain="odd.example") == ["c1", "c3"]
    assert found(account="sales@example.org", domain="odd.example") == ["c3"]
    assert found(after="c1", limit=1) == ["c2"]


def test_no_answer_has_more_rows_than_the_limit(intel, view, monkeypatch):
    monkeypatch.setattr(findings, "LIMIT", 2)
    for number in range(4):
        keep(intel, number, "info@example.org", "a.example")
    assert len(view.findings(limit=99)) == 2


def test_there_is_none_yet(path):
    with pytest.raises(StoreError):
        IntelView(path)
