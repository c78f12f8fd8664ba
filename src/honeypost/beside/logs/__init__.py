"""What Postfix and Dovecot wrote down, turned into events; nothing here writes to a log."""
