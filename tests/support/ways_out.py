"""
Ways to get mail out of a decoy, one row each: what an attacker may send, and what may befall us.

A way runs on a :class:`Stage`, and states by its own assertions that it did what its words say:
that Postfix took the message, that the sink was met in that state.  Whether anything left is
not its business; the test module asks the firewall and the internet after each.
"""

from __future__ import annotations

import contextlib
import smtplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from types import SimpleNamespace

import pytest

from honeypost.beside.attach.clearing import Clear
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.record import Attachment, State
from honeypost.beside.survey.programs import Answer
from support.counting_firewall import World
from support.honeypost import Honeypost
from support.mail_clients import plain
from support.mailhost import MailHost
from support.namespace import Namespace
from support.postfix_host import MX_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT
from support.sinks import Server, unix_socket
from support.users import REAL
from support.waiting import until

DECOY, PASSWORD = "info@example.org", "123456"
ALICE = "alice@example.org"
SPAMMER = "me@attacker.test"
OUT, LOCAL = "one@outside.test", "bob@example.org"
TEXT = b"Subject: offer\r\n\r\nbuy\r\n"
TAKEN, REFUSED = (250,), (454, 500, 501, 502, 503, 504, 530, 550, 552, 553, 554, 555)
SIZE_LIMIT = 2_000_000
"""What the stage's Postfix takes (message_size_limit)."""

SESSION_SECONDS = 0.5
"""How long detaching waits for sessions here."""

SHORT = {
    "maximal_queue_lifetime": "1s",
    "bounce_queue_lifetime": "1s",
    "delay_warning_time": "0h",
}
"""A queue that expires in a test."""

WARNED = {
    "maximal_queue_lifetime": "2s",
    "bounce_queue_lifetime": "2s",
    "delay_warning_time": "1s",
}
"""The same, with a warning before."""

LONG = {
    "maximal_queue_lifetime": "5d",
    "bounce_queue_lifetime": "5d",
    "delay_warning_time": "0h",
}
"""Postfix's own: mail waits until the test lets it expire."""

EVERY_NOTICE = "NOTIFY=SUCCESS,FAILURE,DELAY"


@dataclass
class Stage:
    """One host with everything of ours, shared by all ways."""

    host: MailHost
    honeypost: Honeypost
    world: World
    _sources: Iterator[int] = field(default_factory=lambda: count(1))

    @contextlib.contextmanager
    def decoy(self, port: int = SUBMISSION_PORT) -> Iterator[smtplib.SMTP]:
        """Log in as the decoy, from one more address."""
        until(lambda: self._opened(port), self.host.dovecot.said)
        with contextlib.suppress(smtplib.SMTPServerDisconnected), self._client as client:
            yield client

    def _opened(self, port: int) -> bool:
        """Try a login: after a restart of ours the script asks nobody for some seconds."""
        number = next(self._sources)
        client = self.host.smtp(port=port, source=f"127.7.{number // 250}.{number % 250 + 1}")
        if client.docmd("AUTH", f"PLAIN {plain(DECOY, PASSWORD)}")[0] == 235:
            self._client = client
            return True
        client.close()
        return False

    @contextlib.contextmanager
    def sink(self, answers: dict[str, bytes | None]) -> Iterator[ScriptedSink]:
        """Put another sink where ours listens."""
        with self.no_sink():
            sink = ScriptedSink(unix_socket(self.host.sink), answers)
            try:
                yield sink
            finally:
                sink.close()

    @contextlib.contextmanager
    def policy(self, answer: bytes | None) -> Iterator[ScriptedPolicy]:
        """Put another policy service where ours listens, for smtpds that have asked nobody yet."""
        aside = self.host.policy.with_name("policy-aside")
        self.host.policy.rename(aside)
        self.host.postfix.reload()
        policy = ScriptedPolicy(unix_socket(self.host.policy), answer)
        try:
            yield policy
        finally:
            policy.close()
            aside.replace(self.host.policy)
            self.host.postfix.reload()

    @contextlib.contextmanager
    def no_sink(self) -> Iterator[None]:
        """Take our listener's name away; afterwards it is there again, and listens still."""
        aside = self.host.sink.with_name("lmtp-aside")
        self.host.sink.rename(aside)
        try:
            yield
        finally:
            aside.replace(self.host.sink)

    def live(self, lives: Mapping[str, str]) -> None:
        """Set how long mail waits."""
        if self.host.postfix.set(lives):
            self.host.attach()

    def clear(self) -> None:
        """Clear what decoys left, as detaching does."""
        reloading = SimpleNamespace(postfix=self.host.postfix.reload)
        run = partial(run_inside, self.host.namespace)
        Clear(reloading, lambda _: (), SESSION_SECONDS, run).clear(self._record())

    def _record(self) -> Attachment:
        postfix = self.host.postfix
        return Attachment(
            "1", State.ATTACHED, 0.0, str(postfix.directory), str(postfix.queue),
            str(self.host.base / "dovecot.conf"), "", "", self.host.marker_domain,
            PostfixSettings(), [], [],
        )  # fmt: skip

    def settled(self) -> None:
        """Wait until the queue is empty: all was delivered, discarded or given up."""
        until(lambda: not self.host.postfix.queued(), self.host.postfix.said, seconds=30)

    def said(self, text: str, since: int) -> int:
        """Count a text in Postfix's log after a position."""
        return self.host.postfix.said()[since:].count(text)

    def position(self) -> int:
        """Give where Postfix's log ends now."""
        return len(self.host.postfix.said())


Run = Callable[[Stage], None]


@dataclass(frozen=True)
class Way:
    """One row."""

    id: str
    words: str
    run: Run
    captured: int = 1
    """Messages of it that must have come to us."""
    lives: Mapping[str, str] = field(default_factory=lambda: SHORT)
    """How long mail waits at its beginning."""


def run_inside(namespace: Namespace, command: Sequence[str], given: str = "") -> Answer:
    """Run a program inside, in the manner of :data:`~honeypost.beside.survey.programs.Run`."""
    done = namespace.run(*command, input=given, check=False)
    return Answer(done.stdout, done.stderr, done.returncode)


class ScriptedSink(Server):
    """An LMTP server that at named moments answers as told: bytes, or never (``None``)."""

    def __init__(self, listening, answers: dict[str, bytes | None]) -> None:
        self.met = 0
        self._answers = answers
        self._closed = False
        super().__init__(listening)

    def close(self) -> None:
        """Die; a second time does nothing."""
        if not self._closed:
            self._closed = True
            super().close()

    async def serve(self, reader, writer):
        await self._say(writer, "greeting", b"220 sink LMTP\r\n")
        recipients = 0
        while line := await reader.readline():
            verb = line[:4].upper().decode()
            recipients = 0 if verb == "MAIL" else recipients + (verb == "RCPT")
            if verb == "LHLO":
                await self._say(writer, verb, b"250-sink\r\n250 8BITMIME\r\n")
            elif verb == "DATA":
                await self._say(writer, verb, b"354 go\r\n")
                if self._answers.get(verb):
                    continue
                await reader.readuntil(b"\r\n.\r\n")
                await self._say(writer, "dot", b"250 ok\r\n", times=recipients)
            else:
                await self._say(writer, verb, b"250 ok\r\n")

    async def _say(self, writer, moment: str, usual: bytes, *, times: int = 1) -> None:
        answer = self._answers.get(moment, usual)
        self.met += moment in self._answers
        if answer is None:
            await self._stop.wait()
        else:
            writer.write(answer * times)


class ScriptedPolicy(Server):
    """A policy service that answers each end of data as told: bytes, or never (``None``)."""

    def __init__(self, listening, answer: bytes | None) -> None:
        self.asked = 0
        self._answer = answer
        super().__init__(listening)

    async def serve(self, reader, writer):
        while await reader.readline() not in (b"\n", b""):
            pass
        self.asked += 1
        if self._answer is None:
            await self._stop.wait()
        else:
            writer.write(self._answer)


# What an attacker does


def ask(client: smtplib.SMTP, line: str, codes: Sequence[int] = TAKEN) -> bytes:
    """Send a line; its reply must be of these."""
    code, reply = client.docmd(line)
    assert code in codes, f"{line}: {code} {reply!r}"
    return reply


def data(client: smtplib.SMTP, text: bytes = TEXT) -> None:
    ask(client, "DATA", (354,))
    finish(client, text)


def finish(client: smtplib.SMTP, text: bytes) -> None:
    """Send the rest of a text and its end; it must be taken."""
    client.send(text + b".\r\n")
    code, reply = client.getreply()
    assert (code, reply[:20]) == (250, b"2.0.0 Ok: queued as "), reply


def envelope(client, to: Sequence[str], sender=SPAMMER, mail="", rcpt="") -> None:
    """Name sender and recipients; some may be refused as they are for a real user, never all."""
    ask(client, f"MAIL FROM:<{sender}> {mail}".strip())
    replies = [client.docmd(f"RCPT TO:<{address}> {rcpt}".strip()) for address in to]
    assert {code for code, _ in replies} <= {*TAKEN, *REFUSED}, replies
    assert any(code in TAKEN for code, _ in replies), replies


def sends(*to: str, port=SUBMISSION_PORT, text: bytes = TEXT, **more: str) -> Run:
    """Send one message to these, as the decoy."""

    def run(stage: Stage) -> None:
        with stage.decoy(port) as client:
            client.command_encoding = "utf-8"
            envelope(client, to, **more)
            data(client, text)

    return run


def head(*lines: str) -> Run:
    """Send one message with these header lines, to outside and inside."""
    text = "".join(f"{line}\r\n" for line in lines).encode() + TEXT
    return sends(OUT, LOCAL, text=text)


def tries(line: str, codes: Sequence[int] = REFUSED, port=SUBMISSION_PORT) -> Run:
    """Say something that must be refused, then send all the same."""

    def run(stage: Stage) -> None:
        with stage.decoy(port) as client:
            ask(client, line, codes)
            envelope(client, (OUT, LOCAL), rcpt=EVERY_NOTICE)
            data(client)

    return run


def bdat(stage: Stage) -> None:
    with stage.decoy() as client:
        for end in (b"", b" LAST"):
            if not end:
                envelope(client, (OUT, LOCAL), mail="BODY=8BITMIME", rcpt=EVERY_NOTICE)
            client.send(b"BDAT %d%b\r\n" % (len(TEXT), end) + TEXT)
            assert client.getreply()[0] == 250


def burl(stage: Stage) -> None:
    with stage.decoy() as client:
        envelope(client, (OUT,))
        ask(client, "BURL imap://info@example.org/Drafts;UID=1 LAST", REFUSED)


def pipelined(stage: Stage) -> None:
    group = f"MAIL FROM:<{SPAMMER}>\r\nRCPT TO:<{OUT}>\r\nDATA\r\n".encode()
    with stage.decoy() as client:
        client.send(group)
        assert [client.getreply()[0] for _ in range(3)] == [250, 250, 354]
        client.send(TEXT + b".\r\n" + group)
        assert [client.getreply()[0] for _ in range(4)] == [250, 250, 250, 354]
        finish(client, TEXT)


def smuggles(end: bytes) -> Run:
    """Hide a second message behind an end that some servers take for one."""

    def run(stage: Stage) -> None:
        inner = f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<two@outside.test>\r\nDATA\r\n".encode()
        with stage.decoy() as client:
            envelope(client, (OUT,))
            ask(client, "DATA", (354,))
            client.send(TEXT + end + inner + TEXT + b".\r\nQUIT\r\n")
            while client.getreply()[0] != 221:
                pass
            client.close()

    return run


def reset(stage: Stage) -> None:
    with stage.decoy() as client:
        envelope(client, (OUT,), ALICE)
        ask(client, "RSET")
        ask(client, "EHLO again.test")
        envelope(client, (OUT, LOCAL))
        data(client)


def login_again(stage: Stage) -> None:
    with stage.decoy() as client:
        ask(client, f"AUTH PLAIN {plain(ALICE, REAL[ALICE])}", REFUSED)
        ask(client, "STARTTLS", REFUSED)
        envelope(client, (OUT,), ALICE)
        data(client)


def login_on_the_mx(stage: Stage) -> None:
    with stage.host.smtp(port=MX_PORT, source="127.7.9.9") as client:
        ask(client, f"AUTH PLAIN {plain(DECOY, PASSWORD)}", REFUSED)
        ask(client, f"MAIL FROM:<{SPAMMER}>")
        ask(client, f"RCPT TO:<{OUT}>", REFUSED)
        ask(client, f"RCPT TO:<@example.org:{OUT}>", REFUSED)


def oversize(stage: Stage) -> None:
    with stage.decoy() as client:
        ask(client, f"MAIL FROM:<{SPAMMER}> SIZE=99999999", (552,))
    with stage.decoy() as client:
        envelope(client, (OUT,))
        ask(client, "DATA", (354,))
        client.send(TEXT + (b"x" * 900 + b"\r\n") * (SIZE_LIMIT // 900) + b".\r\n")
        assert client.getreply()[0] == 552


# Inside the mailbox


def appends(stage: Stage) -> None:
    box = stage.host.imap(DECOY, PASSWORD)
    try:
        for folder in ("INBOX", "Drafts", "Outbox"):
            if folder != "INBOX":
                box.create(folder)
            text = f"From: {DECOY}\r\nTo: {OUT}\r\nBcc: {OUT}\r\n".encode() + TEXT
            assert box.append(folder, "\\Draft", None, text)[0] == "OK"
    finally:
        box.shutdown()


def forwards(stage: Stage) -> None:
    """Write what forwards mail into each decoy's home, then write to the decoy."""
    appends(stage)
    homes = [path for path in stage.host.chain.home.iterdir() if path.is_dir()]
    assert homes
    for home in homes:
        (home / ".forward").write_text(f"{OUT}, |/bin/true\n")
        (home / ".dovecot.sieve").write_text(f'redirect "{OUT}";\n')
    marked = f"{homes[0].name}@{stage.host.marker_domain}"
    sends(marked, DECOY, homes[0].name)(stage)


def other_services(stage: Stage) -> None:
    """ManageSieve and Dovecot's own submission would be out of Postfix's sight."""
    for service in ("sieve", "submission", "lmtp"):
        done = stage.host.namespace.run(
            "doveadm", "-c", stage.host.base / "dovecot.conf", "auth", "test",
            "-x", f"service={service}", "-x", "rip=127.0.0.9", DECOY, PASSWORD, check=False,
        )  # fmt: skip
        assert "auth failed" in done.stdout


# What befalls us


def sink_says(moment: str, answer: bytes | None) -> Run:
    """Our sink is wrong at that moment: says no, says nonsense, or nothing until it dies."""

    def run(stage: Stage) -> None:
        with stage.sink({moment: answer}) as sink:
            sends(OUT, LOCAL, rcpt=EVERY_NOTICE, mail="RET=FULL")(stage)
            until(lambda: sink.met, stage.host.postfix.said)
            if answer != NO:
                sink.close()
                stage.host.sink.unlink()
            stage.settled()

    return run


def policy_says(answer: bytes | None) -> Run:
    """Our policy service is wrong at the end of data: Postfix discards what it was asked about."""

    def run(stage: Stage) -> None:
        since = stage.position()
        with stage.policy(answer) as policy:
            sends(OUT, LOCAL, rcpt=EVERY_NOTICE)(stage)
            assert policy.asked
        assert stage.said("triggers DISCARD action", since)

    return run


def waits(stage: Stage, notice: str = EVERY_NOTICE) -> None:
    """Send a message that then waits for our sink."""
    since = stage.position()
    sends(OUT, LOCAL, rcpt=notice, mail="RET=FULL ENVID=x")(stage)
    until(lambda: stage.said("status=deferred", since), stage.host.postfix.said)
    # Moved while it is being tried, a message takes Postfix's queue manager down (3.7.11).
    until(lambda: stage.host.postfix.queued() == stage.host.postfix.queued("deferred"))


def expire(stage: Stage) -> None:
    """Let what waits expire now, so that a notice is due."""
    stage.live(SHORT)
    stage.settled()


def sink_dead(*after: Callable[[Stage], object]) -> Run:
    """Nobody listens until the queue expires, so that a notice is due."""

    def run(stage: Stage) -> None:
        since = stage.position()
        with stage.no_sink():
            waits(stage)
            for each in after:
                each(stage)
            expire(stage)
        assert stage.said("returned to sender", since), stage.host.postfix.said()[since:]

    return run


def warns(stage: Stage) -> None:
    """Nobody listens until the sender is due a warning, and then until the queue expires."""
    since = stage.position()
    with stage.no_sink():
        waits(stage, "NOTIFY=DELAY,FAILURE")
        stage.settled()
    for notice in ("sender delay notification", "sender non-delivery notification"):
        assert stage.said(notice, since), stage.host.postfix.said()[since:]


def flush(stage: Stage) -> None:
    stage.host.postfix.flush()
    with stage.decoy() as client:
        ask(client, "ETRN outside.test", (250, 251, 252, 253, 458, 459, *REFUSED))


def odd_texts(stage: Stage) -> None:
    """Requeue messages whose beginning could be taken for something else."""
    with stage.no_sink():
        for text in (
            b"",
            b"\r\nno header\r\n",
            b" folded\r\n\r\nx\r\n",
            b"From a@b.test\r\n" + TEXT,
        ):
            sends(OUT, text=text)(stage)
        until(
            lambda: len(stage.host.postfix.queued("deferred")) == len(stage.host.postfix.queued())
        )
        requeue(stage)


def requeue(stage: Stage) -> None:
    """Put all mail through the queue once more, as an operator does after a mended mistake."""
    since = stage.position()
    stage.host.namespace.run("postsuper", "-c", stage.host.postfix.directory, "-r", "ALL")
    stage.host.postfix.take_in()
    until(
        lambda: stage.said(f"filter: header {stage.host.header}:", since), stage.host.postfix.said
    )
    stage.host.postfix.flush()


def flush_one(stage: Stage) -> None:
    for queue_id in stage.host.postfix.queued():
        stage.host.namespace.run("postqueue", "-c", stage.host.postfix.directory, "-i", queue_id)


def hold_and_release(stage: Stage) -> None:
    for option in ("-h", "-H"):
        stage.host.namespace.run("postsuper", "-c", stage.host.postfix.directory, option, "ALL")


def requeued_and_back(stage: Stage) -> None:
    """Requeue it, and let our sink come back before it expires."""
    with stage.no_sink():
        waits(stage)
        requeue(stage)


def midway(happens: Callable[[Stage], None], after: Callable[[Stage], None] | None = None) -> Run:
    """Let something happen while a message is half sent."""

    def run(stage: Stage) -> None:
        with stage.decoy() as client:
            envelope(client, (OUT, LOCAL), rcpt=EVERY_NOTICE)
            ask(client, "DATA", (354,))
            client.send(TEXT)
            happens(stage)
            finish(client, TEXT)
            envelope(client, (OUT, LOCAL), rcpt=EVERY_NOTICE)
            data(client)
        if after:
            after(stage)
        stage.settled()

    return run


def reloads(stage: Stage) -> None:
    stage.host.postfix.reload()


def template(stage: Stage) -> None:
    """Replace main.cf by the site's own, which knows nothing of us, and reload."""
    postfix = stage.host.postfix
    postfix._write("postfix/main.cf", postfix.main(contained=False))
    postfix.reload()


def restored(stage: Stage) -> None:
    stage.settled()
    stage.host.attach()


def backup(stage: Stage) -> None:
    """Put both of the site's own files back, without us, as who restores a backup does."""
    stage.host.postfix.write_configuration(contained=False)


def own_master(stage: Stage) -> None:
    """Replace master.cf by the site's own, and keep main.cf."""
    postfix = stage.host.postfix
    postfix._write("postfix/master.cf", postfix.master(contained=False))


def expire_under_template(stage: Stage) -> None:
    stage.host.postfix.set(SHORT)
    template(stage)


def waits_and(*happens: Callable[[Stage], object]) -> Run:
    """Let things happen while a message waits for our sink; then attach again."""

    def run(stage: Stage) -> None:
        with stage.no_sink():
            waits(stage)
            for each in happens:
                each(stage)
            stage.settled()
        stage.host.attach()

    return run


def restarts(stage: Stage) -> None:
    stage.host.postfix.restart()


def restores(stage: Stage) -> None:
    """Restore the backup and reload while a session is open that has loaded containment."""
    backup(stage)
    reloads(stage)


def killed_and_restored(stage: Stage) -> None:
    """The same when nobody of ours is there to doubt it."""
    stage.honeypost.kill()
    restores(stage)


def restored_midway(happens: Callable[[Stage], None]) -> Run:
    """What a session that outlives containment sends is discarded at its end of data."""

    def run(stage: Stage) -> None:
        since = stage.position()
        midway(happens)(stage)
        assert stage.said("triggers DISCARD action", since) == 2
        stage.host.attach()
        if happens is killed_and_restored:
            stage.honeypost.start()

    return run


def lay_aside(stage: Stage) -> None:
    """Requeue, before pickup takes it in."""
    stage.host.namespace.run("postsuper", "-c", stage.host.postfix.directory, "-r", "ALL")
    assert stage.host.postfix.queued("maildrop")


def detaches(stage: Stage) -> None:
    """Take containment off as ``honeypost detach`` does, once what decoys left is cleared."""
    stage.clear()
    stage.host.postfix.write_configuration(contained=False)
    stage.host.postfix.reload()


def detaching_fails(stage: Stage) -> None:
    """A decoy's session is open, so detaching stops before it takes anything from Postfix."""
    with pytest.raises(AttachFailed, match="SMTP sessions from before are still open"):
        stage.clear()


def detached(stage: Stage) -> None:
    until(lambda: not stage.host.postfix.queued())
    detaches(stage)
    stage.host.attach()


def killed(stage: Stage) -> None:
    stage.honeypost.kill()


def started(stage: Stage) -> None:
    stage.settled()
    stage.honeypost.start()


def hung(stage: Stage) -> None:
    stage.honeypost.hang()


def awake(stage: Stage) -> None:
    stage.honeypost.wake()


MANY = [f"victim{number}@outside{number % 7}.test" for number in range(1000)]
NO = b"550 5.7.1 go away\r\n"
NONSENSE = b"\0\xffhello? 250\r\n<html>\r\n"

WAYS = (
    Way("many", "1,000 recipients", sends(*MANY)),
    Way("mixed", "outside, inside, outside", sends(OUT, LOCAL, "two@elsewhere.test")),
    Way("bcc", "Bcc header, not in the envelope's To", head(f"To: {LOCAL}", f"Bcc: {OUT}")),
    Way("source-route", "@a,@b:user@c", sends(f"@a.test,@b.test:{OUT}", f"@mail.example.org:{OUT}")),
    Way("percent", "user%outside@here", sends("one%outside.test@example.org", "one%outside.test", "one%outside.test@else.test")),
    Way("bang", "outside!user", sends("outside.test!one", "outside.test!one@example.org", "a!b!one@else.test")),
    Way("literal", "IPv4 literal", sends("x@[203.0.113.77]", sender="me@[203.0.113.77]")),
    Way("literal6", "IPv6 literal", sends("x@[IPv6:2001:db8:99::1]")),
    Way("quoted", "quoted local part", sends('"a b"@outside.test', '"one@outside.test"@example.org')),
    Way("null", "null sender", sends(OUT, LOCAL, sender="", rcpt=EVERY_NOTICE)),
    Way("real-sender", "a real user's address as the sender", sends(OUT, sender=ALICE)),
    Way("alias", "a local alias that points outside", sends("out@example.org", rcpt=EVERY_NOTICE)),
    Way("unknown-local", "a local name that nobody has", sends("nosuch@example.org", OUT)),
    Way("own-address", "to postmaster and double-bounce", sends("postmaster", "double-bounce@mail.example.org", OUT)),
    *(
        Way(
            f"notify-{notify.lower().replace(',', '-')}",
            f"NOTIFY={notify} with ORCPT, RET and ENVID",
            sends(OUT, LOCAL, "out@example.org", mail="RET=HDRS ENVID=id+2B1",
                  rcpt=f"NOTIFY={notify} ORCPT=rfc822;spam@outside.test"),
        )
        for notify in ("SUCCESS", "FAILURE", "DELAY", "NEVER", "SUCCESS,FAILURE,DELAY")
    ),
    Way("auth-param", "MAIL ... AUTH=<real user>", sends(OUT, mail=f"AUTH={ALICE}")),
    Way("smtputf8", "SMTPUTF8 sender and recipient", sends("één@outside.test", sender="mé@attacker.test", mail="SMTPUTF8")),
    Way("8bitmime", "BODY=8BITMIME", sends(OUT, mail="BODY=8BITMIME", text=b"Subject: \xc3\xa9\r\n\r\n\xff\r\n")),
    Way("bdat", "BDAT in two chunks", bdat),
    Way("burl", "BURL from the mailbox", burl, 0),
    Way("pipelined", "two pipelined messages", pipelined, 2),
    Way("smuggled-lf", "a message smuggled behind LF . LF", smuggles(b"\n.\n")),
    Way("smuggled-cr", "a message smuggled behind CR . CR", smuggles(b"\r.\r")),
    Way("rset", "RSET and EHLO in the middle", reset),
    Way("submissions", "implicit TLS", sends(OUT, LOCAL, port=SUBMISSIONS_PORT)),
    Way("login-again", "log in once more as a real user", login_again),
    Way("mx-login", "log in and relay at the MX", login_on_the_mx, 0),
    Way("vrfy", "VRFY an outside address", tries(f"VRFY {OUT}", (252, *REFUSED))),
    Way("expn", "EXPN a list", tries("EXPN list")),
    Way("etrn", "ETRN for an outside domain", tries("ETRN outside.test", (250, 251, 252, 253, 458, 459, *REFUSED))),
    Way("turn", "TURN", tries("TURN")),
    Way("xclient", "XCLIENT as another login", tries(f"XCLIENT ADDR=192.0.2.1 LOGIN={ALICE}")),
    Way("xforward", "XFORWARD as a trusted host", tries("XFORWARD ADDR=192.0.2.1 SOURCE=LOCAL")),
    Way("receipts", "headers that ask for receipts", head(
        f"Return-Receipt-To: {SPAMMER}", f"Disposition-Notification-To: {SPAMMER}",
        f"Errors-To: {SPAMMER}", f"Return-Path: <{SPAMMER}>")),
    Way("resent", "Resent headers", head(f"Resent-From: {SPAMMER}", f"Resent-To: {OUT}", f"Resent-Bcc: {OUT}")),
    Way("forged-secret", "a header that looks like the secret one", head("X-Decoy-0000: abc123", "X-Dcy-k7Qp2: abc123")),
    Way("filter-header", "headers that look like Postfix actions", head(
        "X-Filter: FILTER smtp:[203.0.113.25]:25", "FILTER: smtp:[203.0.113.25]", f"REDIRECT: {OUT}",
        "Content-Filter: smtp:[203.0.113.25]")),
    Way("received", "mail in a loop", sends(OUT, text=b"Received: by x; now\r\n" * 40 + b"Delivered-To: one@outside.test\r\n" + TEXT)),
    Way("attached-notice", "a notice as the message", sends(OUT, sender="", text=(
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + TEXT + b"--b--\r\n"))),
    Way("oversize", "larger than the site takes", oversize, 0),
    Way("append", "IMAP APPEND to INBOX, Drafts, Outbox", appends, 0),
    Way("forward", ".forward and Sieve in the decoy's home", forwards),
    Way("other-services", "login to sieve, submission, lmtp of Dovecot", other_services, 0),
    *(
        Way(f"{moment.lower()}-{name}", f"our sink at {moment}: {words}", sink_says(moment, answer), 0)
        for moment in ("greeting", "LHLO", "MAIL", "RCPT", "DATA", "dot")
        for name, words, answer in (
            ("550", "550", NO), ("nonsense", "nonsense", NONSENSE), ("hung", "hangs, then dies", None),
        )
    ),
    Way("policy-nonsense", "our policy service says nonsense", policy_says(NONSENSE), 0),
    Way("policy-closed", "our policy service hangs up", policy_says(b""), 0),
    Way("policy-hung", "our policy service never answers", policy_says(None), 0),
    Way("no-dsn", "our sink takes it and knows no DSN", sink_says("dot", b"250 ok\r\n"), 0),
    Way("expired", "our sink dead until the queue expires", sink_dead(), 0),
    Way("expired-delay", "the same, a warning of delay asked for", warns, 0, WARNED),
    Way("size-0", "SIZE=0", sends(OUT, LOCAL, mail="SIZE=0")),
    Way("reload", "Postfix reloaded in mid-message", midway(reloads), 2),
    Way("template", "main.cf replaced by the site's own in mid-message", midway(template, restored), 0),
    Way("backup", "both files restored in mid-message, then reloaded", restored_midway(restores), 0),
    Way("backup-killed", "the same, all of ours killed before", restored_midway(killed_and_restored), 0),
    Way("detach", "detached in mid-message", midway(detaching_fails, detached), 2),
    Way("killed", "all of ours killed in mid-message", midway(killed, started), 0),
    Way("hung", "all of ours hung in mid-message", midway(hung, awake), 0),
    Way("flush", "postqueue -f and ETRN while our sink is dead", sink_dead(flush), 0, LONG),
    Way("hold", "held and released while our sink is dead", sink_dead(hold_and_release), 0, LONG),
    Way("flush-one", "postqueue -i of it while our sink is dead", sink_dead(flush_one), 0, LONG),
    Way("requeue", "postsuper -r ALL while our sink is dead", sink_dead(requeue), 0, LONG),
    Way("requeue-twice", "postsuper -r ALL twice, held in between", sink_dead(requeue, hold_and_release, requeue), 0, LONG),
    Way("requeue-back", "postsuper -r ALL, and our sink comes back", requeued_and_back, 1, LONG),
    Way("requeue-odd", "the same with odd beginnings of a message", odd_texts, 4, LONG),
    Way("template-waiting", "main.cf replaced by the site's own while one waits", waits_and(expire_under_template), 0, LONG),
    Way("master-waiting", "master.cf replaced while one waits, then detached", waits_and(own_master, reloads, detaches), 0, LONG),
    Way("backup-waiting", "both files restored from a backup while one waits, then detached", waits_and(backup, reloads, detaches), 0, LONG),
    Way("backup-restart", "the same, Postfix stopped and started in between", waits_and(backup, restarts, detaches), 0, LONG),
    Way("detach-waiting", "detached while one waits", waits_and(detaches), 0, LONG),
    Way("detach-taken-in", "detached after postsuper -r, taken in by pickup", waits_and(requeue, detaches), 0, LONG),
    Way("detach-requeued", "detached while one is being requeued", waits_and(lay_aside, detaches), 0, LONG),
)  # fmt: skip
