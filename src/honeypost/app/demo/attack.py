"""
The script: four acts, two groups of attackers, 127.0.0.0/8 as their internet.

Act 1 asks the MX which names exist.  Act 2 guesses from forty hosts, one try each, as the
low-and-slow sprayers do that limits per address never see.  Act 3 is the winner's check: does
another password work too (then it is a trap), does the same one work on another port, does
mail go out?  Act 4: hosts that never guessed log in at their first try and send.

Everything is bounded: so many hosts, names, tries and mails, one connection each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

from honeypost.app.demo.dialogue import Address, Dialogue, HungUp, Reply
from honeypost.app.demo.letters import Letter, probe_letter, spam_run

DOMAIN = "example.org"
REAL_NAME = "anna"
"""The demo's one real person; the attackers know the name from the site's web page."""

NAMES = (
    *("info", "office", "sales", "support", "contact", "accounts", "billing", "service"),
    *("hr", "newsletter", REAL_NAME, "zoltan.k", "qx81"),
)
PASSWORDS = ("princess", "sunshine", "letmein", "dragon1", "qwerty123", "football")
"""On every bot's list and on ours; more of them than the most failures an account needs."""

SPRAYED_NAMES = 5
HOSTS = 40
AT_ONCE = 4
"""Hosts that guess at the same time; a refusal takes 2 s, so forty take 20."""

SCANNERS = ("127.10.0.1", "127.10.0.2", "127.10.0.3")
CHECKER = "127.20.0.200"
BUYERS = ("127.77.1.1", "127.78.2.2", "127.79.3.3")


@dataclass(frozen=True, slots=True)
class Listeners:
    """Where the decoys answer."""

    smtp: Address
    submission: Address
    submissions: Address

    @property
    def ports(self) -> tuple[int, ...]:
        """All ports where a client may have come in."""
        return tuple({self.smtp.port, self.submission.port, self.submissions.port})


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing an attacker notices; ``good`` is his view of it, ``None`` for neither."""

    act: int
    source: str
    text: str
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    account: str
    secret: str


@dataclass(slots=True)
class Attack:
    """Plays the acts; what the attackers came to believe is kept for the judges."""

    listeners: Listeners
    tell: Callable[[Seen], None]
    existing: list[str] = field(default_factory=list)
    """Names that the MX accepted."""
    tried: list[tuple[str, Credential]] = field(default_factory=list)
    """Source and credential of every guess of act 2."""
    won: list[Credential] = field(default_factory=list)
    wrong_refused: bool = False
    """Was every other password for the account refused?"""
    works_elsewhere: bool = False
    """Did the right one work on the other port?"""
    sent: list[Letter] = field(default_factory=list)
    """What a 250 was given for."""
    stopped: Event = field(default_factory=Event)
    """Set it to end the attack at the next connection."""

    @property
    def prize(self) -> Credential | None:
        """The first credential that was won."""
        return self.won[0] if self.won else None

    def enumerate_names(self) -> None:
        """Act 1: RCPT TO, one name after the other, never any mail."""
        for index, source in enumerate(SCANNERS):
            with self._dial(self.listeners.smtp, source) as talk:
                talk.greeting()
                talk.say(f"EHLO host{index}.scan.example")
                talk.say("MAIL FROM:<>")
                for name in NAMES[index :: len(SCANNERS)]:
                    reply = talk.say(f"RCPT TO:<{name}@{DOMAIN}>")
                    self._probed(source, name, reply)
                talk.quit()
        self.existing.sort(key=NAMES.index)

    def spray(self) -> None:
        """Act 2: one guess from each host, one password over all names, then the next."""
        guesses = list(self._guesses())
        with ThreadPoolExecutor(AT_ONCE) as hosts:
            list(hosts.map(self._guess, guesses))

    def check(self) -> None:
        """Act 3: is it a trap, and does mail go out?"""
        prize = self.prize
        if prize is None:
            return
        wrong = [
            not self._login(3, CHECKER, prize.account, secret).positive
            for secret in ("no-such-password-77", prize.secret + "1")
        ]
        self.wrong_refused = all(wrong)
        with self._dial(self.listeners.submissions, CHECKER, tls=True) as talk:
            talk.greeting()
            talk.say("EHLO bot.example")
            self.works_elsewhere = talk.login(prize.account, prize.secret).positive
            if self.works_elsewhere:
                self._see(3, CHECKER, f"{prize.account} works on the TLS port too", good=True)
                self._send(3, CHECKER, talk, probe_letter(prize.account))
            talk.quit()

    def use(self) -> None:
        """Act 4: others, who paid for it, send their run over STARTTLS."""
        prize = self.prize
        if prize is None:
            return
        for index, letter in enumerate(spam_run(prize.account)):
            source = BUYERS[index % len(BUYERS)]
            with self._dial(self.listeners.submission, source) as talk:
                if self._enter(talk, prize).positive:
                    if index < len(BUYERS):
                        self._see(4, source, f"{prize.account}: in at the first try", good=True)
                    self._send(4, source, talk, letter)
                talk.quit()

    def _dial(self, target: Address, source: str, *, tls: bool = False) -> Dialogue:
        if self.stopped.is_set():
            raise HungUp("the attack was stopped")
        return Dialogue(target, source, tls=tls)

    def _probed(self, source: str, name: str, reply: Reply) -> None:
        if reply.positive:
            self.existing.append(name)
        self._see(1, source, f"{name}@{DOMAIN}  {reply.code} {reply.text}", good=reply.positive)

    def _guesses(self) -> Iterator[tuple[str, Credential]]:
        """Yield forty hosts with a credential each; the real name gets as many as the others."""
        names = [*self.existing[:SPRAYED_NAMES], REAL_NAME]
        pairs = [
            Credential(f"{name}@{DOMAIN}", password) for password in PASSWORDS for name in names
        ]
        pairs += [Credential(f"zoltan.k@{DOMAIN}", password) for password in PASSWORDS]
        for host, credential in enumerate(pairs[:HOSTS], start=1):
            yield f"127.20.{host}.{host}", credential

    def _guess(self, guess: tuple[str, Credential]) -> None:
        source, credential = guess
        reply = self._login(2, source, credential.account, credential.secret)
        self.tried.append(guess)
        if reply.positive:
            self.won.append(credential)

    def _login(self, act: int, source: str, account: str, secret: str) -> Reply:
        with self._dial(self.listeners.submission, source) as talk:
            reply = self._enter(talk, Credential(account, secret))
            talk.quit()
        self._see(
            act, source, f"{account} {secret}  {reply.code} {reply.text}", good=reply.positive
        )
        return reply

    def _enter(self, talk: Dialogue, credential: Credential) -> Reply:
        talk.greeting()
        talk.say("EHLO bot.example")
        talk.starttls()
        talk.say("EHLO bot.example")
        return talk.login(credential.account, credential.secret)

    def _send(self, act: int, source: str, talk: Dialogue, letter: Letter) -> None:
        reply = talk.send(letter.sender, letter.recipients, letter.body)
        if reply.positive:
            self.sent.append(letter)
        count = len(letter.recipients)
        to = letter.recipients[0] if count == 1 else f"{count} recipients"
        self._see(act, source, f"mail to {to}  {reply.code} {reply.text}", good=reply.positive)

    def _see(self, act: int, source: str, text: str, *, good: bool | None) -> None:
        self.tell(Seen(act, source, text, good))


ACTS: tuple[tuple[str, Callable[[Attack], None]], ...] = (
    ("Who is there?", Attack.enumerate_names),
    ("Forty hosts, one guess each", Attack.spray),
    ("It works. Is it a trap?", Attack.check),
    ("Sold: others use it", Attack.use),
)
