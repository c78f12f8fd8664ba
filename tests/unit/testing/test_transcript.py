"""The player finds every way in which a core and a transcript can part."""

from __future__ import annotations

import pytest

from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.proto.smtp.server import SmtpServer
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict
from honeypost.testing.transcript import play, read_transcript, read_verdict

GOOD = """\
# a remark
S: 220 mx ESMTP Postfix
C: MAIL FROM:<>
C: RCPT TO:<a@example.org>
S: 250 2.1.0 Ok
?: MayReceive recipient=a@example.org first=True -> accepted 00001A
S: 250 2.1.5 Ok
!: RecipientProbed answer=accepted
C: DATA
S: 354 End data with <CR><LF>.<CR><LF>
O:
C| caf\\xc3\\xa9\\r\\n.\\r\\n
B: caf\\xc3\\xa9\\r\\n
?: KeepMessage size=7 -> accepted
S: 250 2.0.0 Ok: queued as 00001A
C: QUIT
S: 221 2.0.0 Bye
!: SessionClosed reason=quit
X:
"""


def run(text: str, *, bytewise: bool = False) -> None:
    core = SmtpServer(PROFILE, Protocol.SMTP, hostname="mx")
    play(core, read_transcript(text), bytewise=bytewise)


@pytest.mark.parametrize("bytewise", [False, True])
def test_a_true_transcript_passes(bytewise: bool) -> None:
    run(GOOD, bytewise=bytewise)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("S: 250 2.1.0 Ok", "S: 250 Ok", "line 5"),
        ("first=True", "first=False", "line 6"),
        ("recipient=a@", "recipient=b@", "line 6"),
        ("MayReceive", "MayLogin", "line 6"),
        ("answer=accepted", "answer=unknown", "line 8"),
        ("RecipientProbed", "ClientGreeted", "line 8"),
        ("O:\n", "A:\n", "line 11"),
        ("B: caf", "B: tea", "line 13"),
        ("size=7", "size=8", "line 14"),
        ("queued as 00001A", "queued as 00001B", "line 15"),
        ("X:\n", "", "more than the transcript"),
        ("X:\n", "X:\nS: 250 more\n", "nothing more"),
        ("C: QUIT\n", "", "line 16"),
    ],
)
def test_a_false_one_names_the_line(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(AssertionError, match=complaint):
        run(GOOD.replace(old, new))


def test_a_line_without_a_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2"):
        read_transcript("S: 220\nhello\n")


def test_verdicts_of_the_store() -> None:
    question = KeepMessage(None, 0)  # type: ignore[arg-type]  # the envelope is not looked at
    assert read_verdict(question, "too-large") == KeepVerdict(Acceptance.TOO_LARGE)
