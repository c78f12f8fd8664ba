"""
What the package runs as root before the daemons: the site's secrets and its certificate.

``honeypost up`` makes them itself, for itself.  Under systemd edge and worker are users of their
own and may not write where they lie, so this makes them once and lets the group of
``DATA/edge`` read them.  The folder stays root's: nobody can put a link in our way there.

``python -m honeypost.app.prepare --data DIR [--config F]``; a second run changes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from honeypost.app.supervisor import prepare
from honeypost.config.load import load
from honeypost.config.schema import Paths
from honeypost.errors import HoneypostError


def let_group_read(paths: Paths) -> None:
    """
    Give secrets and certificate to the group of the edge's folder, for reading.

    Does nothing unless root owns them and somebody else is the edge.

    :raises OSError: they are not there.
    """
    edge = paths.journal.parent.lstat()
    if edge.st_uid == 0 or paths.secrets.lstat().st_uid != 0:
        return
    folders = [paths.tls] if paths.tls.is_dir() else []
    files = [paths.secrets, *(path for folder in folders for path in folder.glob("*.pem"))]
    for path in (*folders, *files):
        os.chown(path, 0, edge.st_gid, follow_symlinks=False)
        path.chmod(0o750 if path in folders else 0o640)


def main(arguments: Sequence[str]) -> int:
    """Prepare the site; gives the exit code."""
    parser = argparse.ArgumentParser(prog="honeypost-prepare", description=__doc__.splitlines()[1])
    parser.add_argument("--data", type=Path, required=True, help="folder with the stores")
    parser.add_argument("--config", type=Path, help="TOML file")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    try:
        paths = Paths(options.data)
        prepare(load(options.config, os.environ), paths)
        let_group_read(paths)
    except (HoneypostError, OSError) as error:
        print(f"prepare: {error}", file=sys.stderr)  # noqa: T201 the operator's screen
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
