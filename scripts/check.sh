#!/usr/bin/env bash
# Everything that needs no Debian package: lint, form, types, import contracts, unit tests.
#
#   scripts/check.sh        all of it, under a minute
#   scripts/check.sh lint   without the tests
#
# Runs every step even after a failure and says at the end which ones failed.
set -uo pipefail
cd "$(dirname "$0")/.."

bin=.venv/bin
failed=()

step() {
    local name=$1
    shift
    local begun=$SECONDS
    if "$@"; then
        echo "check: $name ok, $((SECONDS - begun)) s"
    else
        echo "check: $name FAILED" >&2
        failed+=("$name")
    fi
}

step lint "$bin/ruff" check --quiet src tests bench scripts
step form "$bin/ruff" format --check --quiet src tests bench scripts
step types "$bin/mypy"
step imports "$bin/lint-imports" --no-logo
if [[ ${1:-} != lint ]]; then
    folders=()
    for folder in tests/unit tests/property tests/transcripts tests/docs; do
        if [[ -d $folder ]]; then folders+=("$folder"); fi
    done
    # A short path, as in test.sh.
    scratch=$(mktemp -d /tmp/hp.XXXX)
    trap 'rm -rf "$scratch"' EXIT
    step tests "$bin/python" -m pytest -q --basetemp "$scratch/t" -n "${WORKERS:-auto}" --dist worksteal "${folders[@]}"
fi

if [[ ${#failed[@]} -gt 0 ]]; then
    echo "check: failed: ${failed[*]}" >&2
    exit 1
fi
echo "check: all ok, $SECONDS s"
