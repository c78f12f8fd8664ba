"""The two scripts that Dovecot loads; package data, never generated."""
