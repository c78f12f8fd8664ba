"""
Places of good logins, as the worker found them in the site's log, for the edge.

Apart from :mod:`honeypost.stores.observations` because the edge may not load what reads captured
mail, which the worker's other tables hold.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from honeypost.stores.sqlite import open_other, translated

_LATEST = """
    SELECT place, max(last) FROM observed_homes WHERE last >= ?
    GROUP BY place ORDER BY max(last) DESC LIMIT ?"""


def latest_homes(path: Path, since: float, limit: int) -> list[tuple[str, float]]:
    """
    Give places (IPv4 /24, IPv6 /48) with their latest good login since then, the latest first.

    :param path: the worker's file; one that is not there yet has seen nobody.
    :raises StoreError: it cannot be read, or has no such table.
    """
    if not path.exists():
        return []
    with closing(open_other(path)) as connection, translated(path.name):
        return list(connection.execute(_LATEST, (since, limit)))
