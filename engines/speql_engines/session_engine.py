"""What the engines have in common that keep their temp tables in one session of a server."""

import asyncio
import time
import uuid
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from speql_engines.engine import Binding, Engine, EngineError, EngineInfo, Estimate, Result, ResultColumn, TempTable
from speql_engines.jobs import Job
from speql_engines.one_query import require_query
from speql_engines.own_tables import OwnTable
from speql_engines.server_session import LOST
from speql_engines.session_jobs import JobSession, SessionJobs
from speql_engines.statement_kinds import Statement
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.statement_results import read_only_error
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

S = TypeVar("S", bound=JobSession)
T = TypeVar("T")


class KeptCatalog(Protocol):
    """The catalog of an engine over time."""

    async def catalog(self, mine: Hashable) -> Catalog:
        """The catalog; ``mine`` is another value after each statement of the user's that may have changed it."""
        ...

    async def close(self) -> None:
        """Stop reading."""
        ...


class SessionEngine(Engine, ABC, Generic[S]):
    """An engine on a server, whose temp tables are in one session there: private to it, and gone with it.

    An adapter inherits from it, and says what is its server's own in the methods below that are abstract. Those that
    are given a session are called on a thread, and run their statements there; they may ask
    :func:`~speql_engines.bill.statement_bill` what a statement may cost, and let the driver's errors pass, which the
    ``jobs`` explain. Where a server differs from all others, its adapter overrides more.

    Whatever ``closing`` lists is called in the end, after the jobs have been stopped and the sessions closed; it must
    not hold the engine, which is closed as soon as nobody holds it any more.
    """

    def __init__(
        self,
        jobs: SessionJobs[S],
        catalog: KeptCatalog,
        *,
        dialect: str,
        writable: bool,
        closing: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._jobs = jobs
        self._catalog = catalog
        self._dialect = dialect
        self._writable = writable
        self._work = jobs.work
        self._sessions = jobs.sessions
        self._own_tables = jobs.own_tables
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._changes = 0
        self._finalizer = weakref.finalize(self, _stop, self._work.stop, self._sessions.close, *closing)

    # What an adapter says of its server.

    @property
    @abstractmethod
    def info(self) -> EngineInfo:
        """What to show of this connection."""

    @abstractmethod
    async def estimate(self, sql: str) -> Estimate:
        """The engine's estimate of a query, without running it."""

    @abstractmethod
    async def _version_of_data(self) -> str:
        """A value that changes when others may have changed the base data."""

    @abstractmethod
    def _signatures(self, session: S) -> tuple[FunctionSignature, ...]:
        """How the functions are called that a query may call."""

    @abstractmethod
    def _bound(self, session: S, sql: str) -> tuple[ResultColumn, ...]:
        """The columns of one query, by the server's binder; nothing is run. :class:`EngineError` if it is none."""

    @abstractmethod
    def _rows(self, session: S, sql: str, max_rows: int | None, started: float) -> Result:
        """The first rows of a query that nobody has submitted, which began at that ``time.perf_counter``."""

    @abstractmethod
    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        """``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""

    @abstractmethod
    def _statement(self, sql: str) -> Statement:
        """What kind of statement a text is by its first words."""

    @abstractmethod
    def _may_change(self, statement: Statement) -> bool:
        """Whether a submit may change what a query reads, the catalog, or something in its session."""

    @abstractmethod
    def _submitted(
        self, session: S, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        """Run a statement of the user's; ``changes`` is what :meth:`_may_change` says of it.

        That a setting holds in all sessions is seen to by the caller. See :meth:`_require_writable`.
        """

    @abstractmethod
    def _make(self, session: S, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        """Materialise a query under a name that no table ever had; see :meth:`_dropped_on_failure`.

        Of a result of more than ``most_rows`` one row more than that is kept.
        """

    @abstractmethod
    def _drop(self, session: S, sql_name: str) -> None:
        """Drop a temp table, if it is there. The session has been told to finish."""

    # What is the same for all.

    @property
    def temp_tables_wait(self) -> bool:
        """Whether the session that has them all is making one, and runs nothing else meanwhile."""
        return self._jobs.temp_tables_wait

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._work.running

    async def catalog(self) -> Catalog:
        """Tables, views, columns and keys; read again after a statement of the user's that may have changed them."""
        return await self._catalog.catalog(self._mine)

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions that a query may call; read again when the catalog has changed."""
        version = (await self.catalog()).version
        if self._functions is None or self._functions[0] != version:
            self._functions = version, await self._jobs.ask("functions", self._signatures)
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        if (problem := self._unasked_problem(sql)) is not None:
            return Binding(problems=(problem,))
        try:
            columns = await self._jobs.ask("bind", lambda session: self._bound(session, sql), sql)
        except EngineError as error:
            if error.problem is None or error.problem.code == LOST:
                raise
            return Binding(problems=(error.problem,))
        return Binding(columns)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; fetch at most ``max_rows`` rows, and have the server make no more."""
        return await self._read("query", sql, max_rows)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        return await self._read("sample", self._sampled(sql, table, fraction, await self.catalog()), max_rows)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it.

        What makes a setting holds for every later statement, speculated ones too. On a connection that may not write,
        whatever writes, or is not known not to, is refused, with how to change that. So is what would be gone with the
        session or the transaction it ran in.
        """
        statement = self._statement(sql)
        if statement.kind == "refused":
            raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
        changes = self._may_change(statement)
        started = time.perf_counter()

        def work(session: S) -> Result:
            result = self._submitted(session, statement, changes, max_rows, started)
            if statement.kind == "setting":
                self._sessions.settings.note(statement.key, sql)
            return result

        again = self._may_run_again(statement, changes)
        try:
            return await self._jobs.run("submit", work, sql, submits=changes, again=again)
        finally:
            self._changes += changes

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a temp table of a session. On failure or cancel nothing is left.

        Its name in SQL is one that no table ever had, so that making and dropping it can touch no other. Of a result of
        more than ``most_rows`` only one row more than that is kept.
        """
        started = time.perf_counter()
        self._own_tables.reserve(name)

        def work(session: S) -> TempTable:
            self._require_query(session, sql)
            made = self._make(session, f"{name}_{uuid.uuid4().hex[:8]}", sql, most_rows)
            self._own_tables.add(name, replace(made, generation=self._sessions.generation))
            return TempTable(name, made.sql_name, made.rows, made.bytes, made.columns, time.perf_counter() - started)

        def undo(session: S, table: TempTable) -> None:
            session.finish()
            self._drop(session, table.sql_name)

        try:
            return await self._jobs.run("create", work, sql, name, home=True, undo=undo)
        except BaseException:
            self._own_tables.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        table = self._own_tables.of_generation(name, self._sessions.generation)
        if table is not None:
            sql_name = table.sql_name

            def work(session: S) -> None:
                session.finish()
                self._drop(session, sql_name)

            await self._jobs.run("drop", work, about=name, home=True)
        self._own_tables.discard(name)

    async def data_version(self) -> str:
        """Changes when others may have changed the base data, with a write or a setting of the user's, and when the
        session of the temp tables is lost.
        """
        return f"{'.'.join(map(str, self._mine))}.{await self._version_of_data()}"

    async def close(self) -> None:
        """Stop what runs and log out; with the sessions the temp tables are gone. Safe to call twice."""
        await self._work.close(self._close)

    async def _close(self) -> None:
        await self._catalog.close()
        await asyncio.to_thread(self._finalizer)

    async def _begin(self, first: Callable[[Job], T]) -> T:
        """What is asked first, to open the connection: if that fails, there is none."""
        try:
            return await self._work.call(first)
        except BaseException:
            await self.close()
            raise

    @property
    def _mine(self) -> tuple[int, int, int]:
        """Another value after each statement of the user's that may have changed something, and in another session."""
        return self._sessions.generation, self._sessions.settings.count, self._changes

    async def _read(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        started = time.perf_counter()

        def work(session: S) -> Result:
            self._require_query(session, sql)
            return self._rows(session, sql, max_rows, started)

        return await self._jobs.run(kind, work, sql)

    def _may_run_again(self, statement: Statement, changes: bool) -> bool:
        """Whether a submit is run once more if its session turns out to be lost: else it may have written before."""
        return not changes

    def _unasked_problem(self, sql: str) -> Problem | None:
        """Why the server is not asked about a text: it is no query, or does not even begin like one."""
        problem = parse_query(sql, self._dialect).problem
        if problem is not None and problem.code == "cannot-parse" and self._statement(sql).kind == "query":
            return None  # its words for the mistake are better
        return problem

    def _require_query(self, session: S, sql: str) -> None:
        """:class:`EngineError` if a text is anything but one query, by the parser's word."""
        require_query(sql, self._dialect, lambda: self._told_by_binder(session, sql))

    def _require_writable(self, session: S, statement: Statement) -> None:
        """:class:`EngineError` if the connection may not write; a mistake in what looks like a query is told first."""
        if not self._writable:
            self._told_by_binder(session, statement.text)
            raise read_only_error(certain=False)

    def _told_by_binder(self, session: S, sql: str) -> None:
        """The mistake in what looks like a query, in the server's words; nothing else is shown to it."""
        if self._statement(sql).kind == "query":
            self._bound(session, sql)

    @contextmanager
    def _dropped_on_failure(self, session: S, sql_name: str) -> Iterator[None]:
        """Within it a temp table is there; if it is left by an error or a cancel, it is dropped."""
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                session.finish()
                self._drop(session, sql_name)


def _stop(*steps: Callable[[], object]) -> None:
    """Stop what runs, end the threads, log out."""
    for step in steps:
        step()
