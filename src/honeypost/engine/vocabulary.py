"""
Reads the shipped list of common passwords, once, at start.

``decide`` does no I/O, so the list is read here and handed in.
"""

from __future__ import annotations

from importlib import resources

from honeypost.decide.secrets import Vocabulary

LIST_FILE = "common_passwords.txt"


def load_vocabulary() -> Vocabulary:
    """Read the 30,000 most used passwords (their licence stands beside them)."""
    text = resources.files("honeypost.decide").joinpath("data", LIST_FILE).read_text("ascii")
    return Vocabulary(text.split())
