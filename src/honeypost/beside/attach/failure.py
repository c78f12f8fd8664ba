"""The one way in which attaching and detaching fail; the text is for the operator."""

from __future__ import annotations

from honeypost.errors import HoneypostError


class AttachFailed(HoneypostError):
    """
    It cannot be done or did not work; the sentence says why, and what state the host is in.
    """
