import pytest

from honeypost.beside.survey.read import pam_service
from honeypost.beside.survey.site import Passdb


@pytest.mark.parametrize(
    ("passdb", "service"),
    [
        (Passdb("pam"), "dovecot"),
        (Passdb("pam", args="session=yes imap"), "imap"),
        (Passdb("pam", args="cache_key=%u%r -session"), "dovecot"),
        (Passdb("pam", settings={"service_name": "mail"}), "mail"),
    ],
)
def test_the_pam_service_is_the_last_word(passdb, service):
    assert pam_service(passdb) == service


def test_pam_is_read_where_dovecot_asks_it(golden):
    site = golden("debian")
    assert [service.name for service in site.system.pam] == ["dovecot"]
    assert site.system.pam[0].modules[0] == "pam_unix.so"
    assert golden("virtual").system.pam == ()
