"""Run a trial in a process of its own, with a limit of time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path

import msgspec

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.plan import Plan, Wanted
from honeypost.beside.attach.record import Layer
from honeypost.beside.attach.trial.orders import Orders, Report, Submission
from honeypost.beside.survey.programs import WHERE
from honeypost.beside.survey.site import MailSite

TRIAL_SECONDS = 180.0
"""A whole trial; on two slow cores it takes about 40 s."""

STRANGERS = ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1")

UNSHARE = (
    "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
)  # fmt: skip


def run_trial(
    plan: Plan, site: MailSite, wanted: Wanted, layout: Layout, *, real_name: str = ""
) -> list[str]:
    """
    Try a plan.

    :param real_name: somebody who exists and may be tried with a password that nobody has.
    :returns: sentences about what was seen to hold.
    :raises AttachFailed: what does not hold, or why nothing can be tried here.
    """
    folder = layout.trials
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        orders = make_orders(plan, site, wanted, folder / "private", real_name=real_name)
        report = _reported(orders, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if report.failed:
        last = "\n  ".join(report.log.splitlines()[-LAST_LINES:])
        raise AttachFailed(f"{report.failed}\n  {last}" if last else report.failed)
    return report.passed


LAST_LINES = 12


def make_orders(
    plan: Plan, site: MailSite, wanted: Wanted, folder: Path, *, real_name: str = ""
) -> Orders:
    """Tell the child all that it needs."""
    settings, queue = site.postfix.settings, site.postfix.queue_directory
    containment = wanted.containment
    return Orders(
        folder=str(folder),
        postfix_directory=str(site.postfix.config_directory),
        queue_directory=str(queue),
        data_directory=settings.get("data_directory", "/var/lib/postfix"),
        dovecot_config=str(site.dovecot.config),
        dovecot_run=site.dovecot.settings.get("base_dir", "/run/dovecot"),
        dovecot_state=site.dovecot.settings.get("state_dir", "/var/lib/dovecot"),
        files=[(str(f.path), f.content, f.mode, f.gid) for f in plan.files],
        scripts=str(plan.chain_folder),
        marker_domain=containment.marker_domain,
        header=containment.header,
        decoy_home=str(wanted.dovecot.chain.home),
        sink=below(queue, containment.sink),
        policy=below(queue, containment.policy),
        submissions=[
            Submission(s.label, s.effective.get("smtpd_tls_wrappermode") == "yes")
            for s in site.postfix.sasl_services
        ],
        domain=wanted.found.domains[0],
        outside=list(plan.layers[Layer.ACCEPTANCE].options) if plan.limbo else [],
        stranger=stranger(wanted.found.spared),
        limbo=plan.limbo,
        real_name=real_name,
    )


def stranger(own: Iterable[str]) -> str:
    """
    Give an address for documentation (RFC 5737, RFC 3849) that is in none of these networks.

    :raises AttachFailed: the site takes all of them for its own.
    """
    networks = [ip_network(network) for network in own]
    for address in STRANGERS:
        if not any(ip_address(address) in network for network in networks):
            return address
    raise AttachFailed(f"mynetworks holds {', '.join(STRANGERS)}: nobody can play a stranger")


def below(queue: Path, endpoint: str) -> str:
    """
    Give the path of one of our sockets below Postfix's queue directory.

    :raises AttachFailed: it lies elsewhere, where a chrooted smtpd would not find it.
    """
    kind, _, path = endpoint.partition(":")
    place = Path(path)
    if kind == "unix" and place.is_absolute() and place.is_relative_to(queue):
        return str(place.relative_to(queue))
    if kind != "unix" or place.is_absolute():
        raise AttachFailed(f"{endpoint} is not a socket below {queue}, so Postfix may not reach it")
    return path


def _reported(orders: Orders, folder: Path) -> Report:
    Path(orders.folder).mkdir(mode=0o755)
    told, report = folder / "orders.json", folder / "report.json"
    told.write_bytes(msgspec.json.encode(orders))
    command = [*UNSHARE, sys.executable, "-m", "honeypost.beside.attach.trial.child"]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [*command, told, report],
            check=False, capture_output=True, text=True, timeout=TRIAL_SECONDS,
            env={**os.environ, "PATH": WHERE, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise AttachFailed(f"the trial did not end within {TRIAL_SECONDS:.0f} s") from None
    if not report.exists():
        raise AttachFailed(f"the trial could not run: {done.stderr.strip()[-300:]}")
    return msgspec.json.decode(report.read_bytes(), type=Report)
