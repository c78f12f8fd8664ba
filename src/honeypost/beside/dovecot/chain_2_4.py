"""
The same chain as text for Dovecot 2.4, where blocks have names and settings have no ``args``.

Measured on 2.4.1 by hand (guard, decoys, prefetch, reports); this text itself is compared with
golden files and was not run.  Scripts and their settings are those of 2.3.

A deny copy is written only for ``passwd`` and a passwd-file: the settings of other drivers
have other names in 2.4.
"""

from __future__ import annotations

from honeypost.beside.dovecot.chain import DecoyChain, DenyCopy

REPORTED = {
    "login": "%{requested_username}",
    "orig": "%{original_user}",
    "user": "%{user}",
    "pwhash": "%{hashed_password}",
    "remote": "%{remote_ip}",
    "rport": "%{remote_port}",
    "lport": "%{local_port}",
    "mech": "%{mechanism}",
    "sec": "%{secured}",
    "device_id": "%{client_id}",
    "protocol": "%{protocol}",
    "session_id": "%{session}",
    "attrs/lname": "%{local_name}",
}
"""Attributes of a report, in the names of 2.4."""


def passdbs(chain: DecoyChain) -> str:
    """
    Text that goes right behind the site's own passdb.

    :raises ValueError: a deny copy of a driver whose settings are not known here.
    """
    copies = "".join(_deny(number, copy) for number, copy in enumerate(chain.deny, 1))
    guard = _block(
        "passdb honeypost_guard",
        driver="lua",
        lua_file=f"{chain.directory}/guard.lua",
        use_worker="no",
        result_failure="return-fail",
        result_internalfail="return-fail",
    )
    decoy = _block(
        "passdb honeypost_decoy",
        driver="lua",
        lua_file=f"{chain.directory}/decoy.lua",
        use_worker="yes",
    )
    return copies + guard + decoy


def userdb() -> str:
    """Text that goes before the site's own userdb."""
    return _block("userdb honeypost_prefetch", driver="prefetch")


def report_only(url: str, key: str, nonce: str) -> str:
    """Text for auth policy, report only."""
    settings = {
        "auth_policy_server_url": url,
        "auth_policy_server_api_header": f"X-Key: {key}",
        "auth_policy_hash_nonce": nonce,
        "auth_policy_check_before_auth": "no",
        "auth_policy_check_after_auth": "no",
        "auth_policy_report_after_auth": "yes",
    }
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    timeout = _block("auth_policy", http_client_request_absolute_timeout="500ms")
    return lines + timeout + _block("auth_policy_request_attributes", **REPORTED)


def _deny(number: int, copy: DenyCopy) -> str:
    name = f"passdb honeypost_deny_{number}"
    if copy.driver == "passwd" and not copy.args:
        return _block(name, driver="passwd", deny="yes")
    if copy.driver == "passwd-file":
        path = copy.args.split()[-1]
        return _block(name, driver="passwd-file", passwd_file_path=path, deny="yes")
    raise ValueError(f"a deny copy of {copy.driver} is not known for Dovecot 2.4")


def _block(name: str, **settings: str) -> str:
    lines = "".join(f"  {key} = {value}\n" for key, value in settings.items())
    return f"{name} {{\n{lines}}}\n"
