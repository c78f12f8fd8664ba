"""Beside a real Dovecot: the password chain that decoys join, and its user database."""
