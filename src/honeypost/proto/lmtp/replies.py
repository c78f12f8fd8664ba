"""
What the sink says to Postfix.

There is no 5xx among it, and there must never be: Postfix answers a 5xx with a bounce, and
a bounce of a decoy's mail would be mail that leaves.  Whatever is wrong is wrong *for now*.
"""

from __future__ import annotations

BANNER = b"220 {host} LMTP"
KEYWORDS = (
    b"PIPELINING",
    b"ENHANCEDSTATUSCODES",
    b"8BITMIME",
    b"DSN",
    b"SMTPUTF8",
    b"XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
)
"""DSN is vital: without it Postfix itself reports a success to the attacker's sender.
SIZE is left out, since Postfix would bounce what is over it."""

OK = b"250 2.0.0 Ok"
SENDER_OK = b"250 2.1.0 Ok"
RECIPIENT_OK = b"250 2.1.5 Ok"
GO_AHEAD = b"354 End data with <CR><LF>.<CR><LF>"
KEPT = b"250 2.0.0 Ok"
GOODBYE = b"221 2.0.0 Bye"
TRY_LATER = b"452 4.3.1 Insufficient system storage"
TOO_MANY_RECIPIENTS = b"452 4.5.3 Error: too many recipients"
OUT_OF_ORDER = b"451 4.5.1 Error: bad sequence of commands"
NOT_UNDERSTOOD = b"451 4.5.2 Error: command not understood"
TOO_MUCH = b"421 4.7.0 {host} Error: too much at once"
TIMEOUT = b"421 4.4.2 {host} Error: timeout exceeded"
