"""
Answers the questions that protocol cores may not decide alone.

One object per edge; it holds no connection and waits only for the sources of real names and
for stores.  Each kind of question has one method; what it needs is built here from its
parts: :mod:`.logins` (who gets in), :mod:`.spending` (what may be sent), :mod:`.grants`
(whether anything may be granted at all).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from honeypost.config.schema import Config, SiteSecrets
from honeypost.decide.decoys import Rules
from honeypost.decide.names import is_listed, split_account, strip_extension
from honeypost.decide.secrets import Vocabulary
from honeypost.engine.captures import Captures
from honeypost.engine.crowds import Crowds
from honeypost.engine.grants import Grants, Notebook
from honeypost.engine.guesses import Guesses
from honeypost.engine.logins import LOGIN_LIMIT, Logins, named
from honeypost.engine.penalties import Penalties
from honeypost.engine.spending import Spending
from honeypost.engine.vocabulary import load_vocabulary
from honeypost.events import LoginReported
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import (
    Body,
    Clock,
    Containment,
    DecoyStore,
    Entry,
    Reality,
    RealNames,
)
from honeypost.questions import (
    Acceptance,
    ConverseVerdict,
    KeepMessage,
    KeepVerdict,
    MayConverse,
    MayLogin,
    MayReceive,
    MaySpend,
    MayWithhold,
    Noted,
    NoteReport,
    Question,
    ReceiveVerdict,
    SpendVerdict,
    Verdict,
    Withholding,
    WithholdVerdict,
)

QueueId = Callable[[float], str]
"""Makes a queue id as the personality's Postfix would at that time."""


class Director:
    """
    Decides about people, within the site's rules and budgets.

    ``spending`` is the one that ``captures`` was given, ``journal`` notes events
    (:class:`.grants.Notebook`).  ``vocabulary`` is the shipped list unless given.
    """

    def __init__(
        self,
        settings: Config,
        secrets: SiteSecrets,
        *,
        decoys: DecoyStore,
        captures: Captures,
        spending: Spending,
        journal: Notebook,
        names: RealNames,
        containment: Containment,
        clock: Clock,
        queue_id: QueueId,
        vocabulary: Vocabulary | None = None,
        penalties: Penalties | None = None,
        reported: bool = False,
    ) -> None:
        """
        :param penalties: is told who fails and who gets in.
        :param reported: Dovecot reports every attempt; what it asks us before is not counted too.
        """
        self._domains = settings.site.domains
        self._message_bytes = settings.budgets.message_bytes
        self._marker_domain = secrets.marker_domain.lower()
        self._journal = journal
        self._names = names
        self._clock = clock
        self._queue_id = queue_id
        words = load_vocabulary() if vocabulary is None else vocabulary
        self.rules = Rules(settings.decoys, settings.site.domains, secrets.key, words)
        self._guesses = Guesses(settings.budgets.accounts)
        self._grants = Grants(containment, journal)
        self._captures = captures
        self._spending = spending
        self._penalties = penalties
        self._reported_too = reported
        self._crowds = Crowds(
            settings.penalties.client_conversations,
            settings.penalties.network_conversations,
            clock=clock,
            journal=journal,
            spared=_nobody if penalties is None else penalties.known_good,
        )
        self._logins = Logins(
            self.rules,
            self._guesses,
            decoys,
            names=names,
            grants=self._grants,
            journal=journal,
            clock=clock,
        )

    def restore(self, entries: Iterable[Entry]) -> None:
        """
        Take up where the journal ended; call it once, before the first question.

        :param entries: oldest first.  Guesses count from whatever is given, today's bytes
            from today's.  Decoys come from their own store.
        """
        for entry in entries:
            self._guesses.restore(entry, self.rules)
            self._spending.restore(entry)
            if self._penalties is not None:
                self._penalties.restore(entry)

    def spool(self) -> Body:
        """Give an empty body for a message that begins."""
        return self._captures.spool()

    def account_of(self, marker: str) -> str:
        """Give the decoy that a marker user's local part stands for, ``""`` if none."""
        return self._logins.account_of(marker)

    def is_decoy(self, address: bytes) -> bool:
        """Is this address, as typed, a decoy that exists?"""
        account = self.rules.account(address)
        return bool(account) and self._logins.is_decoy(account)

    def doubt(self) -> str:
        """Look why no decoy login may be granted now, ``""`` when it may; notes nothing."""
        return self._grants.look()

    async def answer(self, question: Question, who: Identity, body: Body | None = None) -> Verdict:
        """
        Answer a core's question.

        :param body: what was spooled, with :class:`~honeypost.questions.KeepMessage` only; it
            belongs to the director from here on.
        """
        match question:
            case MayLogin():
                verdict = await self._logins.answer(question, who)
                self._tell_answered(question, who, granted=verdict.granted)
                return verdict
            case MayReceive():
                return await self._may_receive(question, who)
            case KeepMessage():
                return await self._keep(question, who, body)
            case NoteReport():
                return self._note_report(question, who)
            case MaySpend() | MayConverse() | MayWithhold():
                return self._for_postfix(question, who)

    def _for_postfix(
        self, question: MaySpend | MayConverse | MayWithhold, who: Identity
    ) -> Verdict:
        """Answer what Postfix waits for."""
        match question:
            case MaySpend():
                return self._may_spend(question)
            case MayConverse():
                return ConverseVerdict(self._crowds.admit(who.session, question.client))
            case MayWithhold():
                return WithholdVerdict(Withholding.LATER)

    async def _may_receive(self, question: MayReceive, who: Identity) -> ReceiveVerdict:
        if who.protocol is Protocol.LMTP:
            return ReceiveVerdict(Acceptance.ACCEPTED)  # Postfix decided, and named the queue id
        if question.account:
            acceptance = self._may_send(question.account)
        else:
            acceptance = await self._has_mailbox(question.recipient.address)
        if acceptance is Acceptance.ACCEPTED and question.first:
            return ReceiveVerdict(acceptance, self._queue_id(self._clock()))
        return ReceiveVerdict(acceptance)

    def _may_send(self, account: str) -> Acceptance:
        """Take any recipient from a decoy, while its mail is kept in and paid for."""
        if self._grants.doubt() or not self._spending.has_room(account):
            return Acceptance.TRY_LATER
        return Acceptance.ACCEPTED

    async def _has_mailbox(self, address: bytes) -> Acceptance:
        """
        Answer a stranger's RCPT as the login side would: the same names exist.

        A real name is unknown here: standalone it has no mailbox, and a sender who is told
        so loses nothing, whereas mail that we took would be lost in silence.
        """
        account = self.rules.account(address)
        if not account:
            return self._not_here(address)
        if self._logins.is_decoy(account):
            return Acceptance.ACCEPTED
        if not self.rules.exists(account):
            return Acceptance.UNKNOWN
        reality = await self._names.reality(account)
        if reality is Reality.UNSURE:
            return Acceptance.TRY_LATER
        return Acceptance.ACCEPTED if reality is Reality.UNKNOWN else Acceptance.UNKNOWN

    def _not_here(self, address: bytes) -> Acceptance:
        """Tell a name that cannot be ours from a domain that is not."""
        domain = split_account(address.decode("utf-8", "replace"))[1]
        listed = not domain or is_listed(domain, self._domains)
        return Acceptance.UNKNOWN if listed else Acceptance.RELAY_DENIED

    async def _keep(self, question: KeepMessage, who: Identity, body: Body | None) -> KeepVerdict:
        if body is None:
            return KeepVerdict(Acceptance.TRY_LATER)
        return await self._captures.keep(question, who, body)

    def _may_spend(self, question: MaySpend) -> SpendVerdict:
        """
        Let a decoy's message go on to our sink.

        Sessions that were authenticated before the containment came into doubt are stopped
        here.  The account is charged now, since our sink learns its name too late to refuse;
        and a message that the sink would not take must not wait in Postfix's queue for days.
        """
        account = self.account_of(question.marker)
        if not account or self._grants.doubt():
            return SpendVerdict(Acceptance.TRY_LATER)
        if question.size > self._message_bytes:
            return SpendVerdict(Acceptance.TOO_LARGE)
        if not self._spending.has_room(account, question.size):
            return SpendVerdict(Acceptance.TRY_LATER)
        self._spending.charge(account, question.size)
        return SpendVerdict(Acceptance.ACCEPTED)

    def _note_report(self, question: NoteReport, who: Identity) -> Noted:
        """
        Note Dovecot's report; who logged in for real is never a decoy from then on.

        Of a real user's password nothing is kept, be it right, mistyped or not checked because
        the database is down: the tag stays only where a lookup has just said that the name is
        nobody's.  (Dovecot asks us before it reports.)
        """
        account, decoy = self._reported(question)
        if account and question.success and not decoy:
            self._guesses.prove(account)
        nobodys = self._guesses.known(account, self._clock()) is Reality.UNKNOWN
        reported = LoginReported(
            account=account,
            login=(question.original or question.login)[:LOGIN_LIMIT],
            service=question.service,
            success=question.success,
            decoy=decoy,
            secret_tag=question.secret_tag if nobodys and not question.success else "",
        )
        self._journal.note(reported, named(who, question.client, question.session))
        self._tell_reported(question, who, decoy=decoy)
        return Noted()

    def _tell_answered(self, question: MayLogin, who: Identity, *, granted: bool) -> None:
        """Have our own answer count, for or against the client's network."""
        if self._penalties is None:
            return
        client = named(who, question.client)
        if granted:
            self._penalties.won(client.client)
        elif not (self._reported_too and who.protocol is Protocol.LOOKUP):
            secret = question.secret.reveal()
            self._penalties.failed(client, question.login, self._penalties.tag(secret))

    def _tell_reported(self, question: NoteReport, who: Identity, *, decoy: bool) -> None:
        """Have Dovecot's answer count; of a real user's secret it names 12 bits of a hash."""
        if self._penalties is None:
            return
        if question.success:
            tell = self._penalties.won if decoy else self._penalties.entered
            tell(question.client)
        elif question.judged:
            login = question.original or question.login
            client = named(who, question.client, question.session)
            self._penalties.failed(client, login, question.secret_tag)

    def _reported(self, question: NoteReport) -> tuple[str, bool]:
        """Give the account that a report is about, and whether a marker user logged in."""
        local, domain = split_account(question.login.decode("utf-8", "replace").lower())
        if domain == self._marker_domain:
            return self.account_of(local), True
        name = strip_extension(local) + (f"@{domain}" if domain else "")
        return self.rules.account(name.encode()), False


def _nobody(_client: Client) -> bool:
    """Spare none: it is not known who logs in for real."""
    return False
