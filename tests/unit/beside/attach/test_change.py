"""Counter-measures that come and go while decoys stand; on real daemons in tests/integration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from honeypost.beside.attach import change as module
from honeypost.beside.attach.apply import HASHES, Apply, Checks
from honeypost.beside.attach.change import ALSO, Change, make_change
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.loading import Loading
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.putting_back import PutBack
from honeypost.beside.attach.record import Layer, Limbo, Step, current, save
from honeypost.beside.postfix.containment_config import Service
from honeypost.beside.survey.programs import Answer
from support.attach_site import MARKER, AttachSite, Commands, fake_postconf, found

pytestmark = pytest.mark.usefixtures("as_root")
CAPS = {Layer.CAPS: PostfixSettings({"connections": "25", "mine": "ours"})}
LIMBO = Limbo("qT7wk2Lz", "private/dlmtp", ["example.org"])
LATE = {
    Layer.LATE_BOUNCE: PostfixSettings(
        {"fallback_transport": "limbo:x"}, services=[Service("limbo", "unix", "- - n - 5 lmtp")]
    ),
    Layer.ACCEPTANCE: PostfixSettings(options={"submission/inet": [("accepts", "all")]}),
}


class World:
    """A site that is attached, and what is called."""

    def __init__(self, base):
        self.site = AttachSite(base)
        self.before = self.site.etc()
        self.commands, self.told, self.settled = Commands(), [], ""
        Apply(
            self.site.plan(), self.site.site, self.site.layout,
            identity="1", marker_domain=MARKER, reloading=self.commands.reloading(),
            checks=Checks(lambda _: None, lambda: None), undo=None, loaded_seconds=0.0,
        ).run()  # fmt: skip
        self.attached = self.site.etc()
        self.commands.called.clear()

    def change(self, *, commands=None, **wanted):
        limbo = wanted.get("limbo")
        own = found(limbo="unix:/spool/private/dlmtp" if limbo else "")
        record = current(self.site.layout)
        plan = make_change(
            self.site.site, self.site.wanted(found=own, **wanted), record, Path.read_text,
            fake_postconf,
        )  # fmt: skip
        reloading = (commands or self.commands).reloading()
        postfix = self.site.site.postfix
        loading = Loading(
            self.site.layout, postfix.config_directory, postfix.queue_directory, reloading, (), 0.0
        )
        return Change(
            record, plan, self.site.layout, loading, reloading,
            lambda _: self.commands.called.append("sessions"), self.settle,
            lambda: self.commands.called.append("trial"), self.told.append,
        )  # fmt: skip

    def settle(self, record):
        assert "accepts" not in self.master()
        if self.settled:
            raise AttachFailed(self.settled)
        assert "limbo" in self.master()
        return [f"settled {record.limbo.token}"]

    def master(self):
        return (self.site.postfix / "master.cf").read_text()

    def main(self):
        return (self.site.postfix / "main.cf").read_text()

    def put_back(self):
        """Undo the attachment by its record alone."""
        record = current(self.site.layout)
        back = PutBack(record, self.site.layout, fake_postconf)
        return [note for file in record.files for note in [back.file(file)] if note]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_caps_come_and_go(world):
    world.change(layers=CAPS).run()
    assert "mine = ours" in world.main()
    assert world.commands.called == ["trial", "postfix reload", "on"]
    world.commands.called.clear()
    world.change().run()
    assert world.commands.called == ["postfix reload", "on"]
    assert world.site.etc() == world.attached
    assert current(world.site.layout).layers == {}


def test_a_late_bounce_comes_routes_first_and_goes_acceptance_first(world):
    world.change(layers={**CAPS, **LATE}, limbo=LIMBO).run()
    assert world.commands.called == [
        "trial", "postfix reload", "limbo-on dlmtp", "on", "postfix reload",
    ]  # fmt: skip
    assert "accepts=all" in world.master()
    assert "limbo = " in world.site.layout.attached_config.read_text()
    record = current(world.site.layout)
    assert (record.limbo, Step.ACCEPT in record.steps) == (LIMBO, True)
    hashes = (world.site.layout.backups / "1" / HASHES).read_text()
    assert next(f for f in record.files if f.path.endswith("main.cf")).after.sha256 in hashes
    manifest = json.loads(world.site.layout.manifest.read_bytes())
    assert all(sha256 in hashes for sha256 in manifest["sha256"].values())

    world.commands.called.clear()
    world.change(layers=CAPS).run()
    assert world.commands.called == ["sessions", "postfix reload", "limbo-off dlmtp", "on"]
    assert f"settled {LIMBO.token}" in world.told
    assert "limbo" not in world.master() + world.main()
    record = current(world.site.layout)
    assert (record.limbo, Step.ACCEPT in record.steps) == (None, False)
    world.change().run()
    assert world.site.etc() == world.attached


def test_while_somebody_waits_routes_stay_and_it_goes_on_later(world):
    world.change(layers=LATE, limbo=LIMBO).run()
    world.settled = "1 message waits"
    with pytest.raises(AttachFailed, match="1 message waits"):
        world.change().run()
    assert "limbo" in world.master()
    assert "accepts" not in world.master()
    world.settled = ""
    # Wanted again after all, it is only acceptance that comes.
    world.change(layers=LATE, limbo=LIMBO).run()
    assert "accepts=all" in world.master()
    world.change().run()
    assert world.site.etc() == world.attached


def test_what_fails_is_taken_back(world):
    class Once(Commands):
        def __call__(self, command, given=""):
            first = not self.called
            super().__call__(command, given)
            return Answer("", "it fails", 1) if first else Answer("", "", 0)

    with pytest.raises(AttachFailed, match="it fails; everything is as it was before"):
        world.change(commands=Once(), layers=CAPS).run()
    assert world.site.etc() == world.attached
    assert current(world.site.layout).layers == {}


@pytest.mark.parametrize("writes", range(6))
def test_killed_anywhere_the_record_undoes_it_exactly(world, monkeypatch, writes):
    class Killed(BaseException):
        pass

    left = [writes]

    def put(*arguments):
        if not left[0]:
            raise Killed
        left[0] -= 1
        real(*arguments)

    real = module.put
    monkeypatch.setattr(module, "put", put)
    try:
        world.change(layers={**CAPS, **LATE}, limbo=LIMBO).run()
    except Killed:
        assert writes < 4
    monkeypatch.undo()
    assert world.put_back() == []
    now = {name: what for name, what in world.site.etc().items() if what[1]}
    assert now == {name: what for name, what in world.before.items() if what[1]}


def test_what_was_edited_since_is_not_changed(world):
    main = world.site.postfix / "main.cf"
    main.write_text(main.read_text() + "other = 1\n")
    with pytest.raises(AttachFailed, match=r"main.cf: not as it was attached.*honeypost detach"):
        world.change(layers=CAPS)


def test_hashes_that_are_remembered_have_a_limit(world):
    for turn in range(ALSO + 2):
        layers = {Layer.CAPS: PostfixSettings({"connections": str(turn)})}
        world.change(layers={} if turn % 2 else layers).run()
    record = current(world.site.layout)
    assert max(len(file.also) for file in record.files) <= ALSO
    save(record, world.site.layout)
    assert world.put_back() == []
