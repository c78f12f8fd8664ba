import pytest

from honeypost.engine.traces import Trace
from honeypost.events import GrantsStopped, LoginRefused, RecipientProbed
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.ports import Capture, Entry

ANN = Trace("Ann@Example.net")
WHO = Identity("s", Client("2001:db8::1", 25), "smtp", Protocol.SMTP)


@pytest.mark.parametrize(
    "text",
    [
        b"ann@example.net",
        b"To: Ann <ANN@EXAMPLE.NET>, bob@example.net",
        b"rfc822;ann@example.net",
        b"Write to ann@example.net.",
        b"Write to ann@example.net. ",
        b"joann@example.net ann@example.net",
        b"mailto:ann@example.net?subject=x",
    ],
)
def test_where_an_address_is(text):
    assert ANN.in_text(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"joann@example.net",
        b"ann@example.network",
        b"ann@example.net.uk",
        b"x-ann@example.net",
    ],
)
def test_where_it_is_not(text):
    assert not ANN.in_text(text)


@pytest.mark.parametrize("cut", range(40))
def test_a_body_in_pieces_is_searched_as_one(cut):
    for body, found in (
        (b"0123456789 ann@example.net, and so on", True),
        (b"0123456789 joann@example.net, and so", False),
        (b"0123456789 ann@example.net.uk and so", False),
        (b"01234567890 0123456 ann@example.net.", True),
        (b"ann@example.net", True),
    ):
        assert ANN.in_body([body[:cut], body[cut:]]) is found


def test_an_address_across_many_pieces():
    body = b"to <ann@example.net>"
    assert ANN.in_body(body[n : n + 1] for n in range(len(body)))


@pytest.mark.parametrize("text", ["", "ann", "@", "@example.net", "ann@", "  "])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="neither"):
        Trace(text)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        (" Ann@Example.NET ", "ann@example.net"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_canonical_form(typed, canonical):
    assert Trace(typed).text == canonical


def capture(**fields):
    return Capture(
        "c", 1.0, Envelope(**({"reverse_path": b"", "recipients": ()} | fields)), WHO, 1, "h"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"reverse_path": b"ANN@example.net"},
        {"recipients": (Recipient(b"x@y"), Recipient(b"ann@example.net"))},
        {"recipients": (Recipient(b"x@y", b"rfc822;Ann@example.net"),)},
        {"account": "ann@example.net"},
        {"parameters": b"AUTH=ann@example.net SIZE=1"},
    ],
)
def test_an_envelope_that_names_it(fields):
    assert ANN.in_capture(capture(**fields))
    assert not ANN.in_capture(capture(reverse_path=b"bob@example.net"))


def test_the_client_of_a_capture():
    assert Trace("2001:db8::1").in_capture(capture())
    assert Trace("192.0.2.1").in_capture(capture(via=Client("192.0.2.1", 5)))
    assert not Trace("192.0.2.2").in_capture(capture(via=Client("192.0.2.1", 5)))
    assert not Trace("192.0.2.2").in_capture(capture())


@pytest.mark.parametrize(
    "event",
    [
        GrantsStopped("ann@example.net is real"),
        RecipientProbed(b"ann@example.net", b"", "unknown"),
        LoginRefused("ann@example.net", b"ann", "PLAIN", "smtp", False, "t", "", "r", 1, 2),
    ],
)
def test_an_event_that_names_it(event):
    assert ANN.in_entry(Entry("1", 1.0, event, None))
    assert not Trace("bob@example.net").in_entry(Entry("1", 1.0, event, WHO))


def test_the_client_of_an_event():
    assert Trace("2001:db8::1").in_entry(Entry("1", 1.0, GrantsStopped("x"), WHO))
    nobody = Identity("s", Client(""), "policy", Protocol.POLICY)
    assert not ANN.in_entry(Entry("1", 1.0, GrantsStopped("x"), nobody))


def test_a_tag_is_keyed_and_stable():
    assert ANN.tag(b"k") == Trace("ann@example.net").tag(b"k")
    assert len({ANN.tag(b"k"), ANN.tag(b"l"), Trace("bob@example.net").tag(b"k")}) == 3
    assert "ann" not in ANN.tag(b"k")
