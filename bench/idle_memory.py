"""
What do the processes cost when nothing happens?

Prints, as JSON and in words, PSS and private memory of each process of an idle ``honeypost up``, in
MiB, from /proc/PID/smaps_rollup.  PSS shares out what several processes map (libraries), so
it is the number that adds up; on a machine that runs many Pythons it flatters, so the private
part stands beside it.  Budget: edge 40 MiB.

    python bench/idle_memory.py [--seconds 3]
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

UP = "from honeypost.cli.main import run; run()"
PRIVATE = ("Private_Clean", "Private_Dirty")


def memory(pid: int) -> dict[str, float]:
    """PSS and private memory of a process, in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    private = sum(sizes[name] for name in PRIVATE)
    return {"pss_mib": round(sizes["Pss"], 1), "private_mib": round(private, 1)}


def run(seconds: float) -> dict[str, dict[str, float]]:
    """Start everything on free ports and look after a while."""
    with tempfile.TemporaryDirectory() as data:
        listeners = ("smtp", "submission", "submissions")
        command = [sys.executable, "-c", UP, "up", "--data", data]
        command += [f"--listen={name}=127.0.0.1:0" for name in listeners]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            pids = json.loads(process.stdout.readline())["pids"]
            time.sleep(seconds)
            found = {name: memory(pid) for name, pid in pids.items()}
            process.send_signal(signal.SIGTERM)
    total = round(sum(each["pss_mib"] for each in found.values()), 1)
    return {**found, "all": {"pss_mib": total}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--seconds", type=float, default=3)
    found = run(parser.parse_args().seconds)
    print(json.dumps(found))
    print("measured: " + ", ".join(f"{name} {each['pss_mib']} MiB" for name, each in found.items()))


if __name__ == "__main__":
    main()
