"""
Attach and detach on a :class:`~support.stock_host.StockHost` in ways that the command line cannot.

Run inside the host: ``python attach_driver.py WHAT``; prints one line of JSON.  The trial is left
out, it has a test of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from honeypost.beside.attach import apply as apply_module
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.host import Host
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.record import Step, current
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.attach.settling import Waiting
from honeypost.config.load import load
from honeypost.config.schema import Paths
from honeypost.config.secrets import read

DATA, CONFIG = Path("/var/lib/honeypost"), Path("/etc/honeypost/honeypost.toml")
HOST = Host(
    layout=Layout(DATA / "attach", CONFIG.parent),
    secrets=read(Paths(DATA).secrets),
    load=lambda: load(CONFIG, {}),
    reloading=Reloading.by_hand(),
    trial=lambda *_, **__: [],
    loaded_seconds=10.0,
    sessions_seconds=10.0,
)


def attach():
    """Attach, without trial and probes."""
    host = replace(HOST, probe=lambda _: None)
    return host.attach(host.propose())


def detach():
    return HOST.detach()


def change_waiting_deleted():
    """Bring what is attached to the settings; what waits for a late bounce is deleted."""
    host = replace(HOST, waiting=Waiting.DELETE)
    return host.attach(host.propose())


def failing_probe():
    """Attach with a probe that fails; gives its words."""

    def fails(_):
        raise AttachFailed("the probe fails on purpose")

    host = replace(HOST, probe=fails)
    try:
        host.attach(host.propose())
    except AttachFailed as problem:
        return str(problem)
    return "attached"


def killed():
    """
    Be killed at the beginning of each step, and between two files; undo; compare.

    The daemons are not told, which saves a minute; what they do is seen in the other tests.
    """
    host = _without_daemons()
    proposal = host.propose()
    before = {file.path: _look(file.path) for file in proposal.plan.files}
    results = {}
    steps = [step for step in Step if step is not Step.ACCEPT or proposal.plan.closed]
    moments = [*steps, "a file", "another file", "undoing"]
    for moment in moments:
        child = os.fork()
        if not child:
            _attach_and_die(host, proposal, moment)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        notes = host.detach() if host.layout.record.exists() else []
        after = {path: _look(path) for path in before}
        results[str(moment)] = [status, notes, after == before]
    return results


def older():
    """
    Be attached, detached, and brought back by an old copy of the files; roll that back.

    Then edit a file before the next attachment, and try the first one again.
    """
    host = replace(_without_daemons(), probe=lambda _: None)
    proposal = host.propose()
    host.attach(proposal)
    first = current(host.layout).id
    kept = {file.path: (file.path.read_bytes(), file.path.stat()) for file in proposal.plan.files}
    host.detach()
    for path, (data, found) in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        path.chmod(found.st_mode)
        os.chown(path, found.st_uid, found.st_gid)
    notes = host.rollback(first)
    main = Path("/etc/postfix/main.cf")
    text = main.read_text()
    main.write_text(text + "message_size_limit = 1000000\n")
    host.attach(host.propose())
    try:
        said = str(host.rollback(first))
    except AttachFailed as problem:
        said = str(problem)
    host.detach()
    assert main.read_text() == text + "message_size_limit = 1000000\n"
    main.write_text(text)
    return [first, notes, said]


def _without_daemons():
    quiet = replace(HOST.reloading, postfix_command=("true",), dovecot_command=("true",))
    return replace(HOST, reloading=quiet, loaded_seconds=0.0)


def _attach_and_die(host, proposal, moment):
    def tell(sentence):
        if sentence == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    writes, put = [], apply_module.put

    def counted(path, data, like):
        put(path, data, like)
        writes.append(path)
        own = [p for p in writes if not p.is_relative_to(HOST.layout.state)]
        if len(own) == {"a file": 1, "another file": 6}.get(moment):
            os.kill(os.getpid(), signal.SIGKILL)

    apply_module.put = counted
    host = replace(host, tell=tell, probe=lambda _: None)
    host.attach(proposal)
    if moment == "undoing":
        replace(host, tell=lambda s: tell("undoing" if "containment leaves" in s else s)).detach()
    os._exit(1)


def _look(path):
    if not path.exists():
        return None
    found = path.stat()
    return (path.read_bytes(), found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns)


if __name__ == "__main__":
    try:
        result = globals()[sys.argv[1]]()
    except AttachFailed as problem:
        result = {"failed": str(problem)}
    print(json.dumps(result))
