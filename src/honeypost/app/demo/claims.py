"""
Does the story hold?  Each claim of the demo, judged by what is on disk afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from honeypost.app.demo.attack import (
    BUYERS,
    DOMAIN,
    HOSTS,
    REAL_NAME,
    Attack,
)
from honeypost.app.demo.observer import Observer
from honeypost.app.demo.site import DemoSite
from honeypost.config.load import load
from honeypost.config.schema import Decoys
from honeypost.config.secrets import read
from honeypost.decide.decoys import Reason, Rules
from honeypost.decide.evidence import recompute
from honeypost.engine.vocabulary import load_vocabulary
from honeypost.events import LoginRefused
from honeypost.extract.report import Report
from honeypost.intel.lineage import Lineage
from honeypost.ports import Decoy
from honeypost.stores.findings import IntelView
from honeypost.stores.reader import Joined, SegmentReader
from honeypost.stores.view import JournalView

FEWEST = Decoys().failures_min


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the demo says, and whether it is so."""

    text: str
    holds: bool
    detail: str = ""


class Judge:
    """Holds what was done against what is stored; reads the stores once, when it is made."""

    def __init__(self, site: DemoSite, attack: Attack, observer: Observer) -> None:
        self.site = site
        self.attack = attack
        self.observer = observer
        reader = SegmentReader(self.site.paths.segments)
        self.messages: list[Joined] = list(reader.joined())
        self.bodies = {each.capture.id: reader.read(each.capture.id) for each in self.messages}
        self.reports = self._reports()
        with JournalView(self.site.paths.journal) as view:
            self.decoys = {decoy.account: decoy for decoy in view.decoys()}

    @property
    def traced(self) -> list[Lineage]:
        """Credentials followed from the guess to their use by others."""
        known = self.observer.lineages.accounts.values()
        return [lineage for lineage in known if lineage.adoption and lineage.handovers]

    @property
    def links(self) -> set[str]:
        """Every different link in the captures."""
        return {link.url for report in self.reports.values() for link in report.links}

    def claims(self) -> Iterator[Claim]:
        """Give each claim, in the order of the story."""
        hosts = len({source for source, _ in self.attack.tried})
        yield Claim("forty hosts guessed once each", hosts == len(self.attack.tried) == HOSTS)
        yield Claim("a guess won, and not a first one", self._won_late(), self._prize())
        yield Claim("another password stays wrong", self.attack.wrong_refused)
        yield Claim("the same one works on another port", self.attack.works_elsewhere)
        yield Claim("the real person's name was left alone", self._real_name_untouched())
        yield Claim("every mail told 250 is kept, byte for byte", self._byte_exact(), self._count())
        yield Claim("their recipients are known", self._recipients_known())
        yield Claim("their links were found", self._links_found(), f"{len(self.links)} links")
        yield Claim("the handover was seen, with its lineage", self._handover_seen())
        yield Claim("every answer follows from the stored evidence", self._recomputed())
        looks = f"looked at every socket {self.observer.looks} times"
        yield Claim("no process of ours opened a connection", not self.observer.outwards, looks)

    def _reports(self) -> dict[str, Report]:
        if not self.site.paths.intel.exists():
            return {}
        with IntelView(self.site.paths.intel) as view:
            return {finding.capture: finding.report for finding in view.findings()}

    def _prize(self) -> str:
        return self.attack.prize.account if self.attack.prize else ""

    def _won_late(self) -> bool:
        lineage = self.observer.lineages.accounts.get(self._prize())
        return bool(lineage and lineage.adoption and lineage.adoption.distinct_failures >= FEWEST)

    def _real_name_untouched(self) -> bool:
        name = f"{REAL_NAME}@{DOMAIN}"
        about = [
            entry.event
            for entry in self.observer.entries
            if isinstance(entry.event, LoginRefused) and entry.event.account == name
        ]
        tried = sum(credential.account == name for _, credential in self.attack.tried)
        nothing_kept = all(
            event.reason == Reason.REAL and not event.secret and not event.secret_tag
            for event in about
        )
        return nothing_kept and len(about) == tried > 0 and name not in self.decoys

    def _byte_exact(self) -> bool:
        sent = Counter(letter.body for letter in self.attack.sent)
        return bool(sent) and sent == Counter(self.bodies.values())

    def _count(self) -> str:
        return f"{len(self.messages)} mails"

    def _recipients_known(self) -> bool:
        sent = Counter(recipient for letter in self.attack.sent for recipient in letter.recipients)
        kept = Counter(
            recipient.address.decode()
            for message in self.messages
            for recipient in message.capture.envelope.recipients
        )
        return sent == kept

    def _links_found(self) -> bool:
        wanted = {link for letter in self.attack.sent for link in letter.links}
        return bool(wanted) and wanted <= self.links

    def _handover_seen(self) -> bool:
        return any(
            lineage.account == self._prize()
            and {handover.network for handover in lineage.handovers} == set(BUYERS)
            for lineage in self.traced
        )

    def _recomputed(self) -> bool:
        config = load(self.site.settings, {})
        key = read(self.site.paths.secrets).key
        rules = Rules(config.decoys, config.site.domains, key, load_vocabulary())
        accounts = {getattr(entry.event, "account", "") for entry in self.observer.entries} - {""}
        return all(self._agrees(account, rules, self.decoys.get(account)) for account in accounts)

    def _agrees(self, account: str, rules: Rules, decoy: Decoy | None) -> bool:
        about = [e for e in self.observer.entries if getattr(e.event, "account", "") == account]
        return all(finding.agrees for finding in recompute(about, rules, decoy))
