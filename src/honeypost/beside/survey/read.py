"""Read a whole mail host: Postfix, Dovecot and what stands around them."""

from __future__ import annotations

import secrets
from pathlib import Path

from honeypost.beside.survey.dovecot import read_dovecot
from honeypost.beside.survey.postfix import read_postfix
from honeypost.beside.survey.programs import Run, run_program
from honeypost.beside.survey.site import MailSite, Passdb
from honeypost.beside.survey.system import read_system


def read_site(
    *,
    postfix_directory: Path | None = None,
    dovecot_config: Path | None = None,
    root: Path = Path("/"),
    run: Run = run_program,
    invented: str = "",
) -> MailSite:
    """
    Look at a mail host.  Changes nothing, starts nothing; to be run as root.

    :param postfix_directory: where main.cf is; ``None`` for the host's own instance.
    :param dovecot_config: Dovecot's main file; ``None`` for the host's own.
    :param root: where ``etc`` is.
    :param run: how programs are run.
    :param invented: a local part that nobody has; random when not given.
    :raises SurveyError: a program is missing, fails or hangs.
    """
    postfix = read_postfix(run, postfix_directory, invented or f"nobody-{secrets.token_hex(8)}")
    dovecot = read_dovecot(run, dovecot_config)
    services = (pam_service(p) for p in dovecot.passdbs if p.driver == "pam")
    return MailSite(postfix, dovecot, read_system(root, services))


def pam_service(passdb: Passdb) -> str:
    """
    Name the PAM service of a database; Dovecot takes ``dovecot`` when none is named.

    >>> pam_service(Passdb("pam", args="session=yes failure_show_msg=yes mail"))
    'mail'
    """
    words = [word for word in passdb.args.split() if "=" not in word and not word.startswith("-")]
    return passdb.settings.get("service_name") or (words[-1] if words else "dovecot")
