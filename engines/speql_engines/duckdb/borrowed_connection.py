"""The user's own DuckDB connection, of a notebook or a program: read beside them, without leaving a trace."""

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path

import duckdb

from speql_engines.duckdb.connection import JOB_MEMORY_SHARE, identifier, literal
from speql_engines.duckdb.file_tables import FileView
from speql_engines.engine import ConnectionFailedError, EngineError
from speql_engines.user_settings import UserSettings
from speql_sql import Problem

_SCRATCH = "speql_scratch"
# Ours on each cursor; and what only tells how something is shown, or follows from another setting.
_OWN_SETTINGS = {
    "errors_as_json",
    "streaming_buffer_size",
    "operator_memory_limit",
    "python_enable_replacements",
    "schema",
    "enable_progress_bar",
    "enable_progress_bar_print",
    "progress_bar_time",
}
_SETTINGS = "SELECT name, value FROM duckdb_settings()"
_TRANSACTION = "SELECT txid_current()"
# What one look at the user's connection takes: two statements, each bound and run in a transaction of its own.
_TRANSACTIONS_OF_A_LOOK = 4


class BorrowedConnection:
    """A DuckDB instance that belongs to the user, with a scratch database of ours in it, attached as hidden.

    The user's connection itself is never used for our work: it may hold an unfinished result, and a statement of ours
    would throw that away. Each job has a cursor of its own on the same instance, which is made when the job begins and
    closed when it ends, so that the user's ``close()`` closes the database. The scratch database is listed nowhere
    (DuckDB's ``HIDDEN``), and is detached at the end. Settings of the instance are left alone.

    **What the user changes behind our backs** must make every temp table stale, and DuckDB has no counter of writes.
    It does number transactions. All of ours are begun by `begin`, which notes the number: a number that is missing
    among ours is a statement of the user's, and counts as a write. What that cannot see is when a transaction that was
    seen to begin is committed. `catch_up`, called on the user's thread when the user types or submits, sees whether
    one is open now (then nothing runs: its data cannot be seen from another cursor), and counts a write for whatever
    was begun since it last looked. What remains unseen is a transaction that another thread holds open across a submit.
    """

    database: Path | None = None
    data: Path | None = None

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._user = connection
        self._lock = threading.Lock()
        self._closed = False
        self._numbers: set[int] = set()
        self._last = 0
        self._foreign_since_look = False
        self._blind: EngineError | None = None
        self._writes = 0
        self._session: dict[str, str] = {}
        self._settings = UserSettings()
        self.scratch = ""
        try:
            self._set_up()
        except duckdb.Error as error:
            raise ConnectionFailedError(
                f"The connection could not be used: {_first_line(error)}",
                "Give an open connection, such as duckdb.connect().",
            ) from error

    def _set_up(self) -> None:
        cursor = self._user.cursor()
        try:
            for name in (_SCRATCH, *(f"{_SCRATCH}_{number}" for number in range(1, 100))):
                with contextlib.suppress(duckdb.BinderException):  # the name is another session's
                    cursor.execute(f"ATTACH ':memory:' AS {name} (HIDDEN, READ_WRITE)")
                    self.scratch = name
                    break
            if not self.scratch:
                raise ConnectionFailedError(
                    "Many SpeQL sessions are open on this connection.", "Close some: session.close()."
                )
            rows = cursor.execute(
                "SELECT database_name, readonly, current_setting('memory_limit') FROM duckdb_databases() "
                "WHERE database_name = current_database()"
            ).fetchall()
            name, read_only, memory = rows[0]  # the current database is listed
            self.name, self.writable = str(name), not read_only
            number, unit = str(memory).split()
            self._job_memory = f"{float(number) * JOB_MEMORY_SHARE:.3f} {unit}"
            self._last = _number(cursor)
        finally:
            cursor.close()

    def open_cursor(self, *, ahead: bool = False) -> duckdb.DuckDBPyConnection:
        """A cursor for one job, with the user's settings of this session. Give it back."""
        self._check_open()
        if self._blind is not None:
            raise self._blind
        cursor = None
        try:
            cursor = self._new_cursor()
            self.begin(cursor)
            cursor.execute("SET python_enable_replacements = false")
            for name, value in self._session.items():
                cursor.execute(f"SET SESSION {identifier(name)} = {literal(value)}")
            for statement in self._settings.statements:
                cursor.execute(statement)
            if ahead:
                cursor.execute(f"SET operator_memory_limit = {literal(self._job_memory)}")
            cursor.execute("SET errors_as_json = true")
            cursor.execute("SET streaming_buffer_size = '1MB'")
            cursor.execute("COMMIT")
        except duckdb.Error as error:
            self.give_back(cursor)
            message = f"A setting of your connection could not be taken over: {_first_line(error)}"
            raise EngineError(message, "Reset it on your connection.", Problem("setting-lost", message)) from error
        except BaseException:
            self.give_back(cursor)
            raise
        return cursor

    def give_back(self, cursor: duckdb.DuckDBPyConnection | None) -> None:
        """Close a job's cursor; a transaction that it left open is rolled back."""
        if cursor is not None:
            cursor.close()

    def begin(self, cursor: duckdb.DuckDBPyConnection, *, read_only: bool = False) -> None:
        """Begin a transaction that is known to be ours."""
        with self._lock:
            cursor.execute(f"BEGIN TRANSACTION{' READ ONLY' if read_only else ''}")
            self._numbers.add(_number(cursor))

    def begin_again(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Begin another one that only reads in the place of one that an error has spoilt."""
        cursor.execute("ROLLBACK")
        self.begin(cursor, read_only=True)

    def commit(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Commit what `begin` has begun."""
        cursor.execute("COMMIT")

    def catch_up(self) -> None:
        """See what the user's connection is like now. To be called on the user's thread, while it waits.

        Within a transaction, and while a result is unfinished, nothing here could see what the user sees: until the
        next look every job fails with what is in the way.
        """
        self._check_open()
        with self._lock:
            try:
                self._blind = self._look()
            except duckdb.Error as error:
                message = f"Your connection cannot be asked now: {_first_line(error)}"
                hint = "Fetch its result to the end, or give SpeQL con.cursor()."
                self._blind = EngineError(message, hint, Problem("in-use", message, hint=hint))

    def _look(self) -> EngineError | None:
        """What is in the way of seeing what the user sees, if anything is."""
        before = self._count()
        cursor = self._new_cursor()
        try:
            first, second = (self._user.sql(_TRANSACTION).fetchall() for _ in range(2))
            looked = _number(cursor) - before - 1
            theirs = dict(self._user.sql(_SETTINGS).fetchall())
            defaults = dict(cursor.execute(_SETTINGS).fetchall())
            self._last = _number(cursor)
        finally:
            cursor.close()
        if first == second:
            message = "Your connection is in a transaction, which nothing outside it can see into."
            hint = "Commit it first, or run the statement on your connection itself."
            return EngineError(message, hint, Problem("in-transaction", message, hint=hint))
        session = {
            str(name): str(value)
            for name, value in theirs.items()
            if value != defaults.get(name) and value is not None and name not in _OWN_SETTINGS
        }
        others = looked != _TRANSACTIONS_OF_A_LOOK or self._foreign_since_look or session != self._session
        self._writes += others
        self._session, self._foreign_since_look = session, False
        return None

    def version(self) -> str:
        """A value that changes when the user may have changed the data, and with the session's settings."""
        self._check_open()
        with self._lock:
            self._count()
            return f"{self._writes}"

    def state(self) -> str:
        """Empty: nothing identifies this data in another process."""
        return ""

    def release_file(self) -> None:
        """Nothing: a file that the user has open is the user's to close."""

    def forget_file(self) -> None:
        """Nothing either."""

    def file_views(self) -> Mapping[str, FileView]:
        """None: there are no views of data files here that are ours."""
        return {}

    def note_write(self) -> None:
        """A statement that was submitted may have written."""
        with self._lock:
            self._writes += 1

    def note_setting(self, key: str, statement: str) -> None:
        """Run ``statement`` (SET, RESET, USE) on every later cursor of this session; the user's own has it not."""
        self._settings.note(key, statement)
        self.note_write()

    def drop_scratch_table(self, sql_name: str) -> None:
        """Drop a table of the scratch database, if it is there."""
        try:
            cursor = self._new_cursor()
        except EngineError:
            return  # the user has closed the connection, and with it the scratch database is gone
        try:
            self.begin(cursor)
            cursor.execute(f"DROP TABLE IF EXISTS {sql_name}")
            cursor.execute("COMMIT")
        finally:
            cursor.close()

    def close(self) -> None:
        """Detach the scratch database. The user's connection stays open. Jobs must have ended. Safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(duckdb.Error):  # closed by the user, and the scratch database with it
                cursor = self._user.cursor()
                try:
                    cursor.execute(f"DETACH DATABASE IF EXISTS {self.scratch}")
                finally:
                    cursor.close()

    def _count(self) -> int:
        """Look for statements of the user's since the last look; the number of the newest transaction."""
        cursor = self._new_cursor()
        try:
            newest = _number(cursor)
        finally:
            cursor.close()
        ours = sum(self._last < number < newest for number in self._numbers)
        if newest - self._last - 1 > ours:
            self._foreign_since_look = True
            self._writes += 1
        self._last = newest
        self._numbers = {number for number in self._numbers if number > newest}
        return newest

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._user.cursor()
        except duckdb.Error as error:
            message = "Your DuckDB connection is closed."
            raise EngineError(message, "Open it again, and connect SpeQL to it.", Problem("closed", message)) from error

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError("The connection is closed.", "Open it again.")


def _number(cursor: duckdb.DuckDBPyConnection) -> int:
    # All of it, though it is one row: with an unfinished result a connection takes nothing else.
    return int(cursor.execute(_TRANSACTION).fetchall()[0][0])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
