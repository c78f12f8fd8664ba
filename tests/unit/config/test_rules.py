from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from honeypost.config import rules
from honeypost.config.load import SECTIONS, TYPES
from honeypost.config.rules import contradictions, objection
from honeypost.config.schema import Alerts, Config


def test_the_defaults_are_beyond_reproach() -> None:
    config = Config()
    for section in SECTIONS:
        part = getattr(config, section)
        for field in fields(part):
            assert objection(f"{section}.{field.name}", getattr(part, field.name)) == ""
    assert not list(contradictions(config))


def test_every_range_belongs_to_a_setting() -> None:
    assert set(rules.RANGES) <= set(TYPES)


def test_every_number_has_a_floor() -> None:
    numbers = [key for key, kind in TYPES.items() if kind in (int, float)]
    assert numbers
    assert all(objection(key, TYPES[key](-1)) for key in numbers)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("decoys.role_share", 1.01, "out of range: 0 to 1"),
        ("decoys.failures_min", 0, "the first try never wins"),
        ("decoys.frozen_days", 179, "180 or more"),
        ("budgets.connections", 0, "1 or more"),
        ("budgets.recipients", 99, "RFC 5321"),
        ("beside.names_seconds", 0.5, "Dovecot's script gives up after 0.5 s"),
        ("decoys.refusal_seconds", float("nan"), "out of range"),
        ("late_bounce.mode", "observe", "none of off, on"),
        ("late_bounce.delay_hours", 73.0, "give up"),
        ("late_bounce.give_up_hours", 0.0, "0.1 to 72"),
        ("late_bounce.nameservers", ("192.0.2.1", "ns.example.org"), "neither an address"),
        ("late_bounce.nameservers", ("unix:/x",), "neither an address"),
        ("decoys.no_such_seconds", float("inf"), "out of range"),
        ("beside.no_decoys_from", ("10.0.0.0/8", "10.0.0.1/8"), "192.0.2.0/24"),
        ("site.domains", (), "at least one"),
        ("site.domains", ("a.org", "a.org"), "twice"),
        ("site.domains", ("a.org", "b..org"), "not a domain"),
        ("site.domains", ("Example.org",), "lower case"),
        ("site.domains", ("-a.org",), "not a domain"),
        ("site.hostname", "mäil.example", "xn--"),
        ("site.hostname", ".".join(["a" * 60] * 5), "not a domain"),
        ("listeners.lmtp", "unix:x", "absolute"),
        ("penalties.mode", "On", "none of off, observe, on"),
        ("penalties.ladder_seconds", (), "1 to 16 rungs"),
        ("penalties.ladder_seconds", tuple(range(1, 18)), "1 to 16 rungs"),
        ("penalties.ladder_seconds", (60, 60), "longer than the one before"),
        ("penalties.ladder_seconds", (60, 30), "longer than the one before"),
        ("penalties.ladder_seconds", (0, 60), "1 second to 30 days"),
        ("penalties.ports", (), "at least one port"),
        ("penalties.ports", (25, 65_536), "a TCP port"),
        ("penalties.never", ("10.0.0.1/8",), "192.0.2.0/24"),
        ("observe.log", ("mail.log",), "'mail.log' is no absolute path"),
        ("observe.log", ("auto", "/var/log/mail.log"), "auto and journal each stand alone"),
        ("alerts.to", ("root",) * 6, "more than 5"),
        ("alerts.to", ("root\r\nBcc: x",), "no plain address"),
        ("alerts.to", ("a@b@example.org",), "no plain address"),
        ("alerts.to", ("@example.org",), "no plain address"),
        ("alerts.to", ("root@",), "no plain address"),
        ("alerts.sender", "<>", "no plain address"),
        ("alerts.mute", ("budget", "budgets"), "'budgets' is none of disarmed, "),
        ("alerts.server", "mail.example.org:25", "no numeric address"),
        ("alerts.server", "unix:/run/x", "not address:port"),
        ("alerts.server", "127.0.0.1:0", "not address:port"),
        ("alerts.elsewhere", "yes", "none of off, on"),
        ("observe.keep_days", 6, "a week must have been looked at"),
    ],
)
def test_what_is_refused(key: str, value: Any, said: str) -> None:
    assert said in objection(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("decoys.role_share", 0.0),
        ("decoys.role_share", 1.0),
        ("decoys.new_per_day", 0),
        ("site.domains", ("localhost", "xn--mller-kva.example")),
        ("listeners.smtp", ""),
        ("tls.key", "anything"),
        ("penalties.mode", "on"),
        ("late_bounce.mode", "on"),
        ("late_bounce.delay_hours", 0.0),
        ("late_bounce.nameservers", ("::1", "192.0.2.1", "192.0.2.1:53", "[::1]:5353")),
        ("penalties.ladder_seconds", (1,)),
        ("penalties.ports", (1, 65_535)),
        ("penalties.never", ()),
        ("alerts.to", ("root", "ann.b+c@example.org", "x_@localhost")),
        ("alerts.sender", ""),
        ("alerts.sender", "root@example.org"),
        ("alerts.mute", ("budget", "withheld")),
        ("alerts.server", "[::1]:2525"),
        ("observe.log", ()),
        ("observe.log", ("journal",)),
        ("observe.log", ("/var/log/mail.log", "/var/log/dovecot.log")),
    ],
)
def test_what_is_taken(key: str, value: Any) -> None:
    assert objection(key, value) == ""


@pytest.mark.parametrize(
    ("section", "changes", "keys"),
    [
        ("decoys", {"failures_min": 6}, ("failures_min", "failures_max")),
        (
            "budgets",
            {"connections_per_network": 401},
            ("connections_per_network", "connections"),
        ),
        ("budgets", {"disk_bytes": 1}, ("message_bytes", "disk_bytes")),
        (
            "penalties",
            {"client_conversations": 51},
            ("client_conversations", "network_conversations"),
        ),
        ("budgets", {"spool_memory_bytes": 2**30}, ("spool_memory_bytes", "spool_bytes")),
        ("observe", {"keep_days": 181}, ("keep_days", "known_days")),
        ("tls", {"certificate": "x.pem"}, ("certificate", "key")),
        ("tls", {"key": "x.pem"}, ("certificate", "key")),
        ("alerts", {"server": "192.0.2.25:25"}, ("server", "elsewhere")),
    ],
)
def test_settings_that_do_not_fit_together(
    section: str, changes: dict[str, Any], keys: tuple[str, str]
) -> None:
    config = Config()
    config = replace(config, **{section: replace(getattr(config, section), **changes)})
    found = [found for found, _ in contradictions(config)]
    assert found == [(f"{section}.{keys[0]}", f"{section}.{keys[1]}")]


@pytest.mark.parametrize("address", ["root", "a@example.org", "a@Mail.Example.org", "a@localhost"])
def test_alerts_stay_on_this_host(address: str) -> None:
    assert not list(contradictions(Config(alerts=Alerts(to=(address,)))))


@pytest.mark.parametrize("address", ["a@example.net", "a@sub.example.org"])
def test_alerts_leave_it_only_by_the_operators_word(address: str) -> None:
    outside = Alerts(to=("root", address), server="192.0.2.25:25")
    reasons = [reason for _, reason in contradictions(Config(alerts=outside))]
    assert len(reasons) == 2
    assert f"{address} is in no domain of this host (example.org)" in reasons[0]
    assert not list(contradictions(Config(alerts=replace(outside, elsewhere="on"))))
