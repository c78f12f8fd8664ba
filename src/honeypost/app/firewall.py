"""
The process that may change the packet filter, and may do nothing else: its composition root.

It runs as a user of its own that holds ``CAP_NET_ADMIN`` and no other right, reads no file but
the configuration, talks to no network, and takes orders on one unix socket from the edge's user
only (:mod:`honeypost.beside.firewall`).  ``python -m honeypost.app.firewall --user NAME`` serves
until SIGTERM; ``--remove`` takes the table away and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import pwd
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from honeypost.beside.firewall import table
from honeypost.beside.firewall.nft import Nft
from honeypost.beside.firewall.server import FirewallServer
from honeypost.config.load import load
from honeypost.errors import HoneypostError, UsageError


async def serve(helper: FirewallServer, path: Path) -> None:
    """Serve until SIGTERM or SIGINT; says on standard output when it answers."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await helper.open(path)
        print(json.dumps({"ready": True, "pid": os.getpid()}), flush=True)  # noqa: T201 for whoever started us
        await stopped.wait()
    finally:
        await helper.close()


def user_id(name: str) -> int:
    """
    Give the id of a user named by name or number.

    :raises UsageError: there is none.
    """
    if name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise UsageError(f"there is no user {name!r}") from None


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(prog="honeypost-firewall", description=__doc__.splitlines()[1])
    parser.add_argument("--config", type=Path, help="TOML file")
    parser.add_argument("--user", help="whose orders are taken: the edge's user")
    parser.add_argument("--remove", action="store_true", help="take the table away and end")
    options = parser.parse_args(arguments)
    if not (options.user or options.remove):
        parser.error("--user or --remove is needed")
    return options


def main(arguments: Sequence[str]) -> int:
    """Be the helper; gives the exit code."""
    logging.basicConfig(format="firewall: %(levelname)s: %(message)s", level=logging.WARNING)
    options = parse(arguments)
    try:
        if options.remove:
            asyncio.run(Nft().apply(table.removal()))
            return 0
        penalties = load(options.config, os.environ).penalties
        helper = FirewallServer(Nft(), penalties.ports, {user_id(options.user)})
        asyncio.run(serve(helper, Path(penalties.helper)))
    except (HoneypostError, OSError) as error:
        print(f"firewall: {error}", file=sys.stderr)  # noqa: T201 the operator's screen
        return 2 if isinstance(error, UsageError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
