"""A whole attack on our own decoys, scripted, on loopback only, and what came of it."""
