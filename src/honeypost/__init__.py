"""Honeypost: deception for mail servers that are probed and guessed at."""

__version__ = "0.1.0"
