"""The verdicts that are always safe."""

from __future__ import annotations

import pytest

from honeypost.model import Protocol, Secret
from honeypost.net.verdicts import safe_verdict
from honeypost.questions import (
    Acceptance,
    ConverseVerdict,
    KeepMessage,
    KeepVerdict,
    LoginVerdict,
    MayConverse,
    MayLogin,
    MayReceive,
    MaySpend,
    MayWithhold,
    Noted,
    NoteReport,
    Question,
    ReceiveVerdict,
    SpendVerdict,
    Verdict,
    Withholding,
    WithholdVerdict,
)
from support.net_parts import CLIENT, ENVELOPE

LATER = Acceptance.TRY_LATER


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        (MayLogin(b"a", Secret(b"b"), "PLAIN", Protocol.IMAP, False), LoginVerdict()),
        (MayReceive(ENVELOPE.recipients[0], b"", "", True), ReceiveVerdict(LATER)),
        (KeepMessage(ENVELOPE, 1), KeepVerdict(LATER)),
        (MaySpend("m1", CLIENT, "Q", 1, 1), SpendVerdict(LATER)),
        (NoteReport(b"a", b"", "imap", CLIENT, True, ""), Noted()),
        (MayConverse(CLIENT), ConverseVerdict(allowed=True)),
        (
            MayWithhold(ENVELOPE.recipients[0], b"", "Q", None, local=False),
            WithholdVerdict(Withholding.LATER),
        ),
    ],
)
def test_each_question_has_a_safe_answer(question: Question, verdict: Verdict) -> None:
    assert safe_verdict(question) == verdict
