"""Leaving the host's network; done in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import missing
from honeypost.net import namespace

CODE = """
import ctypes, encodings.idna, os, socket, sys
from pathlib import Path
from honeypost.net.namespace import enter_empty_network
os.setresgid(*[{user}] * 3)
os.setresuid(*[{user}] * 3)
ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE, as any process that never was root
with socket.create_server(("127.0.0.1", 0)) as served:
    port = served.getsockname()[1]
    problem = enter_empty_network()
    if problem:
        sys.exit(problem)
    devices = [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
    try:
        socket.create_connection(("127.0.0.1", port), 1)
        outcome = "connected"
    except OSError as error:
        outcome = os.strerror(error.errno)
    print(devices, "|", outcome, "|", os.geteuid())
"""


def run(code: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        **more,
    )


def test_inside_there_is_no_way_to_anywhere() -> None:
    done = run(CODE.format(user=os.geteuid()))
    if done.returncode:
        missing(f"no empty network here: {done.stderr.strip()}")
    devices, outcome, user = done.stdout.strip().split(" | ")
    assert devices == "['lo']"
    assert outcome == os.strerror(101)  # network is unreachable: lo itself is down
    assert int(user) == os.geteuid()


def test_without_root_a_user_namespace_is_made_around_it(as_root: None) -> None:
    done = run(CODE.format(user=65534))
    if done.returncode:
        missing(f"no user namespace here: {done.stderr.strip()}")
    assert done.stdout.strip().endswith("| 65534")


def test_what_the_kernel_forbids_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace, "_unshare", lambda _: "unshare: Operation not permitted")
    assert namespace.enter_empty_network() == "unshare: Operation not permitted"


def test_a_flag_that_the_kernel_does_not_know_is_a_reason() -> None:
    assert namespace._unshare(-1) == "unshare: Invalid argument"


def test_a_user_that_cannot_be_mapped_is_a_reason() -> None:
    done = run("from honeypost.net.namespace import _map_user; print(_map_user(-1, -1))")
    assert done.stdout.startswith("user map: ")


def test_a_supervised_process_ends_with_its_parent(tmp_path: Path) -> None:
    told = tmp_path / "told"
    child = (
        "import signal, time\n"
        "from pathlib import Path\n"
        "from honeypost.net.namespace import end_with_parent\n"
        "end_with_parent()\n"
        "print('ready', flush=True)\n"
        "caught = signal.sigwait({signal.SIGTERM})\n"
        f"Path({str(told)!r}).write_text(str(int(caught)))\n"
    )
    parent = (
        "import os, signal, subprocess, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert run(parent).returncode == -signal.SIGKILL
    deadline = 1000
    while not told.exists() or not told.read_text():
        deadline -= 1
        assert deadline, "the child lives on"
        signal.sigtimedwait(set(), 0.01)
    assert told.read_text() == str(int(signal.SIGTERM))


def test_a_crash_leaves_no_picture_of_the_memory() -> None:
    code = (
        "import os, resource\n"
        "from honeypost.net.namespace import leave_no_dump\n"
        "if os.fork() == 0:\n"
        "    leave_no_dump()\n"
        "    print(resource.getrlimit(resource.RLIMIT_CORE)[1] <= 1, flush=True)\n"
        "    os.abort()\n"
        "print(os.WCOREDUMP(os.wait()[1]))\n"
    )
    assert run(code).stdout == "True\nFalse\n"
