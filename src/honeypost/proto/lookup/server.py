"""
Does this credential work?  Asked by Dovecot's login script for unknown users only.

The script posts the login as a form and takes either ``200 user=<marker>@<marker domain>``
or ``204``.  Whatever is not a plain login on smtp, imap or pop3 is refused without asking
anybody: mail that a decoy hands in elsewhere (sieve, submission) would not pass the
containment (integration facts, C5).  The same goes for a client in ``spared``: a webmail on such
a host logs in for people who type badly, and its mail goes out without a login.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import unquote_to_bytes

from honeypost.model import Client, Protocol, Secret, canonical_address
from honeypost.proto.http import Consult, HttpServer, Reply, Request
from honeypost.questions import LoginVerdict, MayLogin, Verdict

FIELDS_MOST = 32
LARGEST_PORT = 65535
PORT_DIGITS = 5

SERVICES = {b"smtp": Protocol.SUBMISSION, b"imap": Protocol.IMAP, b"pop3": Protocol.POP3}
"""Dovecot's names for the services in which a decoy may exist."""

NOBODY = Reply(204)

Networks = Sequence[IPv4Network | IPv6Network]


class LookupServer(HttpServer):
    """
    One connection of the script.

    :param key: what the script sends as ``X-Key``.
    :param marker_domain: domain of the marker users, as Postfix's containment knows it.
    :param spared: clients there are nobody's business: refused, and nothing is noted.
    """

    __slots__ = ()

    def __init__(self, key: Secret, marker_domain: str, spared: Networks = ()) -> None:
        super().__init__(LookupHandler(marker_domain, spared), key)


class LookupHandler:
    """Turns a form into the question, and the verdict into the reply."""

    __slots__ = ("_marker_domain", "_spared")

    def __init__(self, marker_domain: str, spared: Networks = ()) -> None:
        self._marker_domain = marker_domain
        self._spared = spared

    def handle(self, request: Request) -> Reply | Consult:
        """Ask whether the credential works; a request that makes no sense is nobody's."""
        if request.method != b"POST":
            return Reply(404)
        question = login_question(form_fields(request.body))
        if question is None or self._spares(question.client):
            return NOBODY
        return Consult(question)

    def _spares(self, client: Client | None) -> bool:
        if client is None:
            return True
        address = canonical_address(client.address)
        return any(address in network for network in self._spared)

    def reply(self, verdict: Verdict) -> Reply:
        """Name the marker user, or nobody."""
        if not (isinstance(verdict, LoginVerdict) and verdict.granted and verdict.marker):
            return NOBODY
        return Reply(200, f"user={verdict.marker}@{self._marker_domain}".encode())


def form_fields(body: bytes) -> dict[bytes, bytes]:
    """
    Read a form (application/x-www-form-urlencoded) without judging its characters.

    The first of two fields with one name wins; more than ``FIELDS_MOST`` are not read.

    >>> form_fields(b"user=a%40b&password=%00%ff+x")
    {b'user': b'a@b', b'password': b'\\x00\\xff x'}
    """
    fields: dict[bytes, bytes] = {}
    for pair in body.split(b"&", FIELDS_MOST)[:FIELDS_MOST]:
        name, _, value = pair.partition(b"=")
        fields.setdefault(name, unquote_to_bytes(value.replace(b"+", b" ")))
    return fields


def login_question(fields: Mapping[bytes, bytes]) -> MayLogin | None:
    """Make the question; ``None`` when the fields are no login that a decoy could make."""
    service = SERVICES.get(fields.get(b"service", b""))
    login, secret = fields.get(b"user", b""), fields.get(b"password", b"")
    client = named_client(fields.get(b"rip", b""), fields.get(b"rport", b""))
    if service is None or client is None or not login or not secret:
        return None
    return MayLogin(
        login=login,
        secret=Secret(secret),
        mechanism=fields.get(b"mech", b"PLAIN").decode("ascii", "replace").upper(),
        service=service,
        secured=bool(fields.get(b"secured")),
        client=client,
    )


def named_client(address: bytes, port: bytes) -> Client | None:
    """Read the client that Dovecot names; Postfix tells Dovecot no port, so it is 0 then."""
    try:
        parsed = canonical_address(address.decode("ascii"))
    except ValueError:
        return None
    number = int(port) if port.isdigit() and len(port) <= PORT_DIGITS else 0
    return Client(str(parsed), number if number <= LARGEST_PORT else 0)
