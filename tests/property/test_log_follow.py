"""Whatever rotation does between our looks, each line is read once, in order."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from datetime import UTC
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from honeypost.beside.logs.follow import FileFollower

NOW = 1_795_478_400.0  # 24 November 2026
STEPS = st.lists(
    st.sampled_from(
        ["line", "line", "line", "half", "poll", "poll", "restart", "rename", "empty", "pack"]
    ),
    max_size=30,
)


class Writer:
    """A mail server's log in a folder, and logrotate beside it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "mail.log"
        self.written = 0
        self._half = b""
        self._rotated = 0

    def _next(self) -> bytes:
        number = self.written
        self.written += 1
        clock = f"{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
        address = f"10.0.{number // 256}.{number % 256}"
        return f"Nov 23 {clock} mx postfix/smtpd[1]: connect from x[{address}]\n".encode()

    def _append(self, text: bytes) -> None:
        with self.log.open("ab") as log:
            log.write(text)

    def line(self) -> None:
        self._append(self._half or self._next())
        self._half = b""

    def half(self) -> None:
        if not self._half:
            text = self._next()
            self._append(text[:40])
            self._half = text[40:]

    def rename(self) -> None:
        self._whole()
        if self.log.exists():
            self._rotated += 1
            self.log.rename(self.log.with_name(f"mail.log-2026{self._rotated:04}"))

    def empty(self) -> None:
        """Rotate as copytruncate does."""
        self._whole()
        if self.log.exists():
            self._rotated += 1
            shutil.copy(self.log, self.log.with_name(f"mail.log-2026{self._rotated:04}"))
            self.log.write_bytes(b"")

    def pack(self) -> None:
        for plain in self.log.parent.glob("mail.log-????????"):
            plain.with_name(plain.name + ".gz").write_bytes(gzip.compress(plain.read_bytes()))
            plain.unlink()

    def _whole(self) -> None:
        """A writer ends its line before another file is its log."""
        if self._half:
            self.line()


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_each_line_is_read_once(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Path(folder))
        writer.line()
        follower = FileFollower(writer.log, UTC, lambda: NOW)
        seen = [line.event.client for line in follower.poll()]
        for step in [*steps, "line", "poll", "poll", "poll"]:
            if step == "poll":
                seen += [line.event.client for line in follower.poll()]
            elif step == "restart":
                follower.close()
                follower = FileFollower(writer.log, UTC, lambda: NOW, follower.cursor)
            else:
                getattr(writer, step)()
        for _ in range(40):  # a rotated file is a step of its own
            seen += [line.event.client for line in follower.poll()]
        follower.close()
        whole = writer.written - bool(writer._half)
        assert seen == [f"10.0.{number // 256}.{number % 256}" for number in range(whole)]
