"""Opening databases for a test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from speql_engines import Engine, open_engine

Open = Callable[..., Awaitable[Engine]]


@asynccontextmanager
async def opening(url: str) -> AsyncIterator[Open]:
    """What opens the database of that name, with the options that it is given; all are closed in the end."""
    engines: list[Engine] = []

    async def open_database(**options: bool) -> Engine:
        engines.append(await open_engine(url, **options))
        return engines[-1]

    try:
        yield open_database
    finally:
        for engine in engines:
            await engine.close()
