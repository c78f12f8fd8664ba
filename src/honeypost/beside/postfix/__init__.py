"""Beside a real Postfix: the configuration that contains decoy mail, and its maps."""
