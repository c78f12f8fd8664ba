"""
The edge's part of the late bounce, put together; the worker's is :mod:`.judging`.

Both run as soon as there is a listener for it, also while it is switched off: what Postfix still
has in its queue must be answered.
"""

from __future__ import annotations

import time

from honeypost.config.schema import Config, Paths
from honeypost.engine.bounces import Bounces
from honeypost.engine.director import Director
from honeypost.engine.journal import Journal
from honeypost.engine.spending import Spending
from honeypost.stores.judgements import JudgementView
from honeypost.stores.segments import SegmentStore


def is_served(config: Config) -> bool:
    """Is there anything to do for it?"""
    return bool(config.listeners.limbo) or config.late_bounce.mode == "on"


def new_bounces(
    config: Config,
    paths: Paths,
    segments: SegmentStore,
    *,
    spending: Spending,
    journal: Journal,
    director: Director,
) -> Bounces:
    """Make the edge's part; it remembers what the captures tell."""
    bounces = Bounces(
        config.late_bounce,
        segments,
        spending=spending,
        judgements=JudgementView(paths.judgements),
        journal=journal,
        clock=time.time,
        is_decoy=director.is_decoy,
        hurried=paths.settling.exists,
    )
    if is_served(config):
        bounces.restore(segments.captures())
    return bounces
