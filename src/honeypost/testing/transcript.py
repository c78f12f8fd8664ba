"""
Plays a dialogue against a protocol core and says where the two part.

Theory of operation
===================

A transcript is text, one step a line, ``#`` for remarks::

    C: RCPT TO:<bob@example.org>      the client sends this line (and CRLF)
    C| raw bytes                      the same without CRLF
    S: 250 2.1.5 Ok                   the server says this line
    ?: MayReceive first=True -> accepted 3D09020C113
    !: RecipientProbed answer=accepted
    W: 2.0                            a pause before the reply; the player ends it
    T:                                a handshake is asked for; the player completes it
    B: body bytes                     bytes of the message, however cut, since the last B
    O:  A:                            a message is opened; abandoned
    Z:                                the client is silent until the idle limit
    E:                                the client closes
    X:                                the server closes

Escapes are Python's (``\\r``, ``\\x00``).  After ``?:`` and ``!:`` only the fields that are
named are compared.  Consecutive ``C`` lines are sent in one piece, or byte by byte.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from honeypost.proto.effects import (
    AbandonMessage,
    Ask,
    Close,
    Core,
    Effect,
    Emit,
    OpenMessage,
    Send,
    Spool,
    StartTls,
    Wake,
)
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    LoginVerdict,
    MayLogin,
    Question,
    ReceiveVerdict,
    Verdict,
)

MARKS = frozenset({"C:", "C|", "S:", "?:", "!:", "W:", "T:", "B:", "O:", "A:", "Z:", "E:", "X:"})


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a transcript."""

    number: int
    mark: str
    text: str

    @property
    def data(self) -> bytes:
        """The text with its escapes resolved."""
        return self.text.encode().decode("unicode_escape").encode("latin-1")


def read_transcript(text: str) -> list[Line]:
    """
    Read a transcript.

    :raises ValueError: at a line that is no step.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[:2] not in MARKS:
            raise ValueError(f"line {number} is no step: {line}")
        lines.append(Line(number, line[:2], line[3:]))
    return lines


def play(core: Core, lines: Iterable[Line], *, bytewise: bool = False) -> None:
    """
    Play a transcript, whole or byte by byte.

    :raises AssertionError: with the number of the line where core and transcript part.
    """
    player = _Player(core, bytewise=bytewise)
    player.take(core.open())
    for line in lines:
        player.play(line)
    player.end()


class _Player:
    def __init__(self, core: Core, *, bytewise: bool) -> None:
        self._core = core
        self._bytewise = bytewise
        self._client = bytearray()
        self._said: deque[Effect | bytes] = deque()
        self._body = b""

    def take(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._said.extend(effect.data.splitlines(keepends=True))
            elif isinstance(effect, Spool):
                self._body += effect.data
            elif not isinstance(effect, Wake) or effect.hold:
                self._said.append(effect)

    def play(self, line: Line) -> None:
        if line.mark in ("C:", "C|"):
            self._client += line.data + (b"\r\n" if line.mark == "C:" else b"")
            return
        self._send()
        if line.mark == "Z:":
            self.take(self._core.woken())
        elif line.mark == "E:":
            self.take(self._core.eof())
        elif line.mark == "B:":
            self._compare(line, self._body, line.data)
            self._body = b""
        else:
            self._expect(line)

    def end(self) -> None:
        self._send()
        if self._said or self._body:
            raise AssertionError(f"more than the transcript has: {[*self._said]} {self._body!r}")

    def _send(self) -> None:
        data, self._client = bytes(self._client), bytearray()
        size = 1 if self._bytewise else max(len(data), 1)
        for start in range(0, len(data), size):
            self.take(self._core.receive(data[start : start + size]))

    def _expect(self, line: Line) -> None:
        if not self._said:
            raise AssertionError(f"line {line.number}: nothing more, but {line.mark} {line.text}")
        said = self._said.popleft()
        match line.mark, said:
            case "S:", bytes():
                self._compare(line, said, line.data + b"\r\n")
            case "?:", Ask(question):
                self._question(line, question)
            case "!:", Emit(event):
                self._fields(line, line.text, event)
            case "W:", Wake(seconds):
                self._compare(line, seconds, float(line.text))
                self.take(self._core.woken())
            case "T:", StartTls():
                self.take(self._core.secured())
            case ("O:", OpenMessage()) | ("A:", AbandonMessage()) | ("X:", Close()):
                pass
            case _:
                self._compare(line, said, f"{line.mark} {line.text}")

    def _question(self, line: Line, question: Question) -> None:
        wanted, _, verdict = line.text.partition(" -> ")
        self._fields(line, wanted, question)
        self.take(self._core.answer(read_verdict(question, verdict)))

    def _fields(self, line: Line, wanted: str, thing: Any) -> None:
        name, *fields = wanted.split()
        self._compare(line, type(thing).__name__, name)
        for field in fields:
            key, _, value = field.partition("=")
            self._compare(line, f"{key}={_shown(getattr(thing, key))}", f"{key}={value}")

    def _compare(self, line: Line, said: object, wanted: object) -> None:
        if said != wanted:
            raise AssertionError(f"line {line.number}: said {said!r}, not {wanted!r}")


def read_verdict(question: Question, text: str) -> Verdict:
    """
    Read the verdict to a question: ``refused 2.0``, ``granted bob@example.org 0.1``,
    ``accepted 3D09020C113``, ``unknown``.
    """
    word, *rest = text.split()
    if isinstance(question, MayLogin):
        if word == "granted":
            delay = float(rest[1]) if rest[1:] else 0.0
            return LoginVerdict(account=rest[0], marker="m", delay_seconds=delay)
        return LoginVerdict(delay_seconds=float(rest[0]) if rest else 0.0)
    verdict = KeepVerdict if isinstance(question, KeepMessage) else ReceiveVerdict
    return verdict(Acceptance(word), rest[0] if rest else "")


def _shown(value: object) -> str:
    """Show a field as transcripts write it: bytes as text, a recipient as its address."""
    value = getattr(value, "address", value)
    if hasattr(value, "reveal"):
        value = value.reveal()
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
