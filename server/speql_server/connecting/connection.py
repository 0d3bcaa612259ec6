"""An engine with all that belongs to it, from its opening to its end."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

import msgspec

from speql_engines import ConnectionFailedError, Engine
from speql_engines.governed.governed_engine import GovernedEngine
from speql_engines.governed.governor import Governor
from speql_engines.governed.settings import SpeculationSettings
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Store
from speql_server import protocol
from speql_server.column_value_cache import ColumnValueCache
from speql_server.completion_offers import CompletionOffers
from speql_server.connecting.governing import govern
from speql_server.connecting.profile import ConnectionProfile
from speql_server.connecting.spending_files import write_consent
from speql_server.history_directory import history_directory
from speql_server.lsp.work_done import StoppedError
from speql_server.prediction import Predictor
from speql_server.settings import ServerSettings
from speql_speculator.completing.name_index import NameIndex, name_index
from speql_sql import Catalog, FunctionSignature, SpeqlError
from speql_sql.database_names import without_password

T = TypeVar("T")

OpenEngine = Callable[[ConnectionProfile], Coroutine[Any, Any, Engine]]

LOOK_AGAIN_SECONDS = 0.25
"""While a large catalog is being read, it is looked so often what of it is there, and less often if nothing new is."""

LONGEST_SECONDS = 2.0

_MANY_TABLES = 2_000
"""An index of more takes longer to make than a completion may take."""


class Run(Protocol):
    """Runs work under a title that may be shown."""

    async def __call__(self, title: str, work: Coroutine[Any, Any, T], /) -> T:
        """Its result."""


async def _run_unseen(title: str, work: Coroutine[Any, Any, T], /) -> T:
    """The result of some work that nobody is told of."""
    del title
    return await work


class Connection:
    """An open engine with its store of temp tables. `failure` says why it is not the database that was asked for."""

    def __init__(
        self,
        engine: Engine,
        scheduler_settings: SchedulerSettings,
        failure: str = "",
        predictor: Predictor | None = None,
        name: str = "",
        database: str | None = None,
        predicts_with: tuple[bool, int] | None = None,
        consented: bool = False,
    ) -> None:
        self.engine = engine
        self.database = database
        self.predicts_with = predicts_with
        """Whether it keeps a history and how long a one, if its predictor goes by the settings."""
        self.name = name
        self.failure = failure
        self.scheduler_settings = scheduler_settings
        self.store = Store(engine, scheduler_settings.byte_budget)
        self.predictor = predictor or Predictor(engine)
        self.values = ColumnValueCache(engine)
        self.offers = CompletionOffers()
        self.catalog_listeners: list[Callable[[], None]] = []
        """Called when more of the catalog is known than when it was last asked for."""
        self.written = False
        """Whether the user has run something that is no query."""
        self.consented = consented
        """Whether the user has said by command what may be spent, which counts before the settings."""
        self._governed = engine if isinstance(engine, GovernedEngine) else None
        self._known = Catalog()
        self._seconds_saved = 0.0
        self._watching: asyncio.Task[None] | None = None
        self._indexing: tuple[Catalog, asyncio.Future[NameIndex]] | None = None
        self._functions: asyncio.Task[tuple[FunctionSignature, ...]] | None = None

    @property
    def tables(self) -> int:
        """How many tables there are, as far as is known."""
        return len(self._known.tables)

    @property
    def holds_tables(self) -> bool:
        """Whether there are tables, or may be since a statement of the user's has made some."""
        return self.tables > 0 or self.written

    @property
    def governor(self) -> Governor | None:
        """What allows what is run ahead; None where nothing is counted."""
        return self._governed.governor if self._governed is not None else None

    @property
    def speculates(self) -> bool:
        """Whether anything may be run ahead at all."""
        return self.governor is None or self.governor.mode != "off"

    def allow(self, settings: SpeculationSettings) -> None:
        """The settings allow this from now on, unless the user has said something else by command."""
        governor = self.governor
        if governor is not None and governor.given != settings and not self.consented:
            governor.change(settings)

    def consent(self, consented: SpeculationSettings | None, settings: SpeculationSettings) -> str:
        """The user says by command what may be spent, or None for what the ``settings`` say; it is kept.

        An empty text, or why it could not be kept: then it holds for this session.
        """
        governor = self.governor
        if governor is None:
            return "Nothing is counted on this connection, so nothing of it can be limited."
        self.consented = consented is not None
        governor.change(consented or settings)
        try:
            write_consent(governor.connection, consented)
        except OSError as error:
            return f"This holds for this session only: it could not be written down ({error.strerror})."
        return ""

    @property
    def knows_all(self) -> bool:
        """Whether the catalog was complete and up to date when it was last asked for."""
        return self._known.certain

    async def catalog(self) -> Catalog:
        """The catalog as it is now; of a large one what is known now, and then `catalog_listeners` hear of more."""
        self._know(await self.engine.catalog())
        if not self._known.certain and (self._watching is None or self._watching.done()):
            self._watching = asyncio.get_running_loop().create_task(self._watch(), name="waiting for the catalog")
        return self._known

    def use_predictor(self, predictor: Predictor) -> Predictor:
        """Predict with another history from now on; the one before, which is to be closed."""
        before, self.predictor = self.predictor, predictor
        return before

    def _know(self, catalog: Catalog) -> None:
        self._known = catalog
        if catalog.certain and len(catalog.tables) > _MANY_TABLES:
            self._index(catalog)  # what is being read still is another one soon: an index is made if somebody asks

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
        if self._indexing is None or self._indexing[0].tables is not catalog.tables:
            self._indexing = catalog, asyncio.get_running_loop().run_in_executor(None, indexed, catalog)
        return self._indexing[1]

    def message(self) -> protocol.Connection:
        """What to show of the connection."""
        info = self.engine.info
        return protocol.Connection(
            name=self.name,
            state="failed" if self.failure else "open",
            label=info.label,
            engine=info.engine,
            version=info.version,
            writable=info.writable,
            tables=self.tables,
            catalog=protocol.CatalogState(
                partial=self._known.partial,
                stale=self._known.stale,
                loaded_at=self._known.loaded_at or None,
            ),
            message=self.failure or self.predictor.problem or self._spending_problem,
            speculation=self._speculation(),
        )

    @property
    def _spending_problem(self) -> str:
        return self.governor.problem if self.governor is not None else ""

    def _speculation(self) -> protocol.ConnectionSpeculation | None:
        if (governor := self.governor) is None:
            return None
        held = governor.held()
        share, hour = governor.of_hour() or (None, "")
        return protocol.ConnectionSpeculation(
            mode=governor.mode,
            paid=governor.is_paid,
            reason=held.message if held is not None else "",
            hour_share=share if share is None else round(share, 3),
            hour=hour,
        )

    def shown(self, answer: Answer) -> None:
        """The user has seen the rows of an answer: what was run for them was of use."""
        if self.governor is not None:
            self.governor.use(answer.result.statement)

    def served(self, answer: Answer) -> None:
        """Count what was saved by an answer that the user has asked for: the time that it would have taken, less what
        it took. Where it was computed on base tables, or that time is not known, nothing was.
        """
        self.shown(answer)
        if answer.direct_seconds is not None and (answer.served_from or "cached" in answer.states):
            saved = max(0.0, answer.direct_seconds - answer.seconds)
            self._seconds_saved += saved
            if self._governed is not None:
                direct = self._governed.known_estimate(answer.direct_sql)
                self._governed.governor.served(answer.result.statement, saved, direct)

    def budget(self) -> protocol.Budget:
        """What the temp tables hold, of what they may; what was spent ahead of submits, saved and wasted."""
        budget = protocol.Budget(
            bytes_held=self.store.bytes,
            bytes_allowed=self.store.byte_budget,
            seconds_saved=round(self._seconds_saved, 3),
        )
        if (governor := self.governor) is None:
            return budget
        spending, priced = governor.spending, governor.is_priced
        return msgspec.structs.replace(
            budget,
            seconds_spent=round(spending.ahead.seconds or 0.0, 1),
            seconds_wasted=round(spending.wasted.seconds or 0.0, 1),
            dollars_spent=round(spending.ahead.dollars or 0.0, 4) if priced else None,
            dollars_wasted=round(spending.wasted.dollars or 0.0, 4) if priced else None,
            dollars_saved=round(spending.saved.dollars or 0.0, 4) if priced else None,
        )

    async def close(self) -> None:
        """Drop the temp tables and close the engine."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self.predictor.close()
        await self.values.close()
        if self._functions is not None:
            self._functions.cancel()
            await asyncio.gather(self._functions, return_exceptions=True)
        if self._indexing is not None:
            await asyncio.gather(self._indexing[1], return_exceptions=True)
        await self.store.close()
        await self.engine.close()

    async def _watch(self) -> None:
        seconds = LOOK_AGAIN_SECONDS
        while not self._known.certain:
            await self.scheduler_settings.sleep(seconds)
            before = self._known
            try:
                self._know(await self.engine.catalog())
            except SpeqlError:
                return  # the next statement that runs will say what is wrong
            if self._known.version != before.version:
                seconds = LOOK_AGAIN_SECONDS
                for tell in tuple(self.catalog_listeners):
                    tell()
            else:
                seconds = min(seconds * 2, LONGEST_SECONDS)


def indexed(catalog: Catalog) -> NameIndex:
    """The index of a catalog's names, of one that stays with all that is looked up in it."""
    index = name_index(catalog)
    if catalog.certain:
        index.columns  # noqa: B018 - worked out here, so that no completion waits for it
    return index


async def open_connection(
    profile: ConnectionProfile,
    settings: ServerSettings,
    open_engine: OpenEngine,
    scheduler_settings: SchedulerSettings,
    run: Run = _run_unseen,
) -> Connection:
    """Open the database of a profile; if that fails, an empty one in memory, with the reason in `failure`.

    ``run`` runs work under a title, and may raise `StoppedError` in the place of its result.
    """
    try:
        shown = without_password(profile.database) if profile.database else "the database"
        engine, failure = await run(f"Opening {shown}", open_engine(profile)), ""
    except (ConnectionFailedError, StoppedError) as error:
        engine = await open_engine(ConnectionProfile(profile.name, folders=profile.folders, dropped=profile.dropped))
        failure = f"{error} SpeQL goes on with an empty database in memory."
    engine, consented = await govern(engine, None if failure else profile.database, profile.speculation)
    predictor = predictor_of(engine, settings, profile.database, failure)
    kept = (settings.history, settings.history_limit)
    connection = Connection(
        engine, scheduler_settings, failure, predictor, profile.name, profile.database, kept, consented
    )
    try:
        await run(f"Reading the tables of {engine.info.label}", connection.catalog())
    except SpeqlError as error:
        connection.failure = connection.failure or f"The tables could not be read: {error}"
    except asyncio.CancelledError:
        await connection.close()
        raise
    return connection


def predictor_of(engine: Engine, settings: ServerSettings, database: str | None, failure: str = "") -> Predictor:
    """Predictions from the history of a database, unless that is switched off."""
    kept = None if failure else database
    directory = history_directory(engine.info.engine.lower(), kept) if settings.history else None
    return Predictor(engine, directory, settings.history_limit)


async def open_engine_of(profile: ConnectionProfile, *, own_process: bool = False) -> Engine:
    """The engine that a profile describes. A refused login is told with where the password came from.

    ``own_process`` says that nobody else in this process opens the files that are opened.
    """
    from speql_engines.connections import open_engine

    try:
        return await open_engine(
            profile.database,
            folders=profile.folders,
            writable=profile.writable,
            keep_catalog=profile.keep_catalog,
            background_tables=profile.background_tables,
            dropped=profile.dropped,
            secret=profile.secret,
            own_process=own_process,
        )
    except ConnectionFailedError as error:
        if profile.secret is None or error.reason not in ("login", "expired"):
            raise
        advice = profile.secret.advice
        hint = error.hint if advice in error.hint else f"{error.hint} {advice}".lstrip()
        raise ConnectionFailedError(error.message, hint, error.reason) from error
