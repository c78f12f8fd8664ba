"""What the child takes from itself, in which order, and that it says so truly."""

from __future__ import annotations

import os
import resource

import pytest

from honeypost.app import sandbox
from honeypost.app.sandbox import Linux, allow_cpu, lock_in
from support.kernel import Recorder

ALL = ("memory", "user", "namespace", "files", "processes", "privileges")


def test_everything_is_taken_away():
    kernel = Recorder()
    assert lock_in(kernel) == ALL
    bound = 1000 + sandbox.MEMORY_BYTES
    assert kernel.calls == [
        ("limit", resource.RLIMIT_AS, bound, bound),
        ("become_nobody",),
        ("unshare", sandbox.CLONE_NEWUSER | sandbox.CLONE_NEWNET | sandbox.CLONE_NEWIPC),
        ("limit", resource.RLIMIT_CORE, 0, 0),
        ("limit", resource.RLIMIT_FSIZE, 0, 0),
        ("limit", resource.RLIMIT_NOFILE, 3, 3),
        ("limit", resource.RLIMIT_NPROC, 0, 0),
        ("control", sandbox.PR_SET_NO_NEW_PRIVS, 1),
        ("control", sandbox.PR_SET_DUMPABLE, 0),
    ]


@pytest.mark.parametrize(
    ("refused", "missing"),
    [
        ("unshare", {"namespace"}),
        ("become_nobody", {"user"}),
        ("control", {"privileges"}),
        ("limit", {"memory", "files", "processes"}),
    ],
)
def test_what_is_refused_is_not_claimed_and_the_rest_is_done(refused, missing):
    assert set(lock_in(Recorder(refused))) == set(ALL) - missing


def test_who_can_still_fork_does_not_claim_otherwise():
    assert "processes" not in lock_in(Recorder(exempt=True))


@pytest.mark.parametrize(("used", "soft"), [(0.0, 2), (0.9, 2), (17.3, 19), (1e6, 600)])
def test_each_message_has_its_cpu_time(used, soft):
    kernel = Recorder()
    allow_cpu(kernel, used)
    assert kernel.calls == [("limit", resource.RLIMIT_CPU, soft, sandbox.CPU_SECONDS_ALL)]


def test_the_real_kernel_answers():
    kernel = Linux()
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    kernel.limit(resource.RLIMIT_CORE, soft, hard)
    assert kernel.address_space() > resource.getpagesize()
    assert kernel.can_fork()
    kernel.control(sandbox.PR_SET_DUMPABLE, 1)
    with pytest.raises(OSError, match="Invalid argument"):
        kernel.control(-1, 0)
    with pytest.raises(OSError):
        kernel.unshare(-1)


def test_who_may_not_fork_is_told(monkeypatch):
    def refused():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    assert not Linux().can_fork()


def test_only_root_becomes_nobody(monkeypatch):
    calls = []
    for name in ("setgroups", "setresgid", "setresuid"):
        monkeypatch.setattr(os, name, lambda *ids, name=name: calls.append((name, *ids)))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    Linux().become_nobody()
    assert calls == []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    Linux().become_nobody()
    assert [call[0] for call in calls] == ["setgroups", "setresgid", "setresuid"]
    assert calls[2] == ("setresuid", 65534, 65534, 65534)
