"""The only way out: nothing else of ours speaks to anybody who is not on this host."""
