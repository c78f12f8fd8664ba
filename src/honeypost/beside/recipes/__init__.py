"""What other programs beside a mail server are to be told, as text for their own files."""
