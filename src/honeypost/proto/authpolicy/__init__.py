"""The HTTP end that Dovecot's auth policy client reports to."""
