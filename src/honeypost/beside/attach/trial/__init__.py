"""
Try the chain and the containment on private instances of both daemons, before anything is live.

Theory of operation
===================

A process in a mount and PID namespace of its own (``unshare``) lays private copies over the places
that the daemons use: both configuration folders with our part already in them, Postfix's queue
and data, Dovecot's run and state folders, the decoys' homes, the system log.  So the very
files that will be live are loaded under their own names, and nothing that runs there can be
seen by the running daemons, or touch what is theirs.  When the process ends, so does all of it.

The network stays the host's, as user databases may be reached over it.  So that nothing can
leave, every transport of the private Postfix but the decoys' own is replaced by ``discard(8)``,
which logs what it was given: one such line is a leak.  All
listeners are on loopback ports that the kernel chose.
"""
