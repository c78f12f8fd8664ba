"""An ``nft`` that only writes down what it is told, and a helper on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from honeypost.beside.firewall.nft import Nft
from honeypost.beside.firewall.server import FirewallServer

SCRIPT = """\
#!/bin/sh
cd {folder}
if [ "$1" = -f ]; then text=$(cat); else text="$*"; fi
for word in $(cat broken 2>/dev/null); do
    case "$text" in *"$word"*) echo "Error: no $word" >&2; exit 1;; esac
done
printf '%s\\n' "$text" "--" >> told
[ "$1" = -f ] || cat counter
"""


class FakeNft:
    """``told``: what it was given, run by run; it fails on what ``break_on`` names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "nft"
        self.program.write_text(SCRIPT.format(folder=folder))
        self.program.chmod(0o755)
        self.count(0)

    @property
    def told(self) -> list[str]:
        path = self.folder / "told"
        runs = path.read_text().split("--\n") if path.exists() else []
        return [run.strip() for run in runs if run.strip()]

    def break_on(self, *words: str) -> None:
        (self.folder / "broken").write_text(" ".join(words))

    def count(self, packets: int) -> None:
        listing = f'{{"nftables": [{{"counter": {{"packets": {packets}}}}}]}}'
        (self.folder / "counter").write_text(listing)


@pytest.fixture
def nft(tmp_path: Path) -> FakeNft:
    return FakeNft(tmp_path)


@pytest.fixture
async def helper(nft: FakeNft, tmp_path: Path):
    """A helper that serves this very user at ``tmp_path/s``."""
    made = FirewallServer(Nft(str(nft.program)), (25,), {os.geteuid()})
    await made.open(tmp_path / "s")
    yield made
    await made.close()
