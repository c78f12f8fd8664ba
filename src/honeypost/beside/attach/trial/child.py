"""
The process of a trial: ``python -m honeypost.beside.attach.trial.child ORDERS REPORT``.

Started in mount and PID namespaces of its own, as their first process; so when it ends, the kernel
ends the private daemons and takes the mounts away.
"""

from __future__ import annotations

import re
import secrets
import sys
from pathlib import Path

import msgspec

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial.covering import cover, cover_homes
from honeypost.beside.attach.trial.orders import Orders, Report
from honeypost.beside.attach.trial.private_dovecot import PrivateDovecot
from honeypost.beside.attach.trial.private_postfix import PrivatePostfix
from honeypost.beside.attach.trial.stages import Bench
from honeypost.beside.attach.trial.stubs import Lookup, free_ports, on_loopback
from honeypost.beside.dovecot.chain import SETTINGS
from honeypost.errors import HoneypostError

MARKER_ID = "trial"
LOG_CHARACTERS = 4000
_URL = re.compile(r'url = "http://[^/"]+')


def main(arguments: list[str]) -> int:
    """Run a trial; the report is in the file, the exit code is 0 when there is one."""
    orders_path, report_path = map(Path, arguments)
    orders = msgspec.json.decode(orders_path.read_bytes(), type=Orders)
    report_path.write_bytes(msgspec.json.encode(tried(orders)))
    return 0


def tried(orders: Orders) -> Report:
    """Set everything up and look."""
    said: list[PrivateDovecot | PrivatePostfix] = []
    passed: list[str] = []
    try:
        cover(orders)
        bench = _set_up(orders, said)
        passed = bench.passed
        bench.run()
    except (HoneypostError, OSError) as problem:
        log = "".join(daemon.said() for daemon in said)[-LOG_CHARACTERS:]
        return Report(passed, str(problem) or type(problem).__name__, log)
    return Report(passed)


def _set_up(orders: Orders, said: list[PrivateDovecot | PrivatePostfix]) -> Bench:
    folder, password = Path(orders.folder), secrets.token_hex(12)
    labels = list(dict.fromkeys([*(s.label for s in orders.submissions), *orders.outside]))
    imap_port, lookup_port, *ports = free_ports(len(labels) + 2)
    _ask_us(Path(orders.scripts) / SETTINGS, lookup_port)
    cover_homes(orders)
    places = [orders.queue_directory, orders.dovecot_run, orders.dovecot_state]
    dovecot = PrivateDovecot(Path(orders.dovecot_config), folder, places, imap_port)
    by_label = dict(zip(labels, ports, strict=True))
    postfix = PrivatePostfix(Path(orders.postfix_directory), by_label, folder / "postfix.log")
    said += [dovecot, postfix]
    postfix.configure()
    dovecot.configure()
    postfix.start()  # makes the folders below the queue, where Dovecot's socket lies
    dovecot.start()
    lookup = Lookup(on_loopback(lookup_port), lambda form: _answer(form, password, orders))
    return Bench(orders, dovecot, postfix, lookup, by_label, password)


def _ask_us(settings: Path, port: int) -> None:
    """Point the decoy script at the stand-in."""
    text = settings.read_text()
    mended = _URL.sub(f'url = "http://127.0.0.1:{port}', text)
    if mended == text:
        raise AttachFailed(f"{settings} names no server")
    settings.write_text(mended)


def _answer(form: bytes, password: str, orders: Orders) -> str:
    right = f"password={password}".encode() in form
    return f"user={MARKER_ID}@{orders.marker_domain}" if right else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
