"""
The password chain that decoys join, as text for Dovecot 2.3.

Theory of operation
===================

::

    passdb  the site's own            unchanged
    passdb  deny = yes copies         where "wrong password" and "no such user" look alike
    passdb  guard.lua                 in-process, no I/O: goes on only for unknown users
    passdb  decoy.lua                 in a worker: may return a marker user, nothing else
    userdb  prefetch                  decoys bring uid, home and mail with them
    userdb  the site's own            unchanged

Why each stands there was measured on 2.3.19 (and 2.4.1 for the first and last):

* PAM says "authentication failure" for unknown users as well, so the guard alone would let nobody
  through; ``passwd`` with ``deny = yes`` looks the name up without its password.  The same for
  a query with a condition (``AND active = 1``): a disabled account would become a decoy.
* ``cache_key`` must be given: an empty one kills the auth process, Dovecot's default (``%u``)
  makes the second guess fail unasked when ``auth_cache_size`` is set.  A grant must not come
  from that cache either (the containment may be in doubt by then), so the script gives it a
  password that never fits.
* A second ``userdb`` needs ``prefetch`` before it; a decoy's uid is never that of real mail, which
  it could read through a shared namespace.
* Auth policy is report only.  With ``check_before`` or ``check_after`` a hung server locks out
  everybody, timeouts or not, as soon as two log in at a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCRIPTS = ("guard.lua", "decoy.lua")
SETTINGS = "decoy-settings.lua"
QUOTA_RULE = "*:storage=1M:messages=1000"

REPORTED = (
    "login=%{requested_username} orig=%{orig_user} user=%{user} pwhash=%{hashed_password}"
    " remote=%{rip} rport=%{rport} lport=%{lport} mech=%m sec=%{secured}"
    " device_id=%{client_id} protocol=%s session_id=%{session} attrs/lname=%{local_name}"
)
"""Attributes of a report; ``orig`` keeps the guessed name of a decoy."""

_PLAIN = re.compile(r"[\w .:/@*=?&~\[\]-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class DenyCopy:
    """A database asked for the name alone; who is in it can never become a decoy."""

    driver: str
    args: str = ""


PAM_DENY = DenyCopy("passwd")
"""For PAM over the system's users.  PAM over anything that NSS does not show: no decoys."""


@dataclass(frozen=True, slots=True)
class DecoyChain:
    """Where the scripts lie and whom decoys log in as."""

    directory: Path
    """Holds both scripts and the settings file; readable by Dovecot's auth and its workers."""
    url: str
    """Our lookup listener, ``http://127.0.0.1:port/...``."""
    key: str
    """What the script sends as ``X-Key``."""
    marker_domain: str
    uid: int
    gid: int
    home: Path
    """Below it each decoy has its home; owned by ``uid``, mode 0700."""
    deny: tuple[DenyCopy, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    """
    Extra fields of a decoy, e.g. ``userdb_namespace/public/disabled``.

    One named ``pop3:userdb_mail_plugins`` is for that service alone, and wins there.
    """

    def passdbs(self) -> str:
        """Text that goes right behind the site's own passdb."""
        copies = "".join(
            _block("passdb", driver=c.driver, args=c.args, deny="yes") for c in self.deny
        )
        guard = _block(
            "passdb",
            driver="lua",
            args=f"file={self.directory}/guard.lua blocking=no",
            result_failure="return-fail",
            result_internalfail="return-fail",
        )
        decoy = _block(
            "passdb",
            driver="lua",
            args=f"file={self.directory}/decoy.lua blocking=yes cache_key=%u%w%r",
        )
        return copies + guard + decoy

    def userdb(self) -> str:
        """Text that goes before the site's own userdb."""
        return _block("userdb", driver="prefetch")

    def settings(self) -> str:
        """
        Give the content of ``decoy-settings.lua``.  It holds the key: mode 0640, group of Dovecot.

        :raises ValueError: a value that cannot stand in a Lua string as it is.
        """
        values = {
            "url": self.url,
            "key": self.key,
            "marker_domain": self.marker_domain,
            "uid": str(self.uid),
            "gid": str(self.gid),
            "home": str(self.home),
        }
        extra = {"userdb_quota_rule": QUOTA_RULE, **self.fields}
        lines = [f"  {name} = {_quoted(value)}," for name, value in values.items()]
        pairs = ", ".join(f"[{_quoted(name)}] = {_quoted(v)}" for name, v in extra.items())
        return "return {\n" + "\n".join(lines) + f"\n  fields = {{ {pairs} }},\n}}\n"


def names_socket(path: Path, user: str) -> str:
    """Text for a socket over which ``user`` may ask who exists; ends in ``-userdb``."""
    if not path.name.endswith("-userdb"):
        raise ValueError(f"{path}: Dovecot gives a socket so few rights only as NAME-userdb")
    listener = f"  unix_listener {path} {{\n    mode = 0600\n    user = {user}\n  }}\n"
    return f"service auth {{\n{listener}}}\n"


def report_only(url: str, key: str, nonce: str) -> str:
    """
    Text for auth policy, report only.

    :param nonce: random per site; Dovecot's tag of a secret (12 bits) hangs on it.
    """
    settings = {
        "auth_policy_server_url": url,
        "auth_policy_server_api_header": f"X-Key: {key}",
        "auth_policy_server_timeout_msecs": "500",
        "auth_policy_hash_nonce": nonce,
        "auth_policy_check_before_auth": "no",
        "auth_policy_check_after_auth": "no",
        "auth_policy_report_after_auth": "yes",
        "auth_policy_request_attributes": REPORTED,
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _block(name: str, **settings: str) -> str:
    lines = "".join(f"  {key} = {value}\n" for key, value in settings.items() if value)
    return f"{name} {{\n{lines}}}\n"


def _quoted(value: str) -> str:
    if not _PLAIN.fullmatch(value):
        raise ValueError(f"{value!r} cannot stand in the decoy script's settings")
    return f'"{value}"'
