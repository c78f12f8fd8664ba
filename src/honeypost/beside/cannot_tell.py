"""How sources of real names are asked together, and the one way in which they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable

from honeypost.errors import HoneypostError


class CannotTell(HoneypostError):
    """A source of real names gave no answer, or one that means "I do not know"."""


async def any_says_yes(questions: Iterable[Awaitable[bool]]) -> bool:
    """
    Ask all at once and hear all out, so that nothing goes on behind the caller's back.

    :raises Exception: the first failure; one source that cannot tell spoils all answers.
    """
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return any(answers)
