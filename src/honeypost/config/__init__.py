"""The configuration: its schema, how it is read, and a sample of it."""
