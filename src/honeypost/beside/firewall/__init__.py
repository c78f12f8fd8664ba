"""Penalties carried out by the kernel: the helper's orders, its table, and the line to it."""
