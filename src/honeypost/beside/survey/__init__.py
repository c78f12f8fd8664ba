"""Look at a working Postfix and Dovecot, without changing a byte, before anything is attached."""
