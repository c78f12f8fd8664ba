"""Sockets that somebody else has bound."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from honeypost.errors import UsageError
from honeypost.net import activation

PASSED = """
import os, sys
from honeypost.net import activation
environ = dict(os.environ, LISTEN_PID=str(os.getpid()))
for name, sockets in activation.from_systemd(environ, os.getpid()).items():
    print(name, [bound.getsockname()[1] for bound in sockets], sockets[0].get_inheritable())
"""


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_named_descriptors_are_taken_over(bound: socket.socket) -> None:
    number = os.dup(bound.fileno())
    sockets = activation.from_options([f"submission={number}"])
    assert [each.getsockname() for each in sockets["submission"]] == [bound.getsockname()]
    sockets["submission"][0].close()


@pytest.mark.parametrize("option", ["submission", "=5", "smtp=", "smtp=x", "smtp=²"])
def test_malformed_options_are_usage_errors(option: str) -> None:
    with pytest.raises(UsageError, match="name=descriptor"):
        activation.from_options([option])


def test_a_descriptor_that_is_no_socket_is_named() -> None:
    reading, writing = os.pipe()
    try:
        with pytest.raises(UsageError, match=r"descriptor \d+ \(smtp\) is no socket"):
            activation.from_options([f"smtp={reading}"])
    finally:
        os.close(reading)
        os.close(writing)


def test_systemd_passes_sockets_from_descriptor_three_on(bound: socket.socket) -> None:
    # The child's descriptors 3 and 4 are both our socket, as systemd would have it.
    code = f"import os; os.dup2({bound.fileno()}, 3); os.dup2({bound.fileno()}, 4)\n{PASSED}"
    port = bound.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "smtp:submission"},
        pass_fds=(bound.fileno(),),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == f"smtp [{port}] False\nsubmission [{port}] False\n"


def test_what_was_passed_to_another_process_is_not_ours() -> None:
    assert activation.from_systemd({}, 7) == {}
    assert activation.from_systemd({"LISTEN_PID": "8", "LISTEN_FDS": "1"}, 7) == {}


@pytest.mark.parametrize(
    ("count", "names"), [("x", ""), ("-1", ""), ("65", ""), ("2", "smtp"), ("", "smtp")]
)
def test_senseless_variables_are_usage_errors(count: str, names: str) -> None:
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": count, "LISTEN_FDNAMES": names}
    with pytest.raises(UsageError, match="LISTEN_FD"):
        activation.from_systemd(environ, 7)
