from pathlib import Path

import pytest

from honeypost.beside.survey.site import Fail2ban
from honeypost.beside.survey.themes import surroundings
from support.changed_site import main, service, system


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (main(smtpd_milters="inet:localhost:8891"), ["milters"]),
        (service("smtp", effective={"smtpd_milters": "inet:x:1"}), []),
        (main(recipient_bcc_maps="hash:/x", always_bcc="a@b"), ["copies", "copies"]),
        (main(relocated_maps="proxy:socketmap:inet:h:1:x, hash:/y"), ["socket-lookup"]),
        (main(relocated_maps="tcp:localhost:honeypost"), ["our-lookup"]),
        (main(mynetworks="127.0.0.0/8 [::1]/128 !10.1.0.0/16"), []),
        (main(mynetworks="127.0.0.0/8 10.0.0.0/8"), ["trusted-networks"]),
        (system(webmail=(Path("/etc/roundcube"),)), ["webmail"]),
        (system(fail2ban=Fail2ban(("192.0.2.1",), ())), []),
        (system(fail2ban=Fail2ban((), ("postfix-sasl",))), ["fail2ban"]),
        (
            system(fail2ban=Fail2ban((), ("dovecot", "sieve"))),
            ["fail2ban", "fail2ban-counts-decoys"],
        ),
    ],
)
def test_what_stands_around(new, change, codes):
    assert [code for code, _ in new(surroundings, change)] == codes


def test_the_lookup_is_named_with_its_place(new):
    option = service("submission", options={"smtpd_sender_login_maps": "tcp:localhost:9"})
    assert new(surroundings, option)[0][1].startswith(
        "smtpd_sender_login_maps asks tcp:localhost:9 over a socket"
    )
