"""
The LMTP session of the sink.

Theory of operation
===================

The peer is our own Postfix: it speaks properly, and every recipient is taken without a
question, because the mail of a decoy ends here wherever it was meant to go.  The message is
spooled and :class:`~honeypost.questions.KeepMessage` asked; each recipient then gets the
same reply (RFC 2033, section 4.2): 250 when the message is safe, 452 otherwise.  The client
and the queue id that the attacker saw come by XFORWARD.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from honeypost.model import Recipient
from honeypost.personality.replies import fill
from honeypost.proto.dots import DottedText
from honeypost.proto.effects import AbandonMessage, Effect, OpenMessage, Spool, Wake
from honeypost.proto.lines import InputOverflow, LineBuffer
from honeypost.proto.lmtp import replies
from honeypost.proto.lmtp.delivery import Delivery, new_recipient, split_path
from honeypost.proto.turns import Turns
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict, Verdict

LINE_BYTES = 4096
"""Postfix sends shorter lines (``smtp_line_length_limit`` 998 and its paths)."""
INPUT_BYTES = 262_144
"""Held back at most while an answer is outstanding."""
IDLE_SECONDS = 300.0
IDLE = Wake(IDLE_SECONDS)
"""One for all: it comes with every command."""


class LmtpServer:
    """
    One connection from Postfix; implements :class:`honeypost.proto.effects.Core`.

    ``message_bytes`` is the most of one body, ``recipients`` of one transaction; what is
    over either is asked to come later.  Never says 5xx.
    """

    def __init__(
        self,
        *,
        hostname: str,
        message_bytes: int = 64 * 1024 * 1024,
        recipients: int = 1000,
        input_bytes: int = INPUT_BYTES,
    ) -> None:
        self._hostname = hostname.encode()
        self._message_bytes = message_bytes
        self._recipients_max = recipients
        self._lines = LineBuffer(input_bytes)
        self._turns = Turns()
        self._text: DottedText | None = None
        self._delivery = Delivery()

    @property
    def holding(self) -> bool:
        """Is input being held back?"""
        return self._turns.holding

    def open(self) -> Sequence[Effect]:
        """Greet."""
        self._reply(replies.BANNER)
        return self._work()

    def receive(self, data: bytes) -> Sequence[Effect]:
        """Take in bytes, any split."""
        if self._turns.closed:
            return ()
        try:
            self._lines.feed(data, held=self.holding)
        except InputOverflow:
            self._turns.cut()
            self._end(replies.TOO_MUCH)
        return self._work()

    def answer(self, verdict: Verdict) -> Sequence[Effect]:
        """Take in whether the message is kept."""
        if self._turns.closed:
            return ()
        self._turns.answered(verdict)
        return self._work()

    def secured(self) -> Sequence[Effect]:
        """Never: there is no STARTTLS here."""
        raise RuntimeError("a handshake that was not asked for")

    def woken(self) -> Sequence[Effect]:
        """Postfix has been silent for too long."""
        if self._turns.closed:
            return ()
        if self.holding:
            return [IDLE]
        self._end(replies.TIMEOUT)
        return self._work()

    def eof(self) -> Sequence[Effect]:
        """Postfix has closed."""
        if self._turns.closed:
            return ()
        self._turns.cut()
        self._abandon()
        self._turns.closed = True
        return self._turns.take()

    # Input

    def _work(self) -> Sequence[Effect]:
        turns = self._turns
        while not (turns.holding or turns.closed) and self._step():
            pass
        if not (turns.holding or turns.closed):
            turns.do(IDLE)
        return turns.take()

    def _step(self) -> bool:
        if self._text is not None:
            return self._read_text(self._text)
        line = self._lines.command(LINE_BYTES)
        if line is None:
            return False
        verb, _, rest = line.partition(b" ")
        handle = _VERBS.get(verb.upper())
        if handle is None:
            self._reply(replies.NOT_UNDERSTOOD)
        else:
            handle(self, rest.strip())
        return True

    def _read_text(self, text: DottedText) -> bool:
        passage = text.read(self._lines)
        if passage is None:
            return False
        if passage.data:
            self._take_text(passage.data)
        if passage.last:
            self._finish()
        return True

    # Commands

    def _lhlo(self, rest: bytes) -> None:
        if not rest:
            self._reply(replies.NOT_UNDERSTOOD)
            return
        self._delivery = Delivery()
        *most, last = (self._hostname, *replies.KEYWORDS)
        self._reply(*(b"250-" + line for line in most), b"250 " + last)

    def _xforward(self, rest: bytes) -> None:
        self._delivery.forwarded = self._delivery.forwarded.with_attributes(rest)
        self._reply(replies.OK)

    def _mail(self, rest: bytes) -> None:
        path = split_path(b"FROM", rest)
        if self._delivery.sender is not None:
            self._reply(replies.OUT_OF_ORDER)
        elif path is None:
            self._reply(replies.NOT_UNDERSTOOD)
        else:
            self._delivery.sender, self._delivery.parameters = path
            self._reply(replies.SENDER_OK)

    def _rcpt(self, rest: bytes) -> None:
        path = split_path(b"TO", rest)
        if self._delivery.sender is None:
            self._reply(replies.OUT_OF_ORDER)
        elif path is None:
            self._reply(replies.NOT_UNDERSTOOD)
        elif len(self._delivery.recipients) >= self._recipients_max:
            self._reply(replies.TOO_MANY_RECIPIENTS)
        else:
            self._name(new_recipient(*path))

    def _data(self, _rest: bytes) -> None:
        if not self._delivery.recipients:
            self._reply(replies.OUT_OF_ORDER)
            return
        self._reply(replies.GO_AHEAD)
        self._begin_text()
        self._text = DottedText(LINE_BYTES)

    def _rset(self, _rest: bytes) -> None:
        self._delivery = Delivery()
        self._reply(replies.OK)

    def _noop(self, _rest: bytes) -> None:
        self._reply(replies.OK)

    def _quit(self, _rest: bytes) -> None:
        self._end(replies.GOODBYE)

    # The message

    def _name(self, recipient: Recipient) -> None:
        """Take a recipient that was named in good order."""
        self._delivery.recipients.append(recipient)
        self._reply(replies.RECIPIENT_OK)

    def _begin_text(self) -> None:
        self._turns.do(OpenMessage(self._delivery.envelope()))

    def _take_text(self, data: bytes) -> None:
        if self._delivery.size > self._message_bytes:
            return
        self._delivery.size += len(data)
        too_large = self._delivery.size > self._message_bytes
        self._turns.do(AbandonMessage() if too_large else Spool(data))

    def _finish(self) -> None:
        self._text = None
        if self._delivery.size > self._message_bytes:
            self._kept(KeepVerdict(Acceptance.TRY_LATER))
        else:
            self._turns.ask(KeepMessage(self._delivery.envelope(), self._delivery.size), self._kept)

    def _kept(self, verdict: KeepVerdict) -> None:
        kept = verdict.acceptance is Acceptance.ACCEPTED
        reply = replies.KEPT if kept else replies.TRY_LATER
        self._reply(*[reply] * len(self._delivery.recipients))
        self._start_over()

    def _start_over(self) -> None:
        self._delivery = Delivery()

    def _abandon(self) -> None:
        if self._text is not None and self._delivery.size <= self._message_bytes:
            self._turns.do(AbandonMessage())
        self._text = None

    # Output

    def _reply(self, *lines: bytes) -> None:
        self._turns.send(_said(lines, self._hostname))

    def _end(self, reply: bytes) -> None:
        self._abandon()
        self._reply(reply)
        self._turns.close()


@lru_cache(maxsize=64)
def _said(lines: tuple[bytes, ...], hostname: bytes) -> bytes:
    """Write a reply; there are few, but for one with as many lines as a message recipients."""
    return b"".join(fill(line, hostname) + b"\r\n" for line in lines)


_VERBS: Mapping[bytes, Callable[[LmtpServer, bytes], None]] = {
    b"LHLO": LmtpServer._lhlo,  # noqa: SLF001  the table of this class
    b"XFORWARD": LmtpServer._xforward,  # noqa: SLF001
    b"MAIL": LmtpServer._mail,  # noqa: SLF001
    b"RCPT": LmtpServer._rcpt,  # noqa: SLF001
    b"DATA": LmtpServer._data,  # noqa: SLF001
    b"RSET": LmtpServer._rset,  # noqa: SLF001
    b"NOOP": LmtpServer._noop,  # noqa: SLF001
    b"QUIT": LmtpServer._quit,  # noqa: SLF001
}
