"""
Every bound of the extraction, with its reason.

Figures named "corpus" were measured over 7,909 real phishing mails: at most 17 parts, depth
4, 2.9 MB, median 21 KB.  The bounds lie well above them and well below what hurts.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

MESSAGE_BYTES = 12 * MIB
"""Looked at of one message; over the default SIZE of 10,240,000, so only then is it cut."""

HEADER_BYTES = 256 * KIB
"""Of one header block.  Postfix itself cuts at ``header_size_limit`` 100 KiB a field."""
HEADER_LINES = 1000
"""Of one header block."""
FIELD_BYTES = 16 * KIB
"""Looked at of one structured field (type, disposition); of an address list see below."""
ADDRESS_FIELD_BYTES = 64 * KIB
"""Looked at of one address list: room for a thousand addresses."""
BOUNDARY_BYTES = 200
"""RFC 2046, 5.1.1 says 70; clients take more."""
GUESS_BYTES = 64 * KIB
"""Searched for a boundary that the header does not name."""

DEPTH = 20
"""Containers in containers; corpus 4, rspamd 64.  Deeper is searched flat."""
SEARCHED_BYTES = 64 * MIB
"""Searched for boundaries over all levels: the largest message, nested five deep."""
PARTS = 200
"""Parts and containers of a message; corpus 17.  The rest is searched flat."""

PART_TEXT_BYTES = 1 * MIB
"""Decoded text of one part; of more the head and the tail are looked at."""
TEXT_TAIL_BYTES = 256 * KIB
"""How much of that belongs to the tail, where a padded mail hides its link."""
TEXT_BYTES = 2 * MIB
"""Decoded text of all parts of a message; the dearest known mail costs 0.4 s a MiB."""
DECODED_BYTES = 24 * MIB
"""Of messages that are encoded as a whole; they shrink as they nest, so twice the message."""

HTML_TOKENS = 50_000
"""Tags and comments of a message; rspamd stops at 8,192.  The rest is searched flat."""
TAG_ATTRIBUTES = 64
"""Of one tag; rspamd 128.  One tag with 500,000 of them hung two HTML libraries."""
ATTRIBUTE_CHARS = 16 * KIB
"""Looked at of one attribute value, and of one style sheet's address."""
SRCSET_URLS = 16
"""Candidates of one ``srcset``."""

CANDIDATES = 5_000
"""Strings that may be URLs and are worth parsing."""
URLS = 500
"""Links of a report, clickable ones first."""
URL_CHARS = 8 * KIB
"""Of one URL; what is longer is cut and noted."""

RECIPIENTS = 2_048
"""Of a report: an envelope's 1,000 and the headers'."""
ADDRESS_CHARS = 320
"""RFC 5321, 4.5.3.1: 64 + 1 + 255."""
ATTACHMENT_NAME_CHARS = 255
"""What a file system takes."""
ERRORS = 32
"""Marks of a report."""
