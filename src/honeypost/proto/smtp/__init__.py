"""SMTP as a server speaks it to strangers: MX, submission and submissions (RFC 5321, 6409)."""
