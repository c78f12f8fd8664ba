"""
Attackers at work while something else is tested: guesses without end, and decoys that send.

Who got in before the trouble began sends on in it: those sessions are open already.
"""

from __future__ import annotations

import contextlib
import imaplib
import itertools
import smtplib
import threading
from typing import Self

from support.mailhost import MailHost
from support.users import DOMAIN, REAL
from support.waiting import until

LISTED = "123456"
NAMES = [f"{name}@{DOMAIN}" for name in ("sales", "info", "support", "office", "service", "jobs")]
"""One of them becomes a decoy; on a busy machine a name may rest, as nobody could judge it."""
SPAMMER = "spam@attacker.test"
GUESSERS, SESSIONS = 2, 3
PACE_SECONDS = 0.2
"""Between two guesses of a guesser, and between two messages of a decoy."""
_PROBLEMS = (OSError, smtplib.SMTPException, imaplib.IMAP4.error)


class Attack:
    """
    Guessers over IMAP and submission, and the sessions of a decoy that was won.

    :param inside: also win a decoy; else (a host without us) there are only guesses.
    """

    def __init__(self, host: MailHost, *, inside: bool) -> None:
        self.guesses = self.messages = 0
        self._host, self._inside = host, inside
        self._over = threading.Event()
        self._sessions: list[smtplib.SMTP] = []
        work = [*[self._guess] * GUESSERS, self._send]
        self._threads = [threading.Thread(target=each) for each in work]

    def __enter__(self) -> Self:
        if self._inside:
            names = itertools.cycle(NAMES)
            until(lambda: self._won(next(names)), self._host.dovecot.said, seconds=60)
            self._sessions = [self._session() for _ in range(SESSIONS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for session in self._sessions:
            session.close()

    def _won(self, name: str) -> bool:
        self._host.imap_login(name, "qwerty")
        self.decoy = name
        return self._host.imap_login(name, LISTED)

    def _session(self) -> smtplib.SMTP:
        session = self._host.smtp()
        session.login(self.decoy, LISTED)
        return session

    def _guess(self) -> None:
        names = itertools.cycle([*NAMES, *(f"name{n}@{DOMAIN}" for n in range(20)), *REAL])
        for number, name in enumerate(names):
            if self._over.wait(PACE_SECONDS):
                return
            self.guesses += 1
            with contextlib.suppress(*_PROBLEMS):
                source = f"127.0.9.{number % 250 + 1}"
                guess = self._host.smtp_login if number % 2 else self._host.imap_login
                guess(name, LISTED, source=source)

    def _send(self) -> None:
        for session in itertools.cycle(self._sessions):
            if self._over.wait(PACE_SECONDS):
                return
            # What Postfix tells a decoy in trouble is not looked at here.
            with contextlib.suppress(*_PROBLEMS):
                session.sendmail(SPAMMER, ["a@outside.test", *REAL], b"Subject: x\r\n\r\nbuy\r\n")
            self.messages += 1
