"""
SASL as Dovecot 2.3 does it: PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login).

Only mechanisms that show us the password are offered.
"""

from honeypost.proto.sasl.mechanisms import Exchange, Guess, Prompt, begin, decode

__all__ = ["Exchange", "Guess", "Prompt", "begin", "decode"]
