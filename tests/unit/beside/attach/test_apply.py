"""Apply and undo together, without daemons; with them in tests/integration/beside."""

from __future__ import annotations

import os
import shutil
import stat

import pytest

from honeypost.beside.attach.apply import Apply, Checks
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.files import standing
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.putting_back import PutBack
from honeypost.beside.attach.record import (
    Layer,
    Limbo,
    State,
    current,
    earlier,
    held,
    known_ids,
    save,
)
from honeypost.beside.attach.undo import Undo
from support.attach_site import MARKER, AttachSite, Commands, fake_postconf

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.fixture
def site(tmp_path):
    return AttachSite(tmp_path)


@pytest.fixture
def commands():
    return Commands()


class Cleared:
    def __init__(self, problem=""):
        self.problem, self.seen = problem, []

    def clear(self, record):
        self.seen.append(record.id)
        if self.problem:
            raise AttachFailed(self.problem)
        return ["nothing was left"]


def undo(site, commands, clearing=None, tell=lambda _: None):
    return lambda record: Undo(
        record, site.layout, reloading=commands.reloading(), clearing=clearing or Cleared(), tell=tell
    )  # fmt: skip


def apply(site, commands, *, plan=None, **changes):
    parts = {
        "identity": "20260101T000000Z-0001",
        "marker_domain": MARKER,
        "reloading": commands.reloading(),
        "checks": Checks(lambda _: None, lambda: None),
        "undo": undo(site, commands),
        "loaded_seconds": 0.0,
    }
    return Apply(plan or site.plan(), site.site, site.layout, **{**parts, **changes})


def test_the_sockets_of_our_services_go_with_them(site, commands, tmp_path):
    record = apply(site, commands).run()
    record.queue_directory = str(tmp_path / "queue")
    names = ["private/decoy", "public/cleanup-dsn"]
    for name in (*names, "public/cleanup"):
        (tmp_path / "queue" / name).parent.mkdir(parents=True, exist_ok=True)
        os.mknod(tmp_path / "queue" / name, stat.S_IFSOCK | 0o600)
    undo(site, commands)(record).run()
    left = {str(path.relative_to(tmp_path / "queue")) for path in tmp_path.glob("queue/*/*")}
    assert left == {"public/cleanup"}


def test_attached_and_detached_all_is_as_before(site, commands):
    before = site.etc()
    work = apply(site, commands)
    record = work.run()
    assert record.state is State.ATTACHED
    assert current(site.layout).id == record.id
    assert "granted until that has ended" in work.notes[0]
    assert commands.called == ["postfix reload", "on", "doveadm reload"]
    assert site.etc() != before
    told = []
    assert undo(site, commands, tell=told.append)(record).run() == []
    assert commands.called[3:] == ["doveadm reload", "postfix reload", "off"]
    assert "nothing was left" in told
    assert site.etc() == before
    assert current(site.layout) is None
    assert known_ids(site.layout) == [record.id]
    assert earlier(site.layout, record.id).state is State.DETACHED


@pytest.mark.parametrize("failing", ["postfix", "on", "doveadm"])
def test_a_daemon_that_does_not_reload_takes_all_back(site, failing):
    before, commands = site.etc(), Commands(failing)
    with pytest.raises(AttachFailed, match="it fails"):
        apply(site, commands).run()
    assert site.etc() == before
    assert current(site.layout) is None


LATE = {
    Layer.LATE_BOUNCE: PostfixSettings({"fallback_transport": "limbo:x"}),
    Layer.ACCEPTANCE: PostfixSettings(options={"submission/inet": [("accepts", "all")]}),
}


def late(site, commands, **changes):
    plan = site.plan(layers=LATE, limbo=Limbo("t", "private/dlmtp", ["example.org"]))
    return apply(site, commands, plan=plan, **changes)


def test_unknown_names_are_accepted_last_and_refused_first(site, commands):
    before, master = site.etc(), site.postfix / "master.cf"

    def probes():
        assert "accepts" not in master.read_text()

    class Looks(Cleared):
        def clear(self, record):
            assert "accepts" not in master.read_text()
            assert "limbo" in (site.postfix / "main.cf").read_text()
            return super().clear(record)

    work = late(site, commands, checks=Checks(lambda _: None, probes))
    record = work.run()
    assert "accepts=all" in master.read_text()
    assert len(work.notes) == 2
    assert undo(site, commands, Looks())(record).run() == []
    assert site.etc() == before
    assert commands.called[-1] == "limbo-off dlmtp"


def test_a_master_cf_without_a_last_newline_is_back_exactly(site, commands):
    master = site.postfix / "master.cf"
    master.write_text(master.read_text().rstrip("\n"))
    before = site.etc()
    record = late(site, commands).run()
    assert undo(site, commands)(record).run() == []
    assert site.etc() == before


def test_a_master_cf_that_changes_before_the_last_step_stays(site, commands):
    def edits():
        master = site.postfix / "master.cf"
        master.write_text(master.read_text() + "mine unix - - n - 0 mine\n")

    with pytest.raises(AttachFailed, match="was changed by somebody else meanwhile"):
        late(site, commands, checks=Checks(lambda _: None, edits)).run()
    text = (site.postfix / "master.cf").read_text()
    assert text.endswith("mine unix - - n - 0 mine\n")
    assert "decoy" not in text


def test_a_failing_trial_touches_nothing(site, commands):
    def fails(_):
        raise AttachFailed("it does not hold")

    before = site.etc()
    with pytest.raises(AttachFailed, match=r"does not hold; everything is as it was before"):
        apply(site, commands, checks=Checks(fails, lambda: None)).run()
    assert site.etc() == before
    assert commands.called == []


def test_an_interruption_is_passed_on_after_undoing(site, commands):
    def interrupted():
        raise KeyboardInterrupt

    before = site.etc()
    with pytest.raises(KeyboardInterrupt):
        apply(site, commands, checks=Checks(lambda _: None, interrupted)).run()
    assert site.etc() == before


def test_a_file_that_changes_under_us_stops_it_and_stays(site, commands):
    main = site.postfix / "main.cf"

    def edits(_):
        main.write_text("edited = 1\n")

    with pytest.raises(AttachFailed, match=r"main.cf was changed by somebody else"):
        apply(site, commands, checks=Checks(edits, lambda: None)).run()
    assert main.read_text() == "edited = 1\n"


def test_containment_stays_while_something_of_a_decoy_is_left(site, commands):
    record = apply(site, commands).run()
    attached = (site.postfix / "master.cf").read_text()
    with pytest.raises(AttachFailed, match="a session"):
        undo(site, commands, Cleared("a session"))(record).run()
    assert (site.postfix / "master.cf").read_text() == attached
    assert not site.layout.manifest.exists()
    assert not (site.dovecot / "conf.d/99-honeypost.conf").exists()
    assert current(site.layout).state is State.DETACHING
    assert undo(site, commands)(current(site.layout)).run() == []


def test_undoing_that_stops_says_how_to_go_on(site, commands):
    def fails():
        raise AttachFailed("the probe")

    clearing = Cleared("a session")
    with pytest.raises(AttachFailed, match="the probe; and undoing it stopped: a session: run"):
        apply(
            site,
            commands,
            checks=Checks(lambda _: None, fails),
            undo=undo(site, commands, clearing),
        ).run()


def test_files_that_are_not_ours_stay_in_our_folder(site, commands):
    record = apply(site, commands).run()
    (site.dovecot / "honeypost/mine").write_text("x")
    notes = undo(site, commands)(record).run()
    assert any("holds files that are not ours" in note for note in notes)


def test_an_edited_file_of_ours_goes_and_a_copy_stays(site, commands):
    record = apply(site, commands).run()
    (site.dovecot / "conf.d/99-honeypost.conf").write_text("edited\n")
    (site.dovecot / "conf.d/00-honeypost.conf").rename(
        site.dovecot / "conf.d/00-honeypost.conf.disarmed"
    )
    (note,) = undo(site, commands)(record).run()
    assert "a copy is" in note
    kept = site.layout.backups / record.id / "edited-99-honeypost.conf"
    assert kept.read_text() == "edited\n"
    assert not list((site.dovecot / "conf.d").iterdir())


@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_in_an_edited_file_of_the_site_only_ours_goes(site, commands, name):
    before = (site.postfix / name).read_text()
    record = apply(site, commands).run()
    path = site.postfix / name
    path.write_text(path.read_text() + "\n# mine\n")
    back = PutBack(record, site.layout, fake_postconf)
    (file,) = (f for f in record.files if f.path == str(path))
    assert "edited since" in back.file(file)
    assert path.read_text() == before + "\n# mine\n"
    assert not back.exact(file)


def test_only_laid_out_anew_it_is_exactly_as_before(site, commands):
    record = apply(site, commands).run()
    path = site.postfix / "master.cf"
    path.write_text(path.read_text().replace("    -o cleanup", "  -o cleanup"))
    back = PutBack(record, site.layout, fake_postconf)
    (file,) = (f for f in record.files if f.path == str(path))
    assert back.file(file) == ""
    assert back.exact(file)


def test_an_edited_main_file_of_dovecot_keeps_the_edit(tmp_path, commands):
    site = AttachSite(tmp_path, drop_in=False)
    record = apply(site, commands).run()
    path = site.dovecot / "dovecot.conf"
    path.write_text(path.read_text() + "mine = 1\n")
    undo(site, commands)(record).run()
    assert path.read_text() == "protocols = imap\nmine = 1\n"


def test_a_damaged_backup_is_not_put_back(site, commands):
    record = apply(site, commands).run()
    for saved in (site.layout.backups / record.id).glob("*-main.cf"):
        saved.write_text("damaged")
    with pytest.raises(AttachFailed, match="is not what was saved there"):
        undo(site, commands)(record).run()


def test_two_at_a_time_are_refused(site):
    with held(site.layout), pytest.raises(AttachFailed, match="right now"), held(site.layout):
        pass


def test_a_record_that_cannot_be_read_is_a_problem_in_words(site, commands):
    record = apply(site, commands).run()
    record.format = 99
    save(record, site.layout)
    with pytest.raises(AttachFailed, match="another version"):
        current(site.layout)
    site.layout.record.write_text("{")
    with pytest.raises(AttachFailed, match="cannot be read"):
        current(site.layout)
    with pytest.raises(AttachFailed, match="there is no backup x; there are: 2026"):
        earlier(site.layout, "x")


def test_owner_and_mode_of_the_site_s_files_are_kept(site, commands):
    path = site.postfix / "main.cf"
    os.chown(path, 12345, 12346)
    path.chmod(0o640)
    record = apply(site, commands).run()
    found = standing(path)
    assert (found.uid, found.gid, found.mode) == (12345, 12346, 0o640)
    undo(site, commands)(record).run()
    assert standing(path).uid == 12345


@pytest.mark.skipif(shutil.which("postconf") is None, reason="postconf is not installed")
def test_a_file_that_postconf_cannot_read_any_more_is_named(site, commands):
    record = apply(site, commands).run()
    (site.postfix / "main.cf").write_text("no parameter\n")
    with pytest.raises(AttachFailed, match=r"main.cf was edited since and cannot be read"):
        undo(site, commands)(record).run()
