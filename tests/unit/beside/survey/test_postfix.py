from itertools import pairwise
from pathlib import Path

import pytest

from honeypost.beside.survey.postfix import read_postfix
from honeypost.beside.survey.programs import Answer
from honeypost.beside.survey.site import DomainKind, OtherInstance
from honeypost.errors import SurveyError

BASE = {
    "mail_version": "3.7.11",
    "config_directory": "/etc/postfix",
    "queue_directory": "/var/spool/postfix",
}


def run_with(settings, *, services="", options="", more=None):
    """Answer as a postconf with these settings; ``-o`` options are put in force."""

    def run(command, given):
        command = [*command]
        if more and tuple(command[:5]) in more:
            return more[tuple(command[:5])]
        if command[0] != "postconf":
            return Answer("", "", 1)
        if "-M" in command:
            return Answer(services, "", 0)
        if "-P" in command:
            return Answer(options, "", 0)
        given_options = [b for a, b in pairwise(command) if a == "-o"]
        joined = {**BASE, **settings, **dict(o.split("=", 1) for o in given_options)}
        return Answer("".join(f"{n} = {v}\n" for n, v in joined.items()), "", 0)

    return run


SMTPD = "submission inet n - y - - smtpd -o a=b\ncleanup unix n - n - 0 cleanup\nodd line\n"
SASL = "submission/inet/smtpd_sasl_auth_enable = yes\n"


def test_the_stock_site(golden):
    found = golden("debian").postfix
    assert found.version == (3, 7, 11)
    assert [s.label for s in found.sasl_services] == ["submission/inet"]
    assert [s.label for s in found.smtpd if s.takes_mail_from_outside] == ["smtp/inet"]
    submission = found.sasl_services[0]
    assert submission.chroot
    assert submission.fields == "n - y - -"
    assert submission.written("smtpd_relay_restrictions", found.raw) == (
        "permit_sasl_authenticated,reject"
    )
    assert submission.written("mydestination", found.raw) == "$myhostname, localhost"
    assert submission.effective["mydestination"] == "mail.example.org, localhost"
    assert submission.written("no_such", found.raw) == ""
    assert found.service("relay").options == {"syslog_name": "postfix/$service_name"}
    assert found.service("nothing") is None
    assert {domain.name: domain.kind for domain in found.domains} == {
        "mail.example.org": DomainKind.LOCAL,
        "localhost": DomainKind.LOCAL,
    }


def test_options_win_over_main_cf():
    run = run_with({"smtpd_sasl_auth_enable": "no"}, services=SMTPD, options=SASL)
    found = read_postfix(run, None, "n")
    assert [service.has_sasl for service in found.smtpd] == [True]
    assert found.settings["smtpd_sasl_auth_enable"] == "no"


def test_checks_are_those_of_the_cleanup_that_the_service_uses():
    run = run_with(
        {"header_checks": "regexp:{{/x/ OK}}", "milter_header_checks": "static:x"},
        services=SMTPD + "own unix n - n - 0 cleanup\n",
        options=SASL + "own/unix/header_checks = mysql:/x, static:y\n"
        "submission/inet/cleanup_service_name = own\n",
    )
    found = read_postfix(run, None, "n").checks
    assert [(t.parameter, t.spec, t.text, t.services) for t in found] == [
        ("header_checks", "mysql:/x", None, ("submission/inet",)),
        ("header_checks", "static:y", "y", ("submission/inet",)),
        ("milter_header_checks", "static:x", "x", ("submission/inet",)),
    ]


def test_checks_that_are_switched_off_do_not_count():
    settings = {"header_checks": "static:x", "receive_override_options": "no_header_body_checks"}
    run = run_with(settings, services=SMTPD, options=SASL)
    assert read_postfix(run, None, "n").checks == ()


@pytest.mark.parametrize(
    ("says", "does"),
    [("", ""), ("IGNORE\n", "IGNORE"), ("replace X-Y: z\n", "REPLACE"), ("warn x\n", "")],
)
def test_checks_of_headers_are_asked_about_one_like_ours(says, does):
    asked = ("postmap", "-c", "/etc/postfix", "-q", "X-nobody: nobody")
    run = run_with(
        {"header_checks": "regexp:/a", "body_checks": "regexp:/a"},
        services=SMTPD,
        options=SASL,
        more={asked: Answer(says, "", 0)},
    )
    found = read_postfix(run, None, "nobody").checks
    assert {table.parameter: table.unknown_header for table in found} == {
        "header_checks": does,
        "body_checks": "",
    }


def test_pickup_hands_its_mail_to_a_cleanup_whose_checks_count():
    services = "pickup unix n - y 60 1 pickup\nodd unix n - y - 0 cleanup\n"
    options = "pickup/unix/cleanup_service_name = odd\nodd/unix/header_checks = static:x\n"
    found = read_postfix(run_with({}, services=services, options=options), None, "n")
    assert [(t.spec, t.services) for t in found.checks] == [("static:x", ("pickup/unix",))]
    assert found.cleanup_of(found.pickup).name == "odd"
    assert found.cleanup_of(found.service("odd")) is None


def test_access_tables_of_the_late_lists():
    settings = {
        "smtpd_data_restrictions": "check_client_access static:OK, reject",
        "smtpd_recipient_restrictions": "check_client_access static:no",
    }
    run = run_with(settings, services=SMTPD, options=SASL)
    assert [table.spec for table in read_postfix(run, None, "n").access] == ["static:OK"]


def test_domains_in_files_and_tables(tmp_path):
    listed = tmp_path / "domains"
    listed.write_text("File.example\n")
    settings = {
        "mydestination": f"mail.example, {listed}",
        "virtual_mailbox_domains": "hash:/d",
        "virtual_alias_domains": "mail.example proxy:mysql:/x /nowhere",
    }
    table = ("postmap", "-c", "/etc/postfix", "-s", "hash:/d")
    more = {table: Answer("v.example\tx\na@v.example\ty\nlocal\tz\n", "", 0)}
    found = read_postfix(run_with(settings, more=more), None, "n")
    assert [(domain.name, domain.kind) for domain in found.domains] == [
        ("mail.example", DomainKind.LOCAL),
        ("file.example", DomainKind.LOCAL),
        ("v.example", DomainKind.MAILBOX),
    ]
    assert found.unlisted_domains == (
        "virtual_alias_domains = proxy:mysql:/x",
        "virtual_alias_domains = /nowhere",
    )


def test_a_catch_all_is_told_with_its_map():
    settings = {"mydestination": "d.example", "virtual_alias_maps": "hash:/v"}
    table = ("postmap", "-c", "/etc/postfix", "-q", "-")
    run = run_with(settings, more={table: Answer("@d.example\tx\n", "", 0)})
    assert [domain.catch_all for domain in read_postfix(run, None, "n").domains] == ["hash:/v"]


def instance(directory, **settings):
    def run(command, given):
        if command[:3] == ("postconf", "-c", directory):
            if not settings:
                return Answer("", "fatal: no", 1)
            joined = {**BASE, **settings}
            text = "".join(f"{n} = {v}\n" for n, v in joined.items() if "-P" not in command)
            return Answer(text, "", 0)
        return run_with({"multi_instance_directories": directory})(command, given)

    return read_postfix(run, None, "n").other_instances


def test_other_instances():
    on = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_path": "private/auth"}
    assert instance("/o", **on, smtpd_sasl_type="dovecot") == (
        OtherInstance(Path("/o"), "private/auth"),
    )
    assert instance("/o", **on, smtpd_sasl_type="cyrus") == (OtherInstance(Path("/o"), ""),)
    assert instance("/o") == (OtherInstance(Path("/o"), "cannot be read"),)


def test_a_postconf_that_fails():
    with pytest.raises(SurveyError, match="postconf -c /x: fatal"):
        read_postfix(lambda *_: Answer("", "fatal", 1), Path("/x"), "n")
