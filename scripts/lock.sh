#!/usr/bin/env bash
# Write the lock files anew from pyproject.toml: exact versions with the hashes of their files.
#
#   scripts/lock.sh            keep the versions that are locked, change only what must change
#   scripts/lock.sh --upgrade  take the newest of everything
#
# runtime.lock is what `make demo` and operators install; check.lock holds that and the tools
# of `make test`; bench.lock what the benchmarks measure us against; build.lock builds the
# package itself.  No lock names the place that packages come from: that is pip's own setting.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v uv >/dev/null || { echo "lock: needs uv (pip install uv)" >&2; exit 1; }

compile() {
    local output=$1
    shift
    UV_CUSTOM_COMPILE_COMMAND="scripts/lock.sh" uv pip compile --quiet --universal \
        --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
        --output-file "requirements/$output" "$@"
}

compile build.lock "$@" --group build
compile runtime.lock "$@" pyproject.toml
compile check.lock "$@" --extra fast --group check --constraint requirements/runtime.lock \
    --constraint requirements/build.lock pyproject.toml
compile bench.lock "$@" --group bench --constraint requirements/check.lock
