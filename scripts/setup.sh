#!/usr/bin/env bash
# Make a virtual environment from the locks.  A second run with the same locks does nothing.
#
#   scripts/setup.sh runtime .venv-demo   what operators get: no test tools
#   scripts/setup.sh check .venv          that and the tools of `make test`
#   scripts/setup.sh bench .venv          that and what the benchmarks compare us with
#
# PYTHON names another interpreter (3.11 or newer).  NO_APT=1 forbids to install python3-venv.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:?runtime, check or bench}
venv=${2:?folder of the environment}
python=${PYTHON:-python3}

fail() {
    echo "setup: $*" >&2
    exit 1
}

case $kind in
    runtime) locks=(runtime) ;;
    check) locks=(check) ;;
    bench) locks=(check bench) ;;
    *) fail "unknown kind $kind: runtime, check or bench" ;;
esac

# Two `make` at once must not write into one environment.
exec 9>"$venv.lock"
flock 9

files=(pyproject.toml requirements/build.lock)
for lock in "${locks[@]}"; do files+=("requirements/$lock.lock"); done
stamp="$venv/.honeypost-$kind"
wanted="$(cat "${files[@]}" | sha256sum | cut -d' ' -f1) $PWD"
[[ -x $venv/bin/python && -f $stamp && $(<"$stamp") == "$wanted" ]] && exit 0

command -v "$python" >/dev/null || fail "$python is not installed; Python 3.11 or newer is needed"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old; name a newer one: make PYTHON=python3.12 ..."

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [[ $(id -u) == 0 && -z ${NO_APT:-} ]] && command -v apt-get >/dev/null; then
        echo "setup: installing python3-venv (NO_APT=1 forbids)"
        scripts/packages.sh --only python3-venv
    else
        fail "python3-venv is missing; as root: apt-get install python3-venv"
    fi
fi

echo "setup: $venv from ${locks[*]/%/.lock}"
[[ -x $venv/bin/python ]] || "$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip -qq --disable-pip-version-check)
"${pip[@]}" install --require-hashes -r requirements/build.lock
for lock in "${locks[@]}"; do
    "${pip[@]}" install --require-hashes -r "requirements/$lock.lock"
done
"${pip[@]}" install --no-deps --no-build-isolation --editable .
echo "$wanted" >"$stamp"
