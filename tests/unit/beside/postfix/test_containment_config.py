"""What the text does is tested with the real Postfix; here, that it says what it must."""

from __future__ import annotations

import re

import pytest

from honeypost.beside.postfix.containment_config import ContainmentConfig, Service


def config(**changes):
    parts = {
        "marker_domain": "k7qp2mzx.invalid",
        "header": "X-Qr7tW2k",
        "sink": "unix:/run/honeypost/lmtp",
        "policy": "inet:127.0.0.1:2720",
    }
    return ContainmentConfig(**parts | changes)


def test_ours_goes_before_the_sites_own_lists():
    options = config().sasl_options({"smtpd_sender_restrictions": "reject_unknown_sender_domain"})
    ours, _, sites = options["smtpd_sender_restrictions"].rpartition(", ")
    assert sites == "reject_unknown_sender_domain"
    assert ours == r"check_sasl_access regexp:{{/@k7qp2mzx\.invalid$$/ permit}}"
    assert not options["smtpd_data_restrictions"].endswith(",")


def test_data_writes_the_header_first_and_then_filters():
    contain = config().sasl_options({})["smtpd_data_restrictions"]
    assert contain == (
        r"check_sasl_access regexp:{{/^(.+)@k7qp2mzx\.invalid$$/ PREPEND X-Qr7tW2k: $$1}}, "
        r"check_sasl_access regexp:{{/@k7qp2mzx\.invalid$$/ FILTER decoy:unix:/run/honeypost/lmtp}}"
    )


def test_an_inet_sink_is_named_as_a_next_hop():
    contain = config(sink="inet:[::1]:2700").sasl_options({})["smtpd_data_restrictions"]
    assert "FILTER decoy:[::1]:2700}}" in contain


def test_silence_at_end_of_data_discards():
    options = config().sasl_options({})
    assert options["smtpd_restriction_classes"] == "decoy_budget"
    assert "default_action=DISCARD" in options["decoy_budget"]
    assert "timeout=3s" in options["decoy_budget"]


def test_nothing_in_master_refers_to_main():
    text = "".join(service.text() for service in config().services())
    text += "".join(config().sasl_options({}).values())
    assert not re.search(r"(?<!\$)\$(?!\$)", text)


def test_notices_are_looked_into_twice():
    notices = {service.name: service for service in config().services()}["cleanup-dsn"]
    options = dict(notices.options)
    assert options["nested_header_checks"] == options["body_checks"]
    assert options["body_checks"] == "regexp:{{/^X-Qr7tW2k:/ DISCARD}}"
    assert dict(config().notice_options())["cleanup_service_name"] == "cleanup-dsn"


@pytest.mark.parametrize("filtered", [False, True])
def test_milters_look_at_notices_only_where_they_did_before(filtered):
    services = config().services(notices_filtered=filtered)
    notices = {service.name: service for service in services}["cleanup-dsn"]
    assert (("non_smtpd_milters", "") in notices.options) is not filtered


def test_a_thousand_recipients_stay_together():
    assert config().main() == {"decoy_destination_recipient_limit": "1000"}


def test_a_service_is_written_as_master_has_it():
    service = Service("x", "unix", "- - n - 5 lmtp", (("a", "b c"),))
    assert service.text() == "x unix - - n - 5 lmtp\n  -o { a = b c }\n"


@pytest.mark.parametrize(
    "change",
    [
        {"marker_domain": "Evil/ OK}}"},
        {"marker_domain": "invalid"},
        {"header": "X-A: b"},
        {"header": ""},
        {"sink": "/run/lmtp"},
        {"policy": "unix:/run/a b"},
    ],
)
def test_what_would_not_stand_safely_is_refused(change):
    with pytest.raises(ValueError, match="cannot stand"):
        config(**change)
