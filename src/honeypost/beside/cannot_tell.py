"""The one way in which a source of real names fails."""

from honeypost.errors import HoneypostError


class CannotTell(HoneypostError):
    """A source of real names gave no answer, or one that means "I do not know"."""
