"""The engine that a server's documents share, from its opening to its end."""

import asyncio
from collections.abc import Awaitable, Callable

from speql_engines import ConnectionFailedError, Engine
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Store
from speql_server import protocol
from speql_server.column_value_cache import ColumnValueCache
from speql_server.completion_offers import CompletionOffers
from speql_server.history_directory import history_directory
from speql_server.prediction import Predictor
from speql_server.settings import ServerSettings
from speql_speculator.completing.name_index import NameIndex, name_index
from speql_sql import Catalog, FunctionSignature, SpeqlError

OpenEngine = Callable[[ServerSettings], Awaitable[Engine]]


_MANY_TABLES = 2_000
"""An index of more takes longer to make than a completion may take."""


class Connection:
    """An open engine with its store of temp tables. `failure` says why it is not the database that was asked for."""

    def __init__(
        self,
        engine: Engine,
        scheduler_settings: SchedulerSettings,
        failure: str = "",
        predictor: Predictor | None = None,
        *,
        values: bool = False,
    ) -> None:
        self.engine = engine
        self.failure = failure
        self.scheduler_settings = scheduler_settings
        self.store = Store(engine, scheduler_settings.byte_budget)
        self.predictor = predictor or Predictor(engine)
        self.values = ColumnValueCache(engine, enabled=values)
        self.offers = CompletionOffers()
        self._tables = 0
        self._indexing: tuple[Catalog, asyncio.Future[NameIndex]] | None = None
        self._functions: asyncio.Task[tuple[FunctionSignature, ...]] | None = None

    async def catalog(self) -> Catalog:
        """The catalog as it is now."""
        catalog = await self.engine.catalog()
        self._tables = len(catalog.tables)
        if self._tables > _MANY_TABLES:
            self._index(catalog)
        return catalog

    async def indexed(self, catalog: Catalog) -> None:
        """Wait until names of a catalog can be looked up."""
        await asyncio.shield(self._index(catalog))

    def functions(self) -> "asyncio.Task[tuple[FunctionSignature, ...]]":
        """The functions of the engine; asked for again once they are there."""
        if self._functions is None or self._functions.done():
            self._functions = asyncio.get_running_loop().create_task(self.engine.functions(), name="functions")
            # Looked at, or asyncio would report an error that nobody has waited for.
            self._functions.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._functions

    def _index(self, catalog: Catalog) -> "asyncio.Future[NameIndex]":
        """The index of a catalog's names, made in a thread; of a large catalog as soon as that is there."""
        if self._indexing is None or self._indexing[0] is not catalog:
            self._indexing = catalog, asyncio.get_running_loop().run_in_executor(None, indexed, catalog)
        return self._indexing[1]

    def message(self) -> protocol.Connection:
        """What to show of the connection."""
        info = self.engine.info
        return protocol.Connection(
            state="failed" if self.failure else "open",
            label=info.label,
            engine=info.engine,
            version=info.version,
            writable=info.writable,
            tables=self._tables,
            message=self.failure or self.predictor.problem,
        )

    def budget(self) -> protocol.Budget:
        """What the temp tables hold, of what they may."""
        return protocol.Budget(bytes_held=self.store.bytes, bytes_allowed=self.store.byte_budget)

    async def close(self) -> None:
        """Drop the temp tables and close the engine."""
        await self.predictor.close()
        await self.values.close()
        if self._functions is not None:
            self._functions.cancel()
            await asyncio.gather(self._functions, return_exceptions=True)
        if self._indexing is not None:
            await asyncio.gather(self._indexing[1], return_exceptions=True)
        await self.store.close()
        await self.engine.close()


def indexed(catalog: Catalog) -> NameIndex:
    """The index of a catalog's names with all that is looked up in it."""
    index = name_index(catalog)
    index.columns  # noqa: B018 - worked out here, so that no completion waits for it
    return index


async def open_connection(
    settings: ServerSettings, open_engine: OpenEngine, scheduler_settings: SchedulerSettings
) -> Connection:
    """Open the database of the settings; if that fails, an empty one in memory, with the reason in `failure`."""
    try:
        engine, failure = await open_engine(settings), ""
    except ConnectionFailedError as error:
        in_memory = ServerSettings(workspace=settings.workspace, writable=True)
        engine = await open_engine(in_memory)
        failure = f"{error} SpeQL goes on with an empty database in memory."
    values = settings.completion_values
    connection = Connection(
        engine,
        scheduler_settings,
        failure,
        predictor_of(engine, settings, failure),
        values=settings.speculate and (engine.info.engine == "DuckDB" if values is None else values),
    )
    try:
        await connection.catalog()
    except SpeqlError as error:
        connection.failure = connection.failure or f"The tables could not be read: {error}"
    return connection


def predictor_of(engine: Engine, settings: ServerSettings, failure: str = "") -> Predictor:
    """Predictions from the history of the database that the settings name, unless that is switched off."""
    database = None if failure else settings.database
    directory = history_directory(engine.info.engine.lower(), database) if settings.history else None
    return Predictor(engine, directory, settings.history_limit)


async def open_engine_of(settings: ServerSettings) -> Engine:
    """The engine that the settings name."""
    from speql_engines.connections import open_engine

    return await open_engine(settings.database, workspace=settings.workspace, writable=settings.writable)
