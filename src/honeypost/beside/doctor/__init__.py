"""Look whether everything that was promised holds now, on the daemons as they run."""
