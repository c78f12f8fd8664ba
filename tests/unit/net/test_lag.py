"""How late the loop is."""

from __future__ import annotations

from honeypost.net.lag import INTERVAL_SECONDS, LagMeter
from support.net_parts import Wind


def test_the_worst_delay_is_kept_until_it_is_taken() -> None:
    timer = Wind()
    late = 0.0
    meter = LagMeter(lambda: timer.now + late, timer)
    meter.start()
    timer.advance(INTERVAL_SECONDS)
    assert meter.take_worst() == 0
    late = 0.2
    timer.advance(INTERVAL_SECONDS)
    timer.advance(INTERVAL_SECONDS)
    assert round(meter.take_worst(), 6) == 0.2
    assert meter.take_worst() == 0
    assert round(meter.worst_ever, 6) == 0.2


def test_a_stopped_meter_measures_nothing() -> None:
    timer = Wind()
    meter = LagMeter(lambda: timer.now, timer)
    meter.stop()
    meter.start()
    meter.stop()
    assert timer.pending == []
