"""A catalog that is read again after writes, and looked at in the background for what others change."""

import asyncio
from collections.abc import Callable

import pytest

from speql_engines import EngineError
from speql_engines.watched_catalog import WatchedCatalog
from speql_sql import Catalog, Table


class Source:
    """Gives the catalog that a test says, when it says so."""

    def __init__(self) -> None:
        self.found = Catalog(version="1")
        self.part: Catalog | None = None
        self.error: Exception | None = None
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.begun = 0
        self.cancelled = 0
        self.now = 0.0

    async def read(self, progress: Callable[[Catalog], None]) -> Catalog:
        self.begun += 1
        if self.part is not None:
            progress(self.part)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return self.found

    def watched(self) -> WatchedCatalog:
        return WatchedCatalog(self.read, lambda _: 60.0, clock=lambda: self.now)


async def turns() -> None:
    """Let what is ready run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_it_is_read_once_and_again_after_a_write():
    source = Source()
    watched = source.watched()
    first = await watched.catalog(1)

    assert await watched.catalog(1) is first
    source.found = Catalog(version="2")
    assert await watched.catalog(2) is source.found
    assert source.begun == 2


async def test_what_others_change_is_looked_for_in_the_background():
    source = Source()
    watched = source.watched()
    first = await watched.catalog(1)
    source.now, source.found = 61.0, Catalog(version="2")

    assert await watched.catalog(1) is first
    await turns()

    assert await watched.catalog(1) is source.found
    assert source.begun == 2


async def test_one_that_is_the_same_stays_the_same_object():
    source = Source()
    watched = source.watched()
    first = await watched.catalog(1)
    source.now, source.found = 61.0, Catalog(version="1")

    await watched.catalog(1)
    await turns()

    assert source.begun == 2
    assert await watched.catalog(1) is first


async def test_if_it_cannot_be_looked_at_what_is_known_stays():
    source = Source()
    watched = source.watched()
    first = await watched.catalog(1)
    source.now, source.error = 61.0, EngineError("gone")

    await watched.catalog(1)
    await turns()

    assert await watched.catalog(1) is first
    assert source.begun == 2


async def test_who_waits_is_told_why_it_cannot_be_read():
    source = Source()
    watched = source.watched()
    source.error = EngineError("gone")

    with pytest.raises(EngineError, match="gone"):
        await watched.catalog(1)

    source.error = None
    assert await watched.catalog(1) is source.found


async def test_of_a_large_one_what_is_known_so_far_is_given_at_once():
    source = Source()
    watched = source.watched()
    source.part = Catalog((Table("t", (), listed_only=True),), version="names", partial=True)
    source.may_end.clear()

    assert await watched.catalog(1) is source.part
    assert await watched.catalog(1) is source.part
    source.may_end.set()
    await turns()

    assert await watched.catalog(1) is source.found
    assert source.begun == 1


async def test_a_reading_that_nobody_waits_for_any_more_is_stopped():
    source = Source()
    watched = source.watched()
    source.may_end.clear()
    one, other = (asyncio.ensure_future(watched.catalog(1)) for _ in range(2))
    await turns()

    one.cancel()
    await asyncio.wait({one})
    assert source.cancelled == 0
    other.cancel()
    await asyncio.wait({other})

    assert source.cancelled == 1
    source.may_end.set()
    assert await watched.catalog(1) is source.found


async def test_a_closed_one_reads_no_more():
    source = Source()
    watched = source.watched()
    source.may_end.clear()
    waiting = asyncio.ensure_future(watched.catalog(1))
    await turns()

    await watched.close()

    assert source.cancelled == 1
    with pytest.raises(EngineError):
        await waiting
    with pytest.raises(EngineError):
        await watched.catalog(1)
