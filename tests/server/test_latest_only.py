import asyncio
import logging

import pytest

from speql_server.latest_only import LatestOnly


class Gate:
    """Work that waits until it is let through."""

    def __init__(self, result: str) -> None:
        self.result = result
        self.started = asyncio.Event()
        self.opened = asyncio.Event()
        self.cancelled = False

    async def __call__(self) -> str:
        self.started.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.result


async def test_a_new_request_cancels_the_one_before() -> None:
    published: list[str] = []
    latest: LatestOnly[str] = LatestOnly("test")
    first, second = Gate("first"), Gate("second")
    latest.submit(first, published.append)
    await first.started.wait()
    latest.submit(second, published.append)
    second.opened.set()
    await latest.settled()
    assert first.cancelled
    assert published == ["second"]
    assert not latest.busy


async def test_work_that_outlives_its_cancellation_is_not_published() -> None:
    published: list[str] = []
    latest: LatestOnly[str] = LatestOnly("test")
    started = asyncio.Event()

    async def stubborn() -> str:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "stale"
        return "unreachable"

    latest.submit(stubborn, published.append)
    await started.wait()
    latest.cancel()
    await latest.settled()
    assert published == []


async def test_the_quiet_time_comes_first() -> None:
    slept: list[float] = []
    woken = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await woken.wait()

    published: list[str] = []
    latest: LatestOnly[str] = LatestOnly("test", sleep=sleep)
    overtaken, newest = Gate("overtaken"), Gate("newest")
    newest.opened.set()
    latest.submit(overtaken, published.append, quiet_seconds=0.6)
    await asyncio.sleep(0)
    latest.submit(newest, published.append, quiet_seconds=0.5)
    await asyncio.sleep(0)
    assert not newest.started.is_set()
    woken.set()
    await latest.settled()
    assert slept == [0.6, 0.5]
    assert not overtaken.started.is_set()
    assert published == ["newest"]


async def test_errors_are_logged_and_cancellations_are_not(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> str:
        raise ValueError("a bug")

    latest: LatestOnly[str] = LatestOnly("the work")
    with caplog.at_level(logging.DEBUG):
        latest.submit(fail, lambda _: None)
        await latest.settled()
        waiting = Gate("never")
        latest.submit(waiting, lambda _: None)
        await waiting.started.wait()
        await latest.close()
    assert [(record.levelname, record.message) for record in caplog.records if record.name.startswith("speql")] == [
        ("ERROR", "the work failed")
    ]
    assert waiting.cancelled


async def test_an_error_while_publishing_is_logged_and_the_next_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    published: list[str] = []
    latest: LatestOnly[str] = LatestOnly("the work")

    def refuse(_: str) -> None:
        raise ValueError("a bug")

    first, second = Gate("first"), Gate("second")
    first.opened.set()
    second.opened.set()
    latest.submit(first, refuse)
    await latest.settled()
    latest.submit(second, published.append)
    await latest.settled()
    assert published == ["second"]
    assert "the work failed" in caplog.text
