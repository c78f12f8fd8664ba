"""A real edge (or a whole `honeypost up`) in processes of its own, on free loopback ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from honeypost.app.supervisor import prepare
from honeypost.config.load import load
from honeypost.config.schema import Paths

SECONDS = 30
OFF = dict.fromkeys(("smtp", "submission", "submissions"), "")


def write_config(data: Path, text: str) -> Path:
    """Write a configuration beside the stores and prepare the site as `up` would."""
    data.mkdir(mode=0o700, exist_ok=True)
    path = data / "honeypost.toml"
    path.write_text(text)
    prepare(load(path, {}), Paths(data))
    return path


@contextmanager
def running(command: Sequence[str], **more: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Run a program that prints one line of JSON when it answers; ends it with SIGTERM."""
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, **more
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@contextmanager
def running_edge(data: Path, config: Path, *options: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Run an edge alone."""
    command = ("-m", "honeypost.app.edge", "--data", str(data), "--config", str(config), *options)
    with running(command, stderr=subprocess.PIPE, env=clean_environment()) as started:
        yield started


def clean_environment(**more: str) -> dict[str, str]:
    """Our environment without settings of Honeypost."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HONEYPOST")}
    return {**kept, **more}


def address(where: str) -> tuple[str, int]:
    """Host and port of a listener as the ready line has it."""
    host, _, port = where.rpartition(":")
    return host.strip("[]"), int(port)
