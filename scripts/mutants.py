"""
Does a test notice when a safeguard is taken away?

    .venv/bin/python scripts/mutants.py [WORD ...]    the mutants whose names hold a word; all

Each mutant takes one safeguard out of a copy of the tree and runs the tests that are named for
it; at least one of them must fail.  Before that they must pass on the copy as it is, else a
red test would prove nothing.  An anchor that is not in the source exactly once is an error:
then the code has moved on and the mutant must follow.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("src", "tests", "scripts", "schemas", "pyproject.toml")
TEST_SECONDS = 600
TESTS_FAILED = 1
"""pytest's exit code for it; 2 and more mean that they could not be run."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One safeguard, how it is taken away, and who must notice."""

    name: str
    file: str
    """Below ``src/honeypost``."""
    anchor: str
    replacement: str
    tests: tuple[str, ...]
    needs_root: bool = False


MUTANTS = (
    Mutant(
        "a synchronisation of the captures removed",
        "stores/appender.py",
        "            self._file.sync()\n",
        "            pass\n",
        ("tests/proof/test_loss.py::test_an_acknowledged_capture_survives_any_power_loss",),
    ),
    Mutant(
        "the synchronisation of a new segment's name removed",
        "stores/appender.py",
        "            files.sync_directory(directory)\n",
        "            pass\n",
        ("tests/proof/test_loss.py::test_an_acknowledged_capture_survives_any_power_loss",),
    ),
    Mutant(
        "a second secret accepted",
        "engine/logins.py",
        "right = secret == Secret(decoy.secret.encode())",
        "right = True",
        (
            "tests/unit/engine/test_logins.py::test_the_secret_is_exact_and_the_only_one",
            "tests/property/test_decoy_rules.py::test_one_password_per_account",
        ),
    ),
    Mutant(
        "a secret that was refused before wins",
        "decide/decoys.py",
        "        if memory.knows(guess.tag):\n            return Reason.REPEATED\n",
        "",
        ("tests/property/test_decoy_rules.py::test_a_stale_device_never_wins",),
    ),
    Mutant(
        "the real-name check removed",
        "engine/logins.py",
        "        return _STANDING.get(reality)\n",
        "        return None\n",
        (
            "tests/unit/engine/test_logins.py::test_of_a_guess_at_a_real_name_nothing_is_kept",
            (
                "tests/property/test_decoy_rules.py"
                "::test_real_names_and_their_near_misses_never_open_and_leave_nothing"
            ),
        ),
    ),
    Mutant(
        "a name that nobody could judge counts as nobody's",
        "engine/logins.py",
        "        return _STANDING.get(reality)\n",
        "        return Reason.REAL if reality is Reality.REAL else None\n",
        ("tests/property/test_decoy_rules.py::test_a_name_that_cannot_be_told_never_opens",),
    ),
    Mutant(
        "doubt about the containment ignored",
        "engine/logins.py",
        "            if not self._grants.doubt():\n",
        "            if True:\n",
        (
            (
                "tests/unit/engine/test_logins.py"
                "::test_doubt_about_the_containment_stops_adoptions_and_grants"
            ),
        ),
    ),
    Mutant(
        "the guard removed from Dovecot's chain",
        "beside/dovecot/chain.py",
        "        return copies + guard + decoy\n",
        "        return copies + decoy\n",
        ("tests/unit/beside/dovecot/test_chain.py",),
    ),
    Mutant(
        "the FILTER line removed",
        "beside/postfix/containment_config.py",
        '            + self._access(f"FILTER {DECOY_TRANSPORT}:{self._next_hop()}")\n',
        '            + self._access("DUNNO")\n',
        ("tests/unit/beside/postfix/test_containment_config.py",),
    ),
    Mutant(
        "the cleanup of notices removed",
        "beside/postfix/containment_config.py",
        '            ("cleanup_service_name", NOTICE_CLEANUP),\n',
        "",
        ("tests/unit/beside/postfix/test_containment_config.py",),
    ),
    Mutant(
        "the cleanup of requeued mail removed",
        "beside/postfix/requeue_config.py",
        '        options = [("cleanup_service_name", REQUEUE_CLEANUP)]\n',
        "        options = []\n",
        ("tests/unit/beside/postfix/test_requeue_config.py",),
    ),
    Mutant(
        "the cleanup of requeued mail removed, behind a real Postfix",
        "beside/postfix/requeue_config.py",
        '        options = [("cleanup_service_name", REQUEUE_CLEANUP)]\n',
        "        options = []\n",
        ("tests/integration/beside/test_requeue.py",),
        needs_root=True,
    ),
    Mutant(
        "milters see the notices, behind a real Postfix",
        "beside/postfix/containment_config.py",
        '                *(() if notices_filtered else (("non_smtpd_milters", ""),)),\n',
        "",
        (
            "tests/integration/beside/test_milters.py::test_a_filter_sees_no_more_notices_than_before",
        ),
        needs_root=True,
    ),
    Mutant(
        "a milter's signature stays on a capture",
        "engine/captures.py",
        "                return marker, start\n",
        "                return marker, added\n",
        ("tests/unit/engine/test_captures.py",),
    ),
    Mutant(
        "rspamd is not told of decoys",
        "beside/recipes/rspamd.py",
        '"  apply { whitelist = true; }\\n"',
        '"  apply { }\\n"',
        ("tests/integration/beside/test_milters.py",),
        needs_root=True,
    ),
    Mutant(
        "the FILTER line removed, behind a real Postfix",
        "beside/postfix/containment_config.py",
        '            + self._access(f"FILTER {DECOY_TRANSPORT}:{self._next_hop()}")\n',
        '            + self._access("DUNNO")\n',
        ("tests/integration/beside/test_nothing_leaves.py::test_with_everything_up",),
        needs_root=True,
    ),
    Mutant(
        "the cleanup of notices removed, behind a real Postfix",
        "beside/postfix/containment_config.py",
        '            ("cleanup_service_name", NOTICE_CLEANUP),\n',
        "",
        ("tests/integration/beside/test_nothing_leaves.py::test_with_our_sink_answering_550",),
        needs_root=True,
    ),
)


def copied(folder: Path) -> Path:
    """Copy what the tests need."""
    skip = shutil.ignore_patterns("__pycache__", ".hypothesis", ".*_cache")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=skip)
        elif source.is_file():
            shutil.copy2(source, folder / name)
    return folder


def run(tree: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run tests of the tree against the source of the tree."""
    data = os.environ.get("HONEYPOST_TEST_DATA", str(ROOT.parent / "shared" / "data"))
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HONEYPOST_TEST_DATA": data,
    }
    environment.pop("HONEYPOST_PROOF", None)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        command,
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TEST_SECONDS,
        check=False,
    )


def try_mutant(tree: Path, mutant: Mutant) -> str:
    """Give ``""`` when the mutant was noticed, else what went wrong; the tree is put right."""
    path = tree / "src" / "honeypost" / mutant.file
    if not path.is_file():
        return f"{mutant.file} is not there"
    text = path.read_text()
    if text.count(mutant.anchor) != 1:
        return f"its anchor is {text.count(mutant.anchor)} times in {mutant.file}"
    before = run(tree, mutant.tests)
    if before.returncode != 0:
        return f"its tests do not pass without it\n{before.stdout[-2000:]}"
    path.write_text(text.replace(mutant.anchor, mutant.replacement))
    try:
        after = run(tree, mutant.tests)
    finally:
        path.write_text(text)
    if after.returncode == 0:
        return "nobody noticed"
    if after.returncode != TESTS_FAILED:
        return f"its tests could not be run (pytest: {after.returncode})\n{after.stdout[-2000:]}"
    return ""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Does a test notice a safeguard taken away?")
    parser.add_argument("words", nargs="*", help="words of the mutants' names; all when none")
    words = parser.parse_args(arguments).words
    wanted = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    if not wanted:
        parser.error("no mutant is named so")
    noticed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="honeypost-mutants-") as folder:
        tree = copied(Path(folder))
        for mutant in wanted:
            if mutant.needs_root and os.geteuid() != 0:
                skipped += 1
                print(f"skipped  {mutant.name} (needs root)")
                continue
            problem = try_mutant(tree, mutant)
            noticed += not problem
            print(f"{'PROBLEM' if problem else 'noticed'}  {mutant.name}", flush=True)
            if problem:
                print(f"         {problem}")
    tried = len(wanted) - skipped
    print(
        f"measured: {noticed} of {tried} mutants noticed" + (f", {skipped} skipped" * bool(skipped))
    )
    return 0 if noticed == tried else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
