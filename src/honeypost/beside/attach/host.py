"""
A host as attaching sees it: looked at, planned for, attached and detached, step by step.

The command line and the tests drive this; every place and every command is an argument.
"""

from __future__ import annotations

import secrets as chance
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from honeypost.beside.attach import own_config, probes
from honeypost.beside.attach.apply import Apply, Checks, nothing
from honeypost.beside.attach.change import Change, make_change
from honeypost.beside.attach.clearing import Clear
from honeypost.beside.attach.diff import unified
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.loading import Loading
from honeypost.beside.attach.older import is_undone, refuse_edited
from honeypost.beside.attach.plan import Plan, Wanted, make_plan
from honeypost.beside.attach.record import (
    Attachment,
    State,
    current,
    earlier,
    held,
)
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.attach.settling import Settle, Waiting
from honeypost.beside.attach.trial.run import run_trial
from honeypost.beside.attach.undo import Undo
from honeypost.beside.attach.wanted import make_wanted, read_accounts
from honeypost.beside.manifest import read_manifest
from honeypost.beside.postfix.waiting import WaitingMessage
from honeypost.beside.survey.findings import Finding, Part, examine, refusals
from honeypost.beside.survey.read import read_site
from honeypost.beside.survey.recipes import recipe_for
from honeypost.beside.survey.site import MailSite
from honeypost.config.schema import Config, SiteSecrets

DOVECOT_GROUP = "dovecot"
OURS = "attached-already"
"""Finding that is as it should be once attached."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found and what would be changed."""

    site: MailSite
    findings: tuple[Finding, ...]
    wanted: Wanted | None
    """``None`` when a finding refuses."""
    plan: Plan | None
    diff: str = ""
    standing: Attachment | None = None
    """What is attached already, of which this is a change."""
    late_bounce: bool = False
    """It is wanted, so findings against it count."""

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Findings that stand against it."""
        late = refusals(self.findings, Part.LATE_BOUNCE) if self.late_bounce else ()
        return (*refusals(self.findings), *late)


@dataclass(frozen=True)
class Host:
    """
    One host.

    :param load: gives the configuration, anew each time.
    :param waiting: what becomes of mail that waits for a late bounce when that is taken off.
    """

    layout: Layout
    secrets: SiteSecrets
    load: Callable[[], Config]
    postfix_directory: Path | None = None
    dovecot_config: Path | None = None
    reloading: Reloading = field(default_factory=Reloading)
    waiting: Waiting = Waiting.STOP
    tell: Callable[[str], None] = nothing
    trial: Callable[..., Sequence[str]] = run_trial
    probe: Callable[[MailSite], None] = probes.run_probes
    loaded_seconds: float = 60.0
    sessions_seconds: float = 60.0

    def propose(self) -> Proposal:
        """
        Look at the host and make a plan; changes nothing.

        While something is attached the plan is what would be changed of it.

        :raises HoneypostError: it cannot be read, or cannot be planned for.
        """
        site = read_site(
            postfix_directory=self.postfix_directory, dovecot_config=self.dovecot_config
        )
        standing, config = self._standing(), self.load()
        findings = tuple(f for f in examine(site) if not (standing and f.code == OURS))
        late_bounce = config.late_bounce.mode == "on"
        looked_at = Proposal(site, findings, None, None, "", standing, late_bounce)
        if looked_at.refused:
            return looked_at
        group = site.dovecot.settings.get("default_internal_group", DOVECOT_GROUP)
        wanted = make_wanted(
            site,
            recipe_for(site, site.dovecot.config.parent / "honeypost"),
            config,
            self.secrets,
            self.layout,
            accounts=read_accounts(group or DOVECOT_GROUP),
            standing=standing,
        )
        plan = self._plan(site, wanted, config, standing)
        return replace(looked_at, wanted=wanted, plan=plan, diff=unified(plan, _text_or_none))

    def _plan(
        self, site: MailSite, wanted: Wanted, config: Config, standing: Attachment | None
    ) -> Plan:
        if standing is not None:
            return make_change(site, wanted, standing, _text)
        self._refuse_gaps(wanted, config)
        return make_plan(site, wanted, _text)

    def _standing(self) -> Attachment | None:
        record = current(self.layout)
        return record if record is not None and record.state is State.ATTACHED else None

    def attach(self, proposal: Proposal, *, real_name: str = "") -> list[str]:
        """
        Carry a proposal out.

        :param real_name: somebody who exists, to be tried with a password that nobody has.
        :returns: sentences about what is not as it should be.
        :raises AttachFailed: why not; everything is as it was then.
        """
        plan, wanted, site = proposal.plan, proposal.wanted, proposal.site
        if plan is None or wanted is None:
            raise AttachFailed("; ".join(finding.text for finding in proposal.refused))
        if proposal.standing is not None:
            return self._change(proposal, proposal.standing, real_name)
        with held(self.layout):
            self.refuse_attached()
            if make_plan(site, wanted, _text) != plan:
                raise AttachFailed("the configuration was changed meanwhile; look at the diff anew")
            apply = Apply(
                plan,
                site,
                self.layout,
                identity=_identity(time.time()),
                marker_domain=self.secrets.marker_domain,
                reloading=self._starting(),
                checks=Checks(
                    lambda p: self._try(p, site, wanted, real_name),
                    lambda: self.probe(site),
                ),
                undo=self._undo,
                tell=self.tell,
                loaded_seconds=self.loaded_seconds,
            )
            apply.run()
            return apply.notes

    def _change(self, proposal: Proposal, standing: Attachment, real_name: str) -> list[str]:
        plan, wanted, site = proposal.plan, proposal.wanted, proposal.site
        assert plan is not None
        assert wanted is not None
        with held(self.layout):
            if self._standing() != standing or make_change(site, wanted, standing, _text) != plan:
                raise AttachFailed("the configuration was changed meanwhile; look at the diff anew")
            clear = Clear(self.reloading, self._settle, self.sessions_seconds)
            change = Change(
                standing,
                plan,
                self.layout,
                self._loading(site),
                self._starting(),
                clear.wait_for_sessions,
                self._settle,
                lambda: self._try(plan, site, wanted, real_name),
                self.tell,
            )
            return change.run()

    def _loading(self, site: MailSite) -> Loading:
        tables = map(Path, read_manifest(self.layout.manifest).tables)
        postfix = site.postfix
        return Loading(
            self.layout,
            postfix.config_directory,
            postfix.queue_directory,
            self.reloading,
            list(tables),
            self.loaded_seconds,
        )

    def detach(self) -> list[str]:
        """
        Undo the attachment, or what is left of one that broke off.

        :returns: sentences about what is not exactly as it was before.
        :raises AttachFailed: nothing is attached, or it cannot be finished now.
        """
        with held(self.layout):
            record = current(self.layout)
            if record is None:
                raise AttachFailed("nothing is attached")
            return self._undo(record).run()

    def rollback(self, name: str) -> list[str]:
        """
        Go back to how everything stood before an attachment, also an older one.

        :param name: its id.
        :returns: sentences about what is not exactly as it was before.
        :raises AttachFailed: there is no such backup; files were edited since, so nothing was
            changed; or it cannot be finished now.
        """
        with held(self.layout):
            record, wanted = current(self.layout), earlier(self.layout, name)
            if record is not None and record.id == name:
                return self._undo(record).run()
            refuse_edited(wanted, record, self.layout)
            notes = self._undo(record).run() if record is not None else []
            return notes if is_undone(wanted) else [*notes, *self._undo(wanted).run()]

    def _starting(self) -> Reloading:
        """Give the commands for attaching: penalties need their helper."""
        on = self.load().penalties.mode == "on"
        return self.reloading.with_firewall() if on else self.reloading

    def _try(self, plan: Plan, site: MailSite, wanted: Wanted, real_name: str) -> None:
        for sentence in self.trial(plan, site, wanted, self.layout, real_name=real_name):
            self.tell(f"  {sentence}")

    def refuse_attached(self) -> None:
        """
        Refuse where something is attached, or is left half done.

        :raises AttachFailed: there is.
        """
        record = current(self.layout)
        if record is None:
            return
        if record.state is State.ATTACHED:
            raise AttachFailed(f"attached already, since {record.id}; to change it, detach first")
        self.refuse_broken_off()

    def refuse_broken_off(self) -> None:
        """
        Refuse where an attachment is left half done.

        :raises AttachFailed: there is one.
        """
        record = current(self.layout)
        if record is not None and record.state is not State.ATTACHED:
            raise AttachFailed(
                f"{record.id} broke off while {record.state}: run honeypost rollback"
            )

    def waiting_messages(self) -> list[WaitingMessage]:
        """Give what waits for a late bounce now."""
        record = current(self.layout)
        return self._settle.waiting(record) if record is not None else []

    @property
    def _settle(self) -> Settle:
        return Settle(self.waiting, self.layout.settling)

    def _undo(self, record: Attachment) -> Undo:
        clearing = Clear(self.reloading, self._settle, self.sessions_seconds)
        return Undo(
            record, self.layout, reloading=self.reloading, clearing=clearing, tell=self.tell
        )

    def _refuse_gaps(self, wanted: Wanted, config: Config) -> None:
        found = own_config.gaps(wanted.found, own_config.effective(wanted.found, config))
        if found:
            raise AttachFailed("; ".join(found))


def _identity(now: float) -> str:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{stamp}-{chance.token_hex(2)}"


def _text(path: Path) -> str:
    return path.read_text("utf-8", "surrogateescape")


def _text_or_none(path: Path) -> str | None:
    return _text(path) if path.exists() else None
