"""
The verdicts that are always safe: nobody gets in, nothing is promised to be kept.

Given when the director failed or did not answer in time.  The client sees what a server
with a sick back end would say, and never a dropped connection.
"""

from __future__ import annotations

from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    LoginVerdict,
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
    match question:
        case MayLogin():
            return LoginVerdict()
        case MayReceive():
            return ReceiveVerdict(Acceptance.TRY_LATER)
        case KeepMessage():
            return KeepVerdict(Acceptance.TRY_LATER)
        case MaySpend():
            return SpendVerdict(Acceptance.TRY_LATER)
        case MayWithhold():
            return WithholdVerdict(Withholding.LATER)
        case _:
            return Noted()
