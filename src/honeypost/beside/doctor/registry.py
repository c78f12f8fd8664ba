"""All checks, in the order in which they are told: cheap ones first, those that wait last."""

from __future__ import annotations

from honeypost.beside.doctor.checks import (
    budgets,
    chain,
    containment,
    decoy_mail,
    fail_open,
    findings,
    mailbox,
    names,
    order,
    own_addresses,
    real_names,
    relay,
    sockets,
    timing,
    unknown_names,
    versions,
)
from honeypost.beside.doctor.results import Check

CHECKS: tuple[Check, ...] = (
    versions.CHECK,
    findings.CHECK,
    order.CHECK,
    chain.CHECK,
    sockets.CHECK,
    containment.CHECK,
    own_addresses.CHECK,
    budgets.CHECK,
    names.CHECK,
    relay.CHECK,
    unknown_names.CHECK,
    real_names.CHECK,
    mailbox.CHECK,
    timing.CHECK,
    fail_open.CHECK,
    decoy_mail.CHECK,
)
