"""LMTP (RFC 2033) as the sink behind Postfix: what a decoy sends ends here."""
