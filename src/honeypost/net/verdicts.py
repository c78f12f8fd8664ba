"""
The verdicts that are always safe: nobody gets in, nothing is promised to be kept.

Given when the director failed or did not answer in time.  The client sees what a server
with a sick back end would say, and never a dropped connection.
"""

from __future__ import annotations

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
    Question,
    ReceiveVerdict,
    SpendVerdict,
    Verdict,
    Withholding,
    WithholdVerdict,
)


def safe_verdict(question: Question) -> Verdict:
    """Say no to a question in the form that its core expects."""
    verdict: Verdict = Noted()
    match question:
        case MayLogin():
            verdict = LoginVerdict()
        case MayReceive():
            verdict = ReceiveVerdict(Acceptance.TRY_LATER)
        case KeepMessage():
            verdict = KeepVerdict(Acceptance.TRY_LATER)
        case MaySpend():
            verdict = SpendVerdict(Acceptance.TRY_LATER)
        case MayConverse():
            verdict = ConverseVerdict(allowed=True)  # nobody is hurt, and a guesser wins nothing
        case MayWithhold():
            verdict = WithholdVerdict(Withholding.LATER)
        case _:
            pass
    return verdict
