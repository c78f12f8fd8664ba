"""The child answers orders in order, and locked in it can do nothing else."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap

import pytest

from honeypost.app import extract_child
from honeypost.app.extract_child import NICENESS, serve
from honeypost.app.frames import MEMORY_EXIT, Order, answer_in, packed
from support.kernel import Recorder

MAIL = b"To: a@b\r\n\r\nhttp://a.example/"


def talk(*orders):
    answers = io.BytesIO()
    code = serve(io.BytesIO(b"".join(orders)), answers, Recorder())
    buffer, found = bytearray(answers.getvalue()), []
    while buffer:
        found.append(json.loads(answer_in(buffer)))
    return code, found


def test_ready_first_then_an_answer_for_each_order():
    code, (ready, first, second) = talk(
        packed(Order("one", (b"x@y",)), MAIL), packed(Order("two", cut=True), b"")
    )
    assert code == 0
    assert ready["ready"] is True
    assert "namespace" in ready["protections"]
    assert first["file"] == "one"
    assert first["links"][0]["url"] == "http://a.example/"
    assert first["recipients"][0] == {"address": "x@y", "role": "envelope"}
    assert (second["file"], second["errors"]) == ("two", ["message-cut"])


def test_it_yields_to_others_once_it_is_ready():
    class Listening(Recorder):
        def yield_to_others(self, niceness):
            said.append(answers.tell())
            super().yield_to_others(niceness)

    answers, said = io.BytesIO(), []
    kernel = Listening()
    serve(io.BytesIO(), answers, kernel)
    assert said[0] > 0
    assert kernel.calls.count(("yield_to_others", NICENESS)) == 1


def test_out_of_memory_has_its_own_exit_code(monkeypatch):
    serve(io.BytesIO(), io.BytesIO(), Recorder())

    def greedy(raw, **_):
        if raw == MAIL:
            raise MemoryError
        return real(raw)

    real = extract_child.take_apart
    monkeypatch.setattr(extract_child, "take_apart", greedy)
    assert talk(packed(Order("f"), MAIL))[0] == MEMORY_EXIT


ESCAPES = {
    "open a file": "open('/etc/hostname')",
    "write a file": "open('honeypost-escape', 'w')",
    "open a socket": "socket.socket()",
    "connect": "socket.create_connection(('127.0.0.1', 9))",
    "start a program": "subprocess.run(['/bin/true'])",
    "take memory": "bytearray(200 * 1024 * 1024)",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))",
}
SCRIPT = """
    import resource, socket, subprocess
    from honeypost.app.sandbox import Linux, lock_in
    held = lock_in(Linux())
    try:
        {escape}
    except (OSError, MemoryError, ValueError) as error:
        print(type(error).__name__, flush=True)
    else:
        print("escaped", held, flush=True)
"""


@pytest.mark.parametrize("name", ESCAPES)
def test_locked_in_it_cannot(name, tmp_path):
    script = textwrap.dedent(SCRIPT).format(escape=ESCAPES[name])
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.strip(), done.stderr
    assert "escaped" not in done.stdout
