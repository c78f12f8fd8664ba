#!/usr/bin/env bash
# All tests, with the coverage of all processes together.
#
# First what may run side by side, then what drives real daemons (marker `real`), whole files
# side by side: each file has its own namespaces and free ports, and shares its daemons within.
# Those wait for daemons half of the time, so one more runs than there are processors.
# Children and xdist workers are measured too.  What cannot run for lack of root or of a
# package is skipped aloud at home and fails in CI (tests/conftest.py).
set -euo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
export COVERAGE_FILE="$PWD/.coverage"
rm -f .coverage .coverage.*

# A short path: the name of a socket has 107 bytes, and pytest's own folder grows with each run.
scratch=$(mktemp -d /tmp/hp.XXXX)
trap 'rm -rf "$scratch"' EXIT

failed=0
run() {
    # Exit code 5 is "no test collected": such a part is empty, which is no failure.
    "$python" -m coverage run -m pytest -q --basetemp "$scratch/t" "$@" || [[ $? == 5 ]] || failed=1
}

run -n "${WORKERS:-auto}" --dist worksteal -m "not real"
run -n "${WORKERS:-$(($(nproc) + 1))}" --dist loadfile --no-loadscope-reorder \
    -m real

"$python" -m coverage combine --quiet
"$python" -m coverage report || failed=1
exit "$failed"
