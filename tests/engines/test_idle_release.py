"""What is done while nothing is used, step by step."""

import asyncio

import pytest

from speql_engines.idle_release import IdleRelease


class Steps:
    """Two steps that note when they are taken; each fails while it is told to, and waits at a gate."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.fails = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def take(self, name: str) -> bool:
        await self.gate.wait()
        self.taken.append(name)
        self.fails -= 1
        return self.fails < 0


@pytest.fixture
async def steps() -> Steps:
    return Steps()


@pytest.fixture
async def idle(steps: Steps, timers) -> IdleRelease:
    made = IdleRelease([(5, lambda: steps.take("rest")), (600, lambda: steps.take("forget"))], timers.call_later)
    made.start()
    return made


def delays(timers) -> list[float]:
    return [delay for delay, _ in timers.waiting]


async def fired(timers, idle: IdleRelease) -> None:
    timers.fire()
    await asyncio.gather(*idle._releasing)


async def test_the_steps_come_one_after_the_other_and_no_more(steps, idle, timers) -> None:
    assert delays(timers) == [5]
    await fired(timers, idle)
    assert (steps.taken, delays(timers)) == (["rest"], [600])
    await fired(timers, idle)
    assert (steps.taken, delays(timers)) == (["rest", "forget"], [])


async def test_a_use_begins_anew(steps, idle, timers) -> None:
    await fired(timers, idle)
    with idle.in_use():
        assert delays(timers) == []
    assert delays(timers) == [5]


async def test_a_step_that_fails_is_taken_again(steps, idle, timers) -> None:
    steps.fails = 1
    await fired(timers, idle)
    assert (steps.taken, delays(timers)) == (["rest"], [5])


async def test_a_use_while_a_step_is_taken_is_not_forgotten(steps, idle, timers) -> None:
    steps.gate.clear()
    timers.fire()
    await asyncio.sleep(0)
    with idle.in_use():
        pass
    assert delays(timers) == [5]
    steps.gate.set()
    await asyncio.gather(*idle._releasing)
    assert delays(timers) == [5]
