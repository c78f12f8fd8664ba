"""
Two servers behind one face: one on a socket (the real Postfix, or us), and our core without one.

A script is a list of steps: bytes to send and how many replies to wait for.  Playing it
gives what the server said to each step, so that both can be compared.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass, replace

from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.personality.profile import Encryption, Limits, Profile, Role
from honeypost.proto.effects import Ask, Close, Effect, Send, Wake
from honeypost.proto.smtp.server import SmtpServer
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    LoginVerdict,
    MayLogin,
    MayReceive,
    Question,
    ReceiveVerdict,
    Verdict,
)
from support.certificates import trusting_client
from support.real_postfix import DOMAIN, HOSTNAME, KNOWN, PASSWORD, connect

QUEUE_ID = re.compile(rb"queued as [0-9A-F]{8,14}\b")
LAST_LINE = re.compile(rb"(?m)^\d{3} [^\n]*\n")
TLS = b"<handshake>"
"""A step that is no bytes but the handshake."""


@dataclass(frozen=True)
class Step:
    """Bytes to send, and how many replies to wait for before the next step."""

    data: bytes
    replies: int = 1


def script(*steps: Step | bytes | str) -> list[Step]:
    """Turn lines into steps: a text is one command, bytes are sent as they are."""
    made = []
    for step in steps:
        if isinstance(step, str):
            made.append(Step(step.encode() + b"\r\n"))
        else:
            made.append(step if isinstance(step, Step) else Step(step, 0 if step == TLS else 1))
    return made


def normalised(said: bytes) -> bytes:
    """Take out what must differ from message to message."""
    return QUEUE_ID.sub(b"queued as ID", said)


class SocketPeer:
    """A connection to a server, the real Postfix or ours."""

    def __init__(
        self,
        port: int,
        host: str,
        *,
        wrapped: bool = False,
        context: ssl.SSLContext | None = None,
        source: str = "",
    ) -> None:
        """
        :param wrapped: begin with a handshake.
        :param context: the same, with a client of choice.
        """
        self.socket: socket.socket = connect(port, host, source)
        self.ended = False
        if wrapped or context:
            self.secure(context)

    def secure(self, context: ssl.SSLContext | None = None) -> None:
        """Do a TLS handshake."""
        self.socket = (context or trusting_client()).wrap_socket(self.socket)

    def step(self, step: Step) -> bytes:
        if step.data == TLS:
            self.secure()
            return b""
        try:
            self.socket.sendall(step.data)
        except OSError:
            self.ended = True
        return self.read(step.replies)

    def read(self, replies: int) -> bytes:
        said = b""
        while not self.ended and len(LAST_LINE.findall(said)) < replies:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            self.ended = not data
            said += data
        return said

    def finish(self) -> bytes:
        """Say no more and read what is still to come."""
        try:
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket.settimeout(0.3)
            else:
                self.socket.shutdown(socket.SHUT_WR)
            return self.read(1_000_000)
        except (OSError, TimeoutError):
            return b""
        finally:
            self.socket.close()


def our_profile(service: str) -> Profile:
    """Our profile as the named service of the real Postfix is configured."""
    roles = dict(PROFILE.roles)
    mx = Role(Encryption.MAY, auth=True, plaintext_auth=True, login_needed=False)
    roles[Protocol.SMTP] = {
        "bare": replace(mx, auth=False),
        "auth-after-tls": replace(mx, plaintext_auth=False),
        "no-tls": replace(mx, encryption=Encryption.NONE),
    }.get(service, roles[Protocol.SMTP])
    profile = replace(PROFILE, roles=roles)
    if service == "submission-plain":
        profile = profile.with_plaintext_auth(allowed=True)
    if service == "hasty":
        limits: Limits = replace(
            profile.limits, error_seconds=0.0, idle_seconds=2.0, junk_commands=5
        )
        profile = replace(profile, limits=limits)
    return profile


def our_protocol(service: str) -> Protocol:
    """Give the kind of listener that the named service of the real Postfix is."""
    return {
        "submission": Protocol.SUBMISSION,
        "submission-plain": Protocol.SUBMISSION,
        "submissions": Protocol.SUBMISSIONS,
    }.get(service, Protocol.SMTP)


def our_core(service: str) -> SmtpServer:
    """Our core, set up as the named service of the real Postfix is."""
    hasty = service == "hasty"
    return SmtpServer(
        our_profile(service),
        our_protocol(service),
        hostname=HOSTNAME,
        message_bytes=2000 if hasty else 10_240_000,
        recipients=3 if hasty else 1000,
    )


class Table:
    """Knows what the real one is configured to know."""

    def __init__(self, refusal_seconds: float = 0.0) -> None:
        self._refusal_seconds = refusal_seconds
        self._named = 0

    def decide(self, question: Question) -> Verdict:
        if isinstance(question, MayLogin):
            right = (KNOWN.encode(), PASSWORD.encode())
            if (question.login.lower(), question.secret.reveal()) == right:
                return LoginVerdict(account=KNOWN, marker="x")
            return LoginVerdict(delay_seconds=self._refusal_seconds)
        if isinstance(question, MayReceive):
            self._named += 1
            return ReceiveVerdict(_acceptance(question), f"0{self._named:04X}20C113")
        assert isinstance(question, KeepMessage)
        return KeepVerdict(Acceptance.ACCEPTED, question.envelope.queue_id)


class OurPeer:
    """Our core without a socket."""

    def __init__(self, service: str, *, refusal_seconds: float = 0.5) -> None:
        self._core = our_core(service)
        self._table = Table(refusal_seconds)
        self._said = b""
        self.held_seconds = 0.0
        """Virtual time spent in pauses before replies."""
        self.ended = False
        self._carry_out(self._core.open())

    def step(self, step: Step) -> bytes:
        if step.data == TLS:
            self._carry_out(self._core.secured())
        else:
            self._carry_out(self._core.receive(step.data))
        return self.read(step.replies)

    def read(self, replies: int) -> bytes:
        """Give what was said; with fewer replies than awaited, let the client fall silent."""
        if len(LAST_LINE.findall(self._said)) < replies and not self.ended:
            self._carry_out(self._core.woken())
        said, self._said = self._said, b""
        return said

    def finish(self) -> bytes:
        self._carry_out(self._core.eof())
        return self.read(0)

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._said += effect.data
            elif isinstance(effect, Ask):
                self._carry_out(self._core.answer(self._table.decide(effect.question)))
            elif isinstance(effect, Wake) and effect.hold:
                self.held_seconds += effect.after_seconds
                self._carry_out(self._core.woken())
            elif isinstance(effect, Close):
                self.ended = True


def _acceptance(question: MayReceive) -> Acceptance:
    """Judge as the real one's map, mydestination and postmaster rule do."""
    address = question.recipient.address.decode().lower()
    local, _, domain = address.rpartition("@")
    if address in (KNOWN, KNOWN + ".", "postmaster"):
        return Acceptance.ACCEPTED
    if (local, domain.startswith("[127.")) == ("known", True):
        return Acceptance.ACCEPTED
    if domain.removesuffix(".") == DOMAIN and not set(local) & set("@%!"):
        return Acceptance.UNKNOWN
    return Acceptance.ACCEPTED if question.account else Acceptance.RELAY_DENIED


def play(peer: SocketPeer | OurPeer, steps: list[Step]) -> list[bytes]:
    """Play a script to its end; the banner comes first, what was left over last."""
    said = [peer.read(1)]
    for step in steps:
        if peer.ended:
            break
        said.append(peer.step(step))
    said.append(peer.finish())
    while not said[-1]:
        said.pop()  # whether the end shows with this step or the next is the socket's business
    return [normalised(part) for part in said]
