from __future__ import annotations

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.files import standing
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.older import is_undone, refuse_edited
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.record import Attachment, FileRecord, State


@pytest.fixture
def site(tmp_path):
    class Site:
        layout = Layout(tmp_path / "state", tmp_path)
        main, own = tmp_path / "main.cf", tmp_path / "99-ours.conf"

        def put(self, main, own=None):
            self.main.write_text(main)
            self.own.unlink(missing_ok=True)
            if own is not None:
                self.own.write_text(own)

        def looks(self, main, own=None):
            self.put(main, own)
            return standing(self.main), standing(self.own)

        def record(self, name, before, after):
            was, now = self.looks(before), self.looks(after, "ours")
            files = [
                FileRecord(str(path), "own", old, new, "")
                for path, old, new in zip((self.main, self.own), was, now, strict=True)
            ]
            places = dict.fromkeys(
                ("postfix_directory", "queue_directory", "dovecot_config", "main_dovecot",
                 "chain_folder", "marker_domain"), "",
            )  # fmt: skip
            return Attachment(
                name, State.DETACHED, 0.0, settings=PostfixSettings(), files=files, folders=[],
                **places,
            )  # fmt: skip

    return Site()


def test_as_before_or_as_it_left_them_it_may_be_put_back(site):
    older = site.record("1", "a", "a+ours")
    refuse_edited(older, None, site.layout)
    assert not is_undone(older)
    site.put("a")
    refuse_edited(older, None, site.layout)
    assert is_undone(older)


def test_what_was_edited_since_is_named_and_where_the_earlier_is(site):
    older = site.record("1", "a", "a+ours")
    site.put("a, edited")
    with pytest.raises(AttachFailed, match=r"main.cf: edited since 1, .*nothing was changed.*/1"):
        refuse_edited(older, None, site.layout)


def test_what_is_attached_now_is_thought_away(site):
    older = site.record("1", "a", "a+ours")
    later = site.record("2", "a", "a+newer")
    refuse_edited(older, later, site.layout)
    edited = site.record("3", "a, edited", "a, edited+ours")
    with pytest.raises(AttachFailed, match="edited since 1"):
        refuse_edited(older, edited, site.layout)
    site.put("a+newer, edited", "ours")
    with pytest.raises(AttachFailed, match="edited since 1"):
        refuse_edited(older, later, site.layout)
