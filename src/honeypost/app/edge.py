"""
The process that attackers, Postfix and Dovecot talk to: its composition root.

It answers, counts and stores.  It opens no connection, resolves no name and parses no mail;
with ``--isolate`` it runs in an empty network namespace and serves sockets that
``honeypost up`` or systemd bound for it.

``python -m honeypost.app.edge --data DIR [--config F] [--isolate] [--fd name=N ...]`` prints
one line of JSON when it answers, and ends on SIGTERM: no more connections, what is being kept
is kept, the journal is flushed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from honeypost.app.edge_parts import Edge
from honeypost.app.mending import with_mend
from honeypost.app.presence import Presence, claimed
from honeypost.config.load import load
from honeypost.config.schema import Paths
from honeypost.config.secrets import read
from honeypost.errors import HoneypostError, StoreError, UsageError
from honeypost.net import activation, namespace
from honeypost.net.listener import bind_all, files_of, where
from honeypost.net.loop import new_loop
from honeypost.stores.files import UMASK

OPEN_FILES: Final = 4096
"""Wanted limit of descriptors: connections, spooled bodies, segments."""


SWITCH_SECONDS: Final = 0.0005
"""How long a store's writer thread may keep the loop from running (Python's own: 5 ms)."""

YOUNG_OBJECTS: Final = 5000
"""Made since the collector looked last (Python's own: 700, which is every second message)."""

WITHOUT_JOURNAL: Final = "the edge begins a new one, and knows no more which decoys were won"


async def serve(edge: Edge, isolated: str, options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT; says where, unless a supervisor does."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        edge.open()
        await edge.listen()
        _settle_memory()
        _say_ready(edge, isolated)
        presence = Presence(
            time.time(), _listeners(edge), {"edge": os.getpid()}, str(options.config or "")
        )
        with claimed(edge.paths.journal.parent, presence, unless=options.supervised):
            await stopped.wait()
    finally:
        await edge.close()


def _settle_memory() -> None:
    # What there is now lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _say_ready(edge: Edge, isolated: str) -> None:
    line = {
        "ready": True,
        "listeners": _listeners(edge),
        "pid": os.getpid(),
        "not_isolated": isolated,
    }
    print(json.dumps(line), flush=True)  # noqa: T201 whoever started us reads it


def _listeners(edge: Edge) -> dict[str, list[str]]:
    return {
        listener.service.name: [where(bound) for bound in listener.sockets]
        for listener in edge.listeners
    }


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(prog="honeypost-edge", description=__doc__.splitlines()[1])
    parser.add_argument("--data", type=Path, required=True, help="folder with the stores")
    parser.add_argument("--config", type=Path, help="TOML file")
    parser.add_argument("--fd", action="append", default=[], help="listener=descriptor")
    parser.add_argument("--isolate", action="store_true", help="leave the host's network")
    parser.add_argument("--supervised", action="store_true", help="end with the parent")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Be the edge; gives the exit code."""
    logging.basicConfig(format="edge: %(levelname)s: %(message)s", level=logging.WARNING)
    options = parse(arguments)
    os.umask(UMASK)
    try:
        config = load(options.config, os.environ)
        paths = Paths(options.data)
        sockets = activation.from_systemd(os.environ, os.getpid())
        sockets |= activation.from_options(options.fd)
        own = {} if sockets else bind_all(config.listeners)
        isolated = namespace.enter_empty_network() if options.isolate else "not asked for"
        if options.supervised:
            # After the namespace: a change of credentials would undo it (prctl(2)).
            namespace.end_with_parent()
        namespace.leave_no_dump()
        _raise_descriptor_limit()
        sys.setswitchinterval(SWITCH_SECONDS)
        edge = Edge(config, read(paths.secrets), paths, sockets or own)
        files = files_of(chain(*own.values()))
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(serve(edge, isolated, options))
        for path in files:
            path.unlink(missing_ok=True)
    except StoreError as error:
        told = with_mend(error, Paths(options.data).journal, WITHOUT_JOURNAL)
        print(f"edge: {told}", file=sys.stderr)  # noqa: T201 the operator's screen
        return 1
    except (HoneypostError, OSError) as error:
        print(f"edge: {error}", file=sys.stderr)  # noqa: T201 the operator's screen
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
