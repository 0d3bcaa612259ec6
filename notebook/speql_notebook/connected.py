"""An open connection of this process, with what its sessions and language servers share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from speql_engines import Engine
from speql_engines.connections import UserConnection, borrow_engine, open_engine
from speql_scheduler.running.settings import SchedulerSettings
from speql_server.app import SpeqlServer, create_server
from speql_server.clock import Clock
from speql_server.connecting.connection import Connection, open_engine_of, predictor_of
from speql_server.connecting.governing import govern
from speql_server.connecting.profile import ConnectionProfile
from speql_server.executors import Executors
from speql_server.outlets import Outlets
from speql_server.session import Session
from speql_server.settings import ServerSettings

Database = str | UserConnection | None
"""The path of a DuckDB file, a connection of the user's own, or None for an empty database in memory."""


class Connected:
    """Lives on the background loop. Sessions and servers that are made of it share its temp tables."""

    def __init__(self, connection: Connection, settings: ServerSettings, catch_up: Callable[[], None]) -> None:
        self.connection = connection
        self.settings = settings
        self.clock = Clock()
        self.catch_up = catch_up
        """To be called on the user's thread when the user types or submits; see `DuckDBEngine.catch_up`."""
        self._threads = tuple(ThreadPoolExecutor(1, f"speql-notebook-{name}") for name in ("analysis", "replies"))
        self._executors = Executors(analysis=self._threads[0], replies=self._threads[1])

    @classmethod
    async def open(cls, database: Database, *, writable: bool) -> "Connected":
        """Open a database, or work on the user's own connection.

        Raises :class:`~speql_engines.ConnectionFailedError`.
        """
        settings = ServerSettings(workspace=Path.cwd(), writable=writable)
        catch_up: Callable[[], None] = _nothing
        engine: Engine
        if database is None or isinstance(database, str):
            engine, named = await open_engine(database, workspace=Path.cwd(), writable=writable), database
        else:
            borrowed, named = await borrow_engine(database), None
            engine, catch_up = borrowed, borrowed.catch_up
        return await cls._of(engine, named, settings, catch_up)

    @classmethod
    async def open_profile(cls, profile: ConnectionProfile) -> "Connected":
        """Open the database of a connection that has a name; raises as `open` does."""
        engine = await open_engine_of(profile)
        settings = ServerSettings(workspace=Path.cwd(), writable=profile.writable, speculation=profile.speculation)
        return await cls._of(engine, profile.database, settings, _nothing)

    @classmethod
    async def _of(
        cls, engine: Engine, named: str | None, settings: ServerSettings, catch_up: Callable[[], None]
    ) -> "Connected":
        engine, consented = await govern(engine, named, settings.speculation)
        predictor = predictor_of(engine, ServerSettings(), named)
        scheduler_settings = SchedulerSettings(allowed_paths=(str(Path.cwd()),))
        connection = Connection(engine, scheduler_settings, predictor=predictor, consented=consented)
        return cls(connection, settings, catch_up)

    @property
    def label(self) -> str:
        """What to call it."""
        return self.connection.engine.info.label

    def session(self, outlets: Outlets) -> Session:
        """A session of its own for one text, whose positions count code points."""
        return Session(self.connection, self._executors, self.settings, self.clock, "utf-32", outlets)

    def server(self) -> SpeqlServer:
        """A language server for one client, on this connection."""
        return create_server(self.settings, clock=self.clock, lent=self.connection)

    async def close(self) -> None:
        """Stop what runs, drop the temp tables, release the file and end the threads. Sessions have ended before."""
        await self.connection.close()
        for thread in self._threads:
            thread.shutdown(wait=True, cancel_futures=True)


def _nothing() -> None:
    """Nobody but us changes what is ours, or the engine sees it by itself."""
