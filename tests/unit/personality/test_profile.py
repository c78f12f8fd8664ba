"""The switch for AUTH before TLS changes port 587 and nothing else."""

from __future__ import annotations

from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.personality.profile import Encryption


def test_plaintext_auth_is_a_switch() -> None:
    open_profile = PROFILE.with_plaintext_auth(allowed=True)
    role = open_profile.roles[Protocol.SUBMISSION]
    assert (role.plaintext_auth, role.encryption, role.login_needed) == (True, Encryption.MAY, True)
    for protocol in (Protocol.SMTP, Protocol.SUBMISSIONS):
        assert open_profile.roles[protocol] == PROFILE.roles[protocol]
    assert open_profile.with_plaintext_auth(allowed=False).roles == PROFILE.roles
