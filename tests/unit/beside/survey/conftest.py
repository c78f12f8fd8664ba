"""Sites as the real programs told them, and a way to change one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.golden import replay
from support.mail_tree import MailTree


@pytest.fixture
def golden(tmp_path):
    """Read one of the recorded sites; Dovecot's Lua is there whatever this machine has."""

    def read(kind):
        tree = MailTree(tmp_path, kind, built=False)
        site = tree.look(run=replay(kind, tmp_path))
        return replace(site, dovecot=replace(site.dovecot, lua=True, lua_http=True))

    return read


@pytest.fixture
def site(golden):
    return golden("virtual")
