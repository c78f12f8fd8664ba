"""
Real users are unharmed whatever becomes of us: a short form of ``bench/unharmed.py``.

Nothing is timed here.  That nobody waits for us is seen from who we are asked about: never a
real user, in any state.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from support.attack import SPAMMER
from support.day import DELIVERIES, FAMILIES, LOGINS, LONG_IDS, Day
from support.dovecot_host import FAST
from support.mail_clients import plain
from support.mailhost import MailHost
from support.troubles import TROUBLES
from support.users import REAL

pytestmark = pytest.mark.real
ROUNDS = len(LOGINS) * FAMILIES * len(REAL)
AT_ONCE = 3


BESIDE_PAM = ("hung", "slow (5 s)", "removed, daemons restarted")
"""There a login needs one of the workers that ours need too."""


@pytest.fixture(scope="module")
def host(request):
    with MailHost(kind=request.param, dovecot_extra=FAST, postfix_settings=LONG_IDS) as made:
        yield made


def live(host):
    """One round of every action; gives those that went wrong."""
    day = Day(host)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waits = [*pool.map(day.log_in, range(ROUNDS)), *pool.map(day.hand_in, range(ROUNDS))]
    waits += day.arrived()
    assert len(waits) == 2 * ROUNDS + ROUNDS // len(DELIVERIES) * len(DELIVERIES)
    return [wait for wait in waits if wait.refused]


@pytest.mark.parametrize(
    ("host", "name"),
    [*(("passwd-file", name) for name in TROUBLES), *(("pam", name) for name in BESIDE_PAM)],
    indirect=["host"],
)
def test_nobody_is_refused(host, name):
    with TROUBLES[name](host) as scene:
        assert live(host) == []
        between = scene.between
        assert not between or between["lookup"].troubled
        asked = b"".join(bytes(one.asked) for one in between.values())
    assert not any(SPAMMER.encode() in sender for sender, _, _ in host.internet.messages)
    # Only failed logins are asked about; a good one is reported, without its password.
    assert bool(asked) == bool(between)
    for password in REAL.values():
        assert quote(password).encode() not in asked
        assert plain("", password).rstrip("=").encode() not in asked
