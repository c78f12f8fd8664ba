#!/usr/bin/env bash
# Does a mail server of the host's own run here?  Says which and exits 0; exits 1 when none.
#
# Private daemons of the tests listen on free high ports and belong to no systemd unit, so
# they are never taken for the host's own.  /proc is read because ss need not be installed.
# PROC_NET is for the test.
set -euo pipefail

net=${PROC_NET:-/proc/net}
ports=(25 110 143 465 587 993 995)
found=()

listens() {
    local port
    port=$(printf '%04X' "$1")
    # Without IPv6 there is no tcp6.
    { cat "$net/tcp" "$net/tcp6" 2>/dev/null || true; } |
        awk -v port=":$port" '$4 == "0A" && substr($2, length($2) - 4) == port { hit = 1 }
            END { exit !hit }'
}

for port in "${ports[@]}"; do
    if listens "$port"; then found+=("port $port"); fi
done
if command -v systemctl >/dev/null; then
    for unit in postfix dovecot exim4 sendmail; do
        if [[ $(systemctl is-active "$unit" 2>/dev/null) == active ]]; then found+=("$unit"); fi
    done
fi

[[ ${#found[@]} -gt 0 ]] || exit 1
(IFS=,; echo "${found[*]}" | sed 's/,/, /g')
