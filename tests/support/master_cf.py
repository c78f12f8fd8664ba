"""The services of a stock master.cf that Postfix itself calls."""

from __future__ import annotations

_INTERNAL = """\
pickup     unix  n       -       {chroot}       60      1       pickup
cleanup    unix  n       -       {chroot}       -       0       cleanup
qmgr       unix  n       -       n       300     1       qmgr
tlsmgr     unix  -       -       {chroot}       1000?   1       tlsmgr
rewrite    unix  -       -       {chroot}       -       -       trivial-rewrite
bounce     unix  -       -       {chroot}       -       0       bounce
defer      unix  -       -       {chroot}       -       0       bounce
trace      unix  -       -       {chroot}       -       0       bounce
verify     unix  -       -       {chroot}       -       1       verify
flush      unix  n       -       {chroot}       1000?   0       flush
proxymap   unix  -       -       n       -       -       proxymap
proxywrite unix  -       -       n       -       1       proxymap
smtp       unix  -       -       {chroot}       -       -       smtp
showq      unix  n       -       {chroot}       -       -       showq
error      unix  -       -       {chroot}       -       -       error
retry      unix  -       -       {chroot}       -       -       error
discard    unix  -       -       {chroot}       -       -       discard
local      unix  -       n       n       -       -       local
virtual    unix  -       n       n       -       -       virtual
lmtp       unix  -       -       {chroot}       -       -       lmtp
anvil      unix  -       -       {chroot}       -       1       anvil
scache     unix  -       -       {chroot}       -       1       scache
postlog    unix-dgram n  -       n       -       1       postlogd
"""


def internal_services(*, chroot: bool) -> str:
    """Give them one a line, all but ``relay``; with ``chroot`` as Debian's package has them."""
    return _INTERNAL.format(chroot="y" if chroot else "n")
