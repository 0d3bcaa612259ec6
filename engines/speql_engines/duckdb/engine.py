"""DuckDB as an engine: a database file, or the tables of an in-memory one."""

import asyncio
import re
import time
import weakref
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import duckdb

from speql_engines.catalog_keeper import NEVER, CatalogKeeper, CatalogSource
from speql_engines.catalog_store import CatalogStore
from speql_engines.data_files import holds_data
from speql_engines.duckdb import plan
from speql_engines.duckdb.borrowed_connection import BorrowedConnection
from speql_engines.duckdb.catalog import read_catalog
from speql_engines.duckdb.connection import DuckDBConnection, identifier
from speql_engines.duckdb.errors import WRITE_HINT, engine_error, problem_from_error
from speql_engines.duckdb.file_tables import FileTables
from speql_engines.duckdb.limit import at_most
from speql_engines.duckdb.results import columns_of
from speql_engines.duckdb.running import InterruptibleCursor, bind_query, describe, require_query, run_statement
from speql_engines.duckdb.sample import sampled_sql
from speql_engines.duckdb.signatures import read_signatures
from speql_engines.duckdb.size import measured_bytes
from speql_engines.duckdb.statements import ParsedStatement, parse_statement
from speql_engines.engine import Binding, EngineError, EngineInfo, Estimate, Result, TempTable
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.idle_release import CallLater, IdleRelease
from speql_engines.jobs import Job
from speql_engines.known_catalog import KnownCatalog
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem

T = TypeVar("T")
Cursor = duckdb.DuckDBPyConnection

# Of the machine, for temp tables and queries together: room is left for the editor.
DEFAULT_MEMORY_LIMIT = "60%"
FORGET_SECONDS = 600.0
"""So long after its file was released an engine keeps in memory what was read of it."""

# Calls that bind, plan or look something up wait behind no query: they have threads of their own.
_QUICK_THREADS = 2
_JOB_THREADS = 16


class DuckDBEngine:
    """A DuckDB database, opened in place; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Temp tables live in memory and spill to a private directory. The file is attached while
    statements run and is released ``idle_release_seconds`` after the last, so that other processes can write it
    (:mod:`~speql_engines.duckdb.file_lock`): any call may therefore raise :class:`ConnectionFailedError` if the file
    cannot be read again. Statements of a speculation run in read-only transactions.
    """

    def __init__(
        self,
        connection: DuckDBConnection | BorrowedConnection,
        idle_release_seconds: float,
        call_later: CallLater | None,
        store: CatalogStore | None = None,
        background_tables: int = NEVER,
    ) -> None:
        self._connection = connection
        self._work = EngineJobs("duckdb", _QUICK_THREADS, _JOB_THREADS)
        release, forget = weak_method(self._release), weak_method(self._forget)
        self._idle = IdleRelease([(idle_release_seconds, release), (FORGET_SECONDS, forget)], call_later)
        # Reading a large catalog takes seconds: nothing else waits behind it.
        self._catalog_thread = DaemonExecutor("speql-duckdb-catalog", 1)
        source = CatalogSource(
            weak_method(self._read_catalog), weak_method(self._state), weak_method(self._in_catalog_thread), store
        )
        self._catalog = CatalogKeeper(source, background_tables)
        self._background_tables = background_tables
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._temp_names: set[str] = set()
        # Runs when the process ends without close(), or when nobody holds the engine any more.
        self._finalizer = weakref.finalize(self, _stop, connection, self._work, self._catalog_thread)

    @classmethod
    async def open(
        cls,
        database: Path | None,
        *,
        workspace: Path | None = None,
        folders: Sequence[Path] = (),
        writable: bool = False,
        threads: int | None = None,
        memory_limit: str = DEFAULT_MEMORY_LIMIT,
        idle_release_seconds: float = 5.0,
        call_later: CallLater | None = None,
        spill_parent: Path | None = None,
        catalog_file: Path | None = None,
        background_tables: int = NEVER,
        dropped: Path | None = None,
        own_process: bool = False,
    ) -> "DuckDBEngine":
        """Open ``database``, or an empty in-memory one if None; :class:`ConnectionFailedError` says why it cannot be.

        A folder, or a data file, is opened as a database in memory in which each file is a view. Files under
        ``workspace`` and ``folders`` may be read too. ``memory_limit`` (``"4GB"``, ``"60%"`` of the machine's) holds
        for temp tables and queries together, ``threads`` for all that runs. ``call_later`` replaces the event loop's,
        for tests; ``spill_parent`` the user's cache directory. In ``catalog_file`` the catalog is kept between
        sessions; one of more than ``background_tables`` tables is read in the background. Data files that come to the
        folder ``dropped`` are views beside the database. ``own_process`` says that nobody else in this process opens
        the file: then what was read of it is kept when it is released.
        """
        readable = [*([workspace] if workspace is not None else []), *folders]

        def connect() -> DuckDBConnection:
            path = database.expanduser().absolute() if database is not None else None
            files = FileTables(path.resolve()) if path is not None and holds_data(path) else None
            return DuckDBConnection(
                path if files is None else None,
                folders=list(dict.fromkeys(folder.expanduser().resolve() for folder in readable)),
                writable=writable,
                threads=threads,
                memory_limit=memory_limit,
                spill_parent=spill_parent,
                files=files,
                dropped=FileTables(dropped.resolve(), may_be_empty=True) if dropped is not None else None,
                own_process=own_process,
            )

        opening = asyncio.get_running_loop().run_in_executor(None, connect)
        try:
            connection = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise
        # What is known of data files is not kept: it is found again as soon as it would be compared.
        kept = catalog_file if connection.database is not None else None
        store = CatalogStore(kept) if kept is not None else None
        engine = cls(connection, idle_release_seconds, call_later, store, background_tables)
        if connection.database is not None:
            engine._idle.start()
        return engine

    @classmethod
    async def borrow(cls, connection: duckdb.DuckDBPyConnection) -> "DuckDBEngine":
        """Work on the user's own connection, which stays the user's: see `BorrowedConnection` for what is promised.

        `catch_up` must be called on the user's thread when the user types or submits.
        """
        borrowed = await asyncio.get_running_loop().run_in_executor(None, BorrowedConnection, connection)
        return cls(borrowed, idle_release_seconds=0, call_later=None)

    def catch_up(self) -> None:
        """See what the user has done on a borrowed connection; nothing is to be seen on others. Blocks shortly."""
        if isinstance(self._connection, BorrowedConnection):
            self._connection.catch_up()

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection."""
        file = self._connection.database or self._connection.data
        label = f"{file.name}/" if file and self._connection.data and file.is_dir() else file.name if file else ""
        return EngineInfo(
            engine="DuckDB",
            version=duckdb.__version__,
            label=label or (f"your connection ({self._connection.name})" if self._is_borrowed else "in-memory"),
            writable=self._connection.writable,
            dialect="duckdb",
            details={"path": str(file)} if file else {},
        )

    @property
    def temp_tables_wait(self) -> bool:
        """Never: statements run side by side."""
        return False

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._work.running

    @property
    def _is_borrowed(self) -> bool:
        return isinstance(self._connection, BorrowedConnection)

    async def catalog(self) -> Catalog:
        """Tables, views, columns, keys and row counts; read again only when the data version has changed.

        Of a large catalog that is being read this is what is known already, and says so (`Catalog.certain`).
        """
        return await self._catalog.catalog(await self.data_version())

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions of DuckDB and of the user's macros; read again only when the data version has changed."""
        version = await self.data_version()
        if self._functions is None or self._functions[0] != version:
            self._functions = version, await self._quickly("functions", self._read_functions)
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        try:
            return await self._quickly("bind", lambda cursor, job: self._bind(cursor, sql))
        except EngineError as error:
            if error.problem is None:
                raise
            return Binding(problems=(error.problem,))

    def _bind(self, cursor: Cursor, sql: str) -> Binding:
        # A relation of a query that writes in a CTE is not lazy: DuckDB runs it at once.
        self._connection.begin(cursor, read_only=True)
        return bind_query(cursor, sql, self._connection.scratch, self._connection.begin_again)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; fetch at most ``max_rows`` rows and abandon the rest."""
        return await self._execute("query", sql, max_rows)

    async def _execute(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        started = time.perf_counter()

        def work(cursor: Cursor, job: Job) -> Result:
            statement = parse_statement(cursor, sql)
            require_query(statement)
            self._connection.begin(cursor, read_only=True)
            return run_statement(cursor, statement, max_rows, started, self._connection.scratch)

        return await self._run(kind, work, sql)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it.

        SET, RESET and USE hold for every later statement, speculated ones too. On a connection that may not write,
        whatever writes is refused, with how to change that. Transactions, prepared statements, temporary tables and
        ATTACH are refused: each statement has a cursor of its own.
        """
        started = time.perf_counter()

        def work(cursor: Cursor, job: Job) -> Result:
            statement = parse_statement(cursor, sql)
            if statement.kind == "refused":
                raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
            if statement.kind == "setting":
                result = run_statement(cursor, statement, max_rows, started, self._connection.scratch)
                self._connection.note_setting(statement.key, sql)
                return result
            if statement.kind == "write":
                return self._write(cursor, statement, max_rows, started)
            try:
                self._connection.begin(cursor, read_only=True)
                return run_statement(cursor, statement, max_rows, started, self._connection.scratch)
            except duckdb.TransactionException as error:
                if not self._connection.writable or problem_from_error(error, sql).code != "read-only":
                    raise
                # A query that writes (in a CTE, by nextval): refused by the read-only transaction before it began.
                cursor.execute("ROLLBACK")
                return self._write(cursor, statement, max_rows, started)

        return await self._run("submit", work, sql, ahead=False)

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query under a new name in the scratch database. On failure or cancel nothing is left.

        Of a result of more than ``most_rows`` only one row more than that is kept.
        """
        started = time.perf_counter()
        if name in self._temp_names:
            raise EngineError(f"There is a temp table {name} already.", "Drop it first, or use another name.")
        self._temp_names.add(name)
        sql_name = self._scratch_name(name)
        prefix = f"CREATE TABLE {sql_name} AS "

        def work(cursor: Cursor, job: Job) -> TempTable:
            statement = parse_statement(cursor, sql)
            require_query(statement)
            self._connection.begin(cursor)
            # DESCRIBE does not bind a query with INSERT, UPDATE or DELETE in a CTE; and no transaction of DuckDB's
            # writes two databases. So this can write the scratch database only.
            describe(cursor, sql, self._connection.scratch)
            before, after = prefix, ""
            try:
                if most_rows is not None:
                    opened, after = at_most(cursor, sql, most_rows + 1)
                    before += opened
                counts = cursor.execute(before + sql + after).fetchall()
                self._connection.commit(cursor)
            except duckdb.Error as error:
                raise engine_error(error, sql, before, self._connection.scratch) from error
            done = False
            try:
                seconds = time.perf_counter() - started
                rows = int(counts[0][0]) if counts else 0
                self._connection.begin(cursor)
                size = measured_bytes(cursor, sql_name, rows)
                columns = columns_of(cursor.sql(f"FROM {sql_name}"))
                done = True
            finally:
                if not done:
                    job.run_on(None)
                    self._drop(sql_name)
            return TempTable(name, sql_name, rows, size, columns, seconds)

        try:
            return await self._run("create", work, sql, name, undo=lambda table: self._drop(table.sql_name))
        except BaseException:
            self._temp_names.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        self._temp_names.discard(name)
        sql_name = self._scratch_name(name)
        with self._idle.in_use():
            await self._work.ask("drop", lambda job: self._drop(sql_name), name)

    async def estimate(self, sql: str) -> Estimate:
        """DuckDB's own estimate of a query, without running it."""
        catalog = await self.catalog()

        def row_count(name: str) -> int | None:
            parts = name.split(".")
            tables = catalog.named(*(".".join(parts[at:]) for at in range(len(parts))))
            found = (t.row_count for t in tables if f"{t.database}.{t.schema}.{t.name}".lower() == name)
            return next(found, None)

        def work(cursor: Cursor, job: Job) -> Estimate:
            require_query(parse_statement(cursor, sql))
            self._connection.begin(cursor, read_only=True)
            return plan.read_estimate(cursor, sql, row_count)

        return await self._quickly("estimate", work, sql, plan.PREFIX)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        return await self._execute("sample", sampled_sql(sql, table, fraction, await self.catalog()), max_rows)

    async def data_version(self) -> str:
        """Changes when a write of this engine, or of another process, may have changed the data; also with a SET."""
        return await self._call(lambda job: self._connection.version())

    async def close(self) -> None:
        """Stop what runs, drop every temp table, release files, locks and threads. Safe to call twice."""
        await self._work.close(self._close)

    async def _close(self) -> None:
        await self._idle.close()
        await self._catalog.close()
        await asyncio.to_thread(self._finalizer)

    def _scratch_name(self, name: str) -> str:
        plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name)
        return f"{self._connection.scratch}.main.{name if plain else identifier(name)}"

    async def _read_catalog(self, known: KnownCatalog | None, progress: Callable[[Catalog], None]) -> KnownCatalog:
        connection = self._connection

        def work(cursor: Cursor, job: Job) -> KnownCatalog:
            self._connection.begin(cursor, read_only=True)
            return read_catalog(
                cursor,
                connection.scratch,
                connection.version(),
                state=connection.state(),
                now=time.time(),
                known=known,
                progress=progress,
                background_tables=self._background_tables,
                file_views=connection.file_views(),
            )

        with self._idle.in_use():
            return await self._work.ask("catalog", self._on_cursor(work, ""), executor=self._catalog_thread)

    def _read_functions(self, cursor: Cursor, job: Job) -> tuple[FunctionSignature, ...]:
        self._connection.begin(cursor)
        return read_signatures(cursor)

    async def _state(self) -> str:
        return await self._call(lambda job: self._connection.state())

    def _in_catalog_thread(self, work: Callable[[], object]) -> Awaitable[object]:
        return asyncio.wrap_future(self._catalog_thread.submit(work))

    def _write(self, cursor: Cursor, statement: ParsedStatement, max_rows: int | None, started: float) -> Result:
        if not self._connection.writable:
            message = "This would write, and the database is open for reading only."
            raise EngineError(message, WRITE_HINT, Problem("read-only", message, hint=WRITE_HINT))
        try:
            return run_statement(cursor, statement, max_rows, started, self._connection.scratch)
        finally:
            # Also after an error: what a failed or interrupted statement left is not for us to judge.
            self._connection.note_write()

    def _drop(self, sql_name: str) -> None:
        """Runs on an engine thread, on a cursor that no interrupt reaches."""
        self._connection.drop_scratch_table(sql_name)

    async def _run(
        self,
        kind: StatementKind,
        work: Callable[[Cursor, Job], T],
        sql: str,
        about: str = "",
        *,
        undo: Callable[[T], object] | None = None,
        ahead: bool = True,
    ) -> T:
        with self._idle.in_use():
            return await self._work.run(kind, self._on_cursor(work, sql, ahead=ahead), about, undo)

    async def _quickly(
        self, kind: StatementKind, work: Callable[[Cursor, Job], T], sql: str = "", prefix: str = ""
    ) -> T:
        with self._idle.in_use():
            return await self._work.ask(kind, self._on_cursor(work, sql, prefix))

    def _on_cursor(
        self, work: Callable[[Cursor, Job], T], sql: str, prefix: str = "", *, ahead: bool = False
    ) -> Callable[[Job], T]:
        connection = self._connection

        def on_cursor(job: Job) -> T:
            cursor = connection.open_cursor(ahead=ahead)
            try:
                job.run_on(InterruptibleCursor(cursor))
                return work(cursor, job)
            except duckdb.Error as error:
                raise engine_error(error, sql, prefix, connection.scratch) from error
            finally:
                job.run_on(None)
                connection.give_back(cursor)

        return on_cursor

    async def _call(self, work: Callable[[Job], T]) -> T:
        with self._idle.in_use():
            return await self._work.call(work)

    async def _release(self) -> bool:
        try:
            await self._work.call(lambda job: self._connection.release_file())
        except duckdb.Error:
            return False  # a checkpoint that fails (a full disk) leaves it attached; the next statement will say so
        return True

    async def _forget(self) -> bool:
        """Give back the memory of what was read of a file that nobody has used for long."""
        await self._work.call(lambda job: self._connection.forget_file())
        return True


def _close_unwanted(opening: "asyncio.Future[DuckDBConnection]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _stop(connection: DuckDBConnection | BorrowedConnection, work: EngineJobs, catalog_thread: DaemonExecutor) -> None:
    """Interrupt what runs, end the threads, close the instance. The order matters: see DaemonExecutor."""
    work.stop()
    catalog_thread.shutdown(timeout=STOP_SECONDS)
    connection.close()
