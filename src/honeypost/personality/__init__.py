"""
Which real server we resemble: data, one file per version.

A protocol core is given a :class:`~honeypost.personality.profile.Profile` and holds no text
and no number of its own, so that a newer Postfix is a new file here and nothing else.
"""
