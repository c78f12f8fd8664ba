#!/usr/bin/env bash
# Install the Debian packages that the tests need, as far as that harms nobody.
#
#   scripts/packages.sh              all of requirements/debian.txt
#   scripts/packages.sh --only NAME  one package
#
# Installs only as root, only where no mail server of the host's own runs, and only what is
# missing; NO_APT=1 forbids.  No package starts a service: not now (a policy-rc.d that says
# 101 stands in the way, and the one that was there comes back even after a failure), and not
# at the next boot (units that came with this run are disabled).  POLICY_RC_D is for the test.
set -euo pipefail
cd "$(dirname "$0")/.."

policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
kept=$policy.honeypost-kept
mark='# honeypost: no service starts while packages are being installed'

say() { echo "packages: $*"; }

is_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

wanted() {
    if [[ ${1:-} == --only ]]; then echo "$2"; else grep -v '^#' requirements/debian.txt; fi
}

restore_policy() {
    # Ours is there: from this run, or from one that was killed.
    if [[ -f $policy ]] && grep -qF "$mark" "$policy"; then rm -f "$policy"; fi
    if [[ -e $kept || -L $kept ]]; then mv -f "$kept" "$policy"; fi
}

forbid_starts() {
    restore_policy
    if [[ -e $policy || -L $policy ]]; then mv -f "$policy" "$kept"; fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
}

disable_new_units() {
    command -v systemctl >/dev/null || return 0
    local package unit
    for package in "$@"; do
        while read -r unit; do
            systemctl --quiet disable "${unit##*/}" 2>/dev/null || true
        done < <(dpkg -L "$package" | grep -E '/systemd/system/[^/@]+\.(service|socket)$')
    done
}

command -v dpkg-query >/dev/null || { say "not a Debian system: nothing is installed"; exit 0; }
missing=()
while read -r package; do
    is_installed "$package" || missing+=("$package")
done < <(wanted "$@")
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ -n ${NO_APT:-} ]]; then
    say "NO_APT is set; not installed, their tests are skipped: ${missing[*]}"
    exit 0
elif [[ $(id -u) != 0 ]]; then
    say "not root; not installed, their tests are skipped: ${missing[*]}"
    exit 0
elif running=$(scripts/live_host.sh); then
    say "a mail server runs here ($running); not installed: ${missing[*]}"
    exit 0
fi

say "installing ${missing[*]}; no service is started (NO_APT=1 forbids)"
trap restore_policy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
forbid_starts
export DEBIAN_FRONTEND=noninteractive
# A Postfix that would only ever serve this machine, should somebody start it one day.
if [[ " ${missing[*]} " == *" postfix "* ]] && command -v debconf-set-selections >/dev/null; then
    echo "postfix postfix/main_mailer_type select Local only" | debconf-set-selections
fi
install=(apt-get install --yes --quiet --no-install-recommends -o Dpkg::Use-Pty=0)
log=$(mktemp)
if ! "${install[@]}" "${missing[@]}" >"$log" 2>&1; then
    apt-get update --quiet >>"$log" 2>&1 && "${install[@]}" "${missing[@]}" >>"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        rm -f "$log"
        echo "packages: apt-get could not install them (see above)" >&2
        exit 1
    }
fi
rm -f "$log"
disable_new_units "${missing[@]}"
