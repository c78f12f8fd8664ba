"""The limits fit together."""

from __future__ import annotations

from honeypost.config.schema import Budgets
from honeypost.extract import limits


def test_a_message_of_the_default_size_is_read_whole():
    assert Budgets().message_bytes < limits.MESSAGE_BYTES


def test_all_accepted_recipients_are_listed():
    assert Budgets().recipients < limits.RECIPIENTS


def test_parts_fit_into_wholes():
    assert limits.PART_TEXT_BYTES <= limits.TEXT_BYTES
    assert limits.TEXT_TAIL_BYTES < limits.PART_TEXT_BYTES
    assert limits.URLS <= limits.CANDIDATES
