"""
What rspamd is to be told: mail of decoys passes it unseen.

A milter looks at a message before containment takes it, and Postfix can leave none out for one
login.  So rspamd itself has to: by the login, which Postfix tells every milter at MAIL
(``{auth_authen}``), and at a high priority, so that no rule of the site comes first.
``whitelist`` ends its work at once: nothing is scanned, signed, counted or learned from
(measured with rspamd 3.4: its Bayes classifier learned from a decoy's message without this rule
and not with it), and nothing is refused, so that what a decoy sends is captured.

OpenDKIM needs nothing: the signature that it puts on top is taken off with our own header
(:mod:`honeypost.engine.captures`).
"""

from __future__ import annotations

from typing import Final

from honeypost.beside.recipes.parts import File, Proof, Recipe

FILE: Final = "/etc/rspamd/local.d/settings.conf"
"""Where rspamd 1.6 and later takes settings of the site from."""


def settings_of(marker_domain: str) -> str:
    """
    Give the rule for rspamd's ``settings``.

    :param marker_domain: of the decoys' logins, a plain domain name.
    """
    return (
        "honeypost_decoys {\n"
        "  priority = high;\n"
        f'  user = "@{marker_domain}";\n'
        "  apply { whitelist = true; }\n"
        "}\n"
    )


def recipe(marker_domain: str) -> Recipe:
    """Give the whole recipe for a host with rspamd."""
    note = "Mode 0640, group _rspamd: the text names the secret marker. Then reload rspamd."
    return Recipe((File(FILE, settings_of(marker_domain)),), Proof.RUN, (note,))
