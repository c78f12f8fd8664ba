"""
Local mail beside containment: what bears the secret header stays, all else goes as without us.

``test_ways_out`` puts a decoy's waiting mail through the queue again; here the site's own checks
and options of local mail are many, and the same mail is sent with and without containment.
"""

from __future__ import annotations

import re

import pytest

from support.mailhost import MailHost
from support.waiting import until

pytestmark = pytest.mark.real

TABLE = "regexp:{base}/checks"
SITES = {
    "no checks": {},
    "one": {"header_checks": "regexp:{{/^X-Mark: (.*)/ REPLACE X-Mark: seen $$1}}"},
    "several, of three kinds": {
        "header_checks": f"{TABLE} regexp:{{{{/^Subject:/ PREPEND X-Two: 2}}}}, static:DUNNO",
        "nested_header_checks": "regexp:{{/^X-Mark:/ REPLACE X-Nested: 1}}",
        "body_checks": "regexp:{{/^secret$$/ REPLACE (hidden)}}",
    },
    "a content filter": {"content_filter": "smtp:[127.0.0.1]:2600", "header_checks": TABLE},
    "switched off": {
        "header_checks": TABLE,
        "receive_override_options": "no_header_body_checks,no_address_mappings",
    },
}
ATTACHED = (
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nX-Mark: part\n\nsecret\n--b\n"
    b"Content-Type: message/rfc822\n\n%b: quoted\nX-Mark: nested\n\nsecret\n--b--\n"
)


@pytest.fixture(scope="module")
def host():
    with MailHost() as made:
        (made.base / "checks").write_text("/^X-Mark:/ PREPEND X-One: 1\n/^X-Drop:/ IGNORE\n")
        yield made


def sends(host, header=b""):
    text = header + b"Subject: cron\nX-Mark: top\nX-Drop: x\nMIME-Version: 1.0\n"
    text += ATTACHED.replace(b"%b", host.header.encode())
    host.namespace.run(
        "sendmail", "-C", host.postfix.directory, "-i", "-f", "root@example.org", "--",
        "postmaster@example.org", "far@outside.test", input=text.decode(),
    )  # fmt: skip


def arrived(host, wanted):
    """Give what arrived outside for a local message, but for its times and ids."""
    until(lambda: len(host.internet.messages) >= wanted, host.postfix.said)
    until(lambda: not host.postfix.queued(), host.postfix.said)
    found = [(mail[:18], sorted(to), changing(text)) for mail, to, text in host.internet.messages]
    host.internet.messages.clear()
    return found


def changing(text):
    text = re.sub(rb"id \w+; .*|<\d+\.\w+@", b"", text)
    return re.sub(rb"^Date: .*", b"", text, flags=re.MULTILINE)


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_local_mail_goes_as_without_us_and_what_bears_the_header_stays(host, site):
    host.postfix._settings = {
        name: value.replace("{base}", str(host.base)) for name, value in site.items()
    }
    results = []
    for contained in (False, True):
        host.postfix.write_configuration(contained=contained)
        host.postfix.reload()
        sends(host)
        results.append(arrived(host, 1))
    assert results[0] == results[1]
    since = len(host.postfix.said())
    sends(host, f"{host.header}: abc123\n".encode())
    until(lambda: "status=deferred" in host.postfix.said()[since:], host.postfix.said)
    assert host.postfix.said()[since:].count(f"filter: header {host.header}: abc123") == 1
    assert "relay=none" in host.postfix.said()[since:]
    host.namespace.run("postsuper", "-c", host.postfix.directory, "-d", "ALL")
    assert host.internet.messages == []
