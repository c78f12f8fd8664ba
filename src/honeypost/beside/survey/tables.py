"""The source text of a Postfix table, where it has one that can be read."""

from __future__ import annotations

from pathlib import Path

TEXT_BYTES = 4 * 1024 * 1024
"""Largest source that is read; a larger one counts as not readable."""

_WITH_SOURCE = frozenset(
    {"btree", "cdb", "cidr", "dbm", "hash", "lmdb", "pcre", "regexp", "sdbm", "texthash"}
)
_IN_PLACE = frozenset({"inline", "randmap", "static"})


def without_proxy(spec: str) -> str:
    """
    Name the table itself: ``proxy:`` asks a daemon that only Postfix may reach.

    >>> without_proxy("proxy:unix:passwd.byname")
    'unix:passwd.byname'
    """
    return spec.removeprefix("proxy:")


def source_file(spec: str) -> Path | None:
    """Give the file that a table is made from or configured by, ``None`` when there is none."""
    _, _, name = without_proxy(spec).partition(":")
    return Path(name) if name.startswith("/") else None


def text_of(spec: str) -> str | None:
    """
    Give the text of a table: of its file, or what stands in the setting itself.

    ``None`` for what only Postfix can read (SQL, LDAP, a server), and for what nobody can.
    """
    kind, _, name = without_proxy(spec).partition(":")
    if kind in _IN_PLACE or (name.startswith("{") and kind in _WITH_SOURCE):
        return name
    path = source_file(spec)
    if kind not in _WITH_SOURCE or path is None:
        return None
    return file_text(path)


def file_text(path: Path) -> str | None:
    """Give the text of a file, ``None`` where it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(TEXT_BYTES + 1)
    except OSError:
        return None
    return None if len(content) > TEXT_BYTES else content.decode("utf-8", "replace")


def keys(text: str, *, aliases: bool) -> tuple[str, ...]:
    """
    Names on the left of a source, lower case.

    :param aliases: in the format of aliases(5), ``name: value``, not ``name value``.

    >>> keys("# x\\nroot: bob,\\n  ann\\n'list-a': x", aliases=True)
    ('root', "'list-a'")
    """
    found = []
    for line in text.splitlines():
        if not line.strip() or line[0].isspace() or line.startswith("#"):
            continue
        name = line.partition(":")[0] if aliases else line.split()[0]
        found.append(name.strip().strip('"').lower())
    return tuple(dict.fromkeys(found))
