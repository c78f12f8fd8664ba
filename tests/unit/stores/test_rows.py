import pytest

from honeypost.events import ClientGreeted, GrantsStopped, LoginRefused, MessageCaptured
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Entry
from honeypost.stores.rows import COLUMNS, from_row, to_row

WHO = Identity("s-1", Client("2001:db8::1", 25), "smtp", Protocol.SMTP)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("01", 1.5, ClientGreeted("EHLO", bytes(range(256))), WHO),
        Entry("02", 1.5, GrantsStopped("main.cf: geändert"), None),
        Entry("03", 1.5, MessageCaptured("c", "a@b", "Q", b"", 1, 2, "h"), WHO),
    ],
)
def test_an_entry_comes_back(entry):
    assert from_row(to_row(entry)) == entry


def test_what_is_searched_for_is_a_column():
    event = LoginRefused("a@b", b"a", "PLAIN", "smtp", False, "t", "", "r", 1, 2)
    row = dict(zip(COLUMNS, to_row(Entry("01", 1.5, event, WHO)), strict=True))
    assert row["account"] == "a@b"
    assert row["client"] == "2001:db8::1"
    assert row["network"] == "2001:db8::/64"
    assert (row["session"], row["kind"]) == ("s-1", "login.refused")
    captured = MessageCaptured("c-9", "a@b", "Q", b"", 1, 2, "h")
    assert "c-9" in to_row(Entry("01", 1.5, captured, WHO))


@pytest.mark.parametrize("change", [{"kind": "not.yet"}, {"payload": "{}"}, {"protocol": "x400"}])
def test_what_a_later_version_wrote_is_none(change):
    row = dict(zip(COLUMNS, to_row(Entry("01", 1.5, GrantsStopped("x"), WHO)), strict=True))
    assert from_row(tuple((row | change).values())) is None


def test_text_that_is_none_is_refused():
    with pytest.raises(ValueError, match="surrogates"):
        to_row(Entry("01", 1.5, GrantsStopped("\ud800"), None))
