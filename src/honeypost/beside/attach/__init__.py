"""Put Honeypost beside a real Postfix and Dovecot as one transaction, and take it off again."""
