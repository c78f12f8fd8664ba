"""Programs that take the place of the extraction child and misbehave."""

from __future__ import annotations

import sys
import textwrap

READY = """
    import os, sys, time
    from honeypost.app.frames import Ready, packed, read_order
    from honeypost.extract.report import Report
    def say(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    say(packed(Ready(ready=True, protections=("none",))))
    order, body = read_order(sys.stdin.buffer)
"""

MISDEEDS = {
    "hangs": "time.sleep(60)",
    "is slow": "[None for _ in iter(lambda: time.process_time() < 0.8, False)]; "
    "say(packed(Report('slow')))",
    "dies": "os._exit(1)",
    "is killed": "os.kill(os.getpid(), 9)",
    "spins": "import signal; os.kill(os.getpid(), signal.SIGXCPU)",
    "starves": "os._exit(86)",
    "babbles": "say(b'\\xff' * 100)",
    "lies": "say(packed({'links': 'none'}))",
    "says no json": "say(b'\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00x')",
    "complains": "[os.write(2, b'\\x1b[2J oh dear\\n') or time.sleep(0.01) for _ in range(40)]; "
    "say(packed(Report('f')))",
    "shows its environment": "say(packed(Report(str(sorted(os.environ)))))",
}


def program(misdeed: str) -> tuple[str, ...]:
    """A child that does this to its first order."""
    return (sys.executable, "-c", textwrap.dedent(READY) + MISDEEDS[misdeed] + "\ntime.sleep(60)")


def never_ready(how: str = "import sys; sys.exit(3)") -> tuple[str, ...]:
    return (sys.executable, "-c", how)
