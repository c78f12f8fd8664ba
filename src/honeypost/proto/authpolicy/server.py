"""
What Dovecot reports of each login, real ones included.

Report only: we never deny and never delay.  A policy server that is asked for permission and
hangs locks real users out for good (measured on Dovecot 2.3 and 2.4), so ``allow`` is said
yes to without looking, and a report is answered before anybody has looked at it.  A report
that cannot be read is answered the same way: Dovecot logs an error for everything else.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

import msgspec

from honeypost.model import Client, Secret, canonical_address
from honeypost.proto.http import Consult, HttpServer, Reply, Request
from honeypost.questions import NoteReport, Verdict

GO_ON: Final = Reply(200, b'{"status":0,"msg":""}', b"application/json")
LARGEST_PORT = 65535
PORT_DIGITS = 5


class Report(msgspec.Struct, frozen=True):
    """One attempt, as ``auth_policy_request_attributes`` and Dovecot itself fill it in."""

    login: str = ""
    orig: str = ""
    """The login as typed, when a passdb has rewritten it."""
    remote: str = ""
    rport: str | int = 0
    protocol: str = ""
    success: bool = False
    pwhash: str = ""
    """The first 12 bits of a hash of nonce, login and password."""
    session_id: str = ""
    tls: bool = False
    fail_type: str = ""
    """Dovecot 2.4 (measured on 2.4.1): ``account``, ``credentials``, ``internal``; "" in 2.3."""


JUDGED: Final = frozenset({"", "account", "credentials"})
"""Kinds of failure in which somebody offered a wrong login or secret."""

_decoder = msgspec.json.Decoder(Report)


class AuthPolicyServer(HttpServer):
    """
    One connection of the policy client.

    :param key: what ``auth_policy_server_api_header`` sends as ``X-Key``.
    """

    __slots__ = ()

    def __init__(self, key: Secret) -> None:
        super().__init__(AuthPolicyHandler(), key)


class AuthPolicyHandler:
    """Says yes to everything and passes reports on."""

    __slots__ = ()

    def handle(self, request: Request) -> Reply | Consult:
        """Answer at once; a report that can be read is passed on."""
        _, _, query = request.target.partition(b"?")
        if request.method != b"POST":
            return Reply(404)
        if parse_qs(query).get(b"command") != [b"report"]:
            return GO_ON
        question = report_question(request.body)
        return GO_ON if question is None else Consult(question, GO_ON)

    def reply(self, verdict: Verdict) -> Reply:  # noqa: ARG002 the answer never depends on it
        """Say yes."""
        return GO_ON


def report_question(body: bytes) -> NoteReport | None:
    """Read a report; ``None`` when it is none or names no client."""
    try:
        report = _decoder.decode(body)
        address = canonical_address(report.remote)
    except (msgspec.DecodeError, ValueError):
        return None
    return NoteReport(
        login=report.login.encode(),
        original=report.orig.encode(),
        service=report.protocol,
        client=Client(str(address), _port(report.rport)),
        success=report.success,
        secret_tag=report.pwhash,
        session=report.session_id,
        tls=report.tls,
        judged=report.fail_type in JUDGED,
    )


def _port(given: str | int) -> int:
    text = str(given)
    number = int(text) if text.isdecimal() and len(text) <= PORT_DIGITS else 0
    return number if number <= LARGEST_PORT else 0
