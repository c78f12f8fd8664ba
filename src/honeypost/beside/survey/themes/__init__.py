"""What can stand against deceiving on a site: one theme a module, each a ``find(site)``."""
