"""The password chain in Dovecot's configuration: the site's own, guard, decoys; prefetch first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, red
from honeypost.beside.survey.site import Passdb, belongs_to_us

MEND = "honeypost detach and honeypost attach --apply write it anew; do not reload Dovecot before"

CACHE_KEY = re.compile(r"\bcache_key=\S")
"""An empty one kills the auth process; ``doveconf`` does not show which it is."""


def look(case: Case) -> Iterator[Result]:
    """Look at what the next reload of Dovecot would take."""
    problems = list(_problems(case))
    for problem in problems:
        yield red(problem, MEND)
    if not problems:
        yield ok("real users, then guard, then decoys; a decoy brings its own home")


def _problems(case: Case) -> Iterator[str]:
    dovecot = case.site.dovecot
    ours = [p for p in dovecot.passdbs if belongs_to_us(p.settings)]
    scripts = [_script(p) for p in ours]
    if scripts != ["guard.lua", "decoy.lua"]:
        yield f"the chain should end in guard.lua, decoy.lua; it has {', '.join(scripts) or 'none'}"
        return
    if tuple(dovecot.passdbs[-2:]) != tuple(ours):
        yield "a password database of the site's stands behind ours"
    yield from _wrong_guard(ours)
    if dovecot.dialect == "2.3" and not CACHE_KEY.search(ours[1].args):
        yield "the decoy script has no cache key: a guess may be answered from another's"
    if not dovecot.userdbs or dovecot.userdbs[0].driver != "prefetch":
        yield "prefetch is not the first user database: decoys would be looked up as real users"


def _wrong_guard(ours: Sequence[Passdb]) -> Iterator[str]:
    for setting in ("result_failure", "result_internalfail"):
        if ours[0].settings.get(setting) != "return-fail":
            yield f"the guard has no {setting} = return-fail: real users would reach the decoys"


def _script(passdb: Passdb) -> str:
    named = passdb.settings.get("lua_file") or passdb.args.removeprefix("file=").split(" ")[0]
    return named.rpartition("/")[2]


CHECK = Check(
    "chain",
    "Dovecot's password chain ends in guard and decoys, in this order.",
    "`doveconf` is asked for what the next reload would take.",
    look,
)
