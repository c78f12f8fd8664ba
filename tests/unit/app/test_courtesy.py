"""The worker rests while processors are short, and never for ever."""

from __future__ import annotations

import pytest

from honeypost.app import courtesy
from honeypost.app.courtesy import PAUSE_SECONDS, REST_SECONDS, STINT_SECONDS, Courtesy


class Machine:
    """Goes forward when somebody works or sleeps."""

    def __init__(self, *, idle: float = 0.0, processors: int = 2) -> None:
        self.now = 100.0
        self.idle = idle
        """Processors that nobody uses."""
        self.idled = 1e6
        self.slept = 0.0
        self.courtesy = Courtesy(lambda: self.now, self.tell, self.sleep, processors)

    def tell(self) -> float:
        return self.idled

    def work(self, seconds: float) -> None:
        self.now += seconds
        self.idled += seconds * self.idle

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.work(seconds)

    async def give_way(self) -> float:
        """Give the seconds that it took."""
        begun = self.now
        await self.courtesy.give_way()
        return self.now - begun


@pytest.mark.parametrize(("processors", "idle"), [(1, 0.55), (2, 0.8), (64, 0.8)])
async def test_there_is_no_rest_while_a_processor_is_idle(processors, idle):
    machine = Machine(idle=idle, processors=processors)
    for _ in range(20):
        assert await machine.give_way() == 0
        machine.work(STINT_SECONDS / 3)


@pytest.mark.parametrize(("processors", "idle"), [(1, 0.4), (2, 0.6), (64, 0.6)])
async def test_while_processors_are_short_it_works_a_tenth_of_the_time(processors, idle):
    machine = Machine(idle=idle, processors=processors)
    await machine.give_way()
    begun = machine.now
    while machine.slept < 10 * REST_SECONDS:
        await machine.give_way()
        machine.work(STINT_SECONDS / 4)
    share = 1 - machine.slept / (machine.now - begun)
    assert 0.05 < share < 0.15


async def test_it_goes_on_soon_after_there_is_one_again():
    machine = Machine()
    await machine.give_way()
    machine.work(STINT_SECONDS)

    async def relief(seconds: float) -> None:
        await Machine.sleep(machine, seconds)
        machine.idle = 1.0

    machine.courtesy._sleep = relief
    assert await machine.give_way() == pytest.approx(2 * PAUSE_SECONDS)


async def test_without_knowing_there_is_no_rest():
    machine = Machine()

    def silent() -> float:
        raise OSError

    machine.courtesy._idle = silent
    machine.work(10)
    assert await machine.give_way() == 0


def test_the_kernel_tells_what_was_idle():
    assert courtesy.idle_seconds() >= 0
