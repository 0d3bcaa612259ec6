"""What is done with one statement on one cursor: bind it, run it, fetch its first rows."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from speql_engines.duckdb.errors import engine_error
from speql_engines.duckdb.results import columns_of, fetch, type_text
from speql_engines.duckdb.statements import ParsedStatement, is_bound_by_explain, parse_statement
from speql_engines.engine import Binding, EngineError, Result, ResultColumn
from speql_sql import Problem, Span

Cursor = duckdb.DuckDBPyConnection

_EXPLAIN = "EXPLAIN "
_WRITES_IN_CTE = "data-modifying statement must be at the top level"
"""What DESCRIBE says of a query with INSERT, UPDATE or DELETE in a CTE, and nothing else of it."""
_BINDING_ERRORS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException)


@dataclass(frozen=True, slots=True)
class InterruptibleCursor:
    """A cursor as what a job runs on."""

    cursor: Cursor

    def interrupt(self) -> None:
        """Stop what runs on it, from any thread."""
        with contextlib.suppress(duckdb.ConnectionException):
            self.cursor.interrupt()


def require_query(statement: ParsedStatement) -> None:
    """Raise :class:`EngineError` unless ``statement`` is a query. (One that writes in a CTE is, too.)"""
    if statement.kind != "query":
        message = "Only a single query that reads can be run here."
        raise EngineError(message, problem=Problem("not-a-query", message, Span(0, len(statement.text))))


def describe(cursor: Cursor, sql: str, scratch: str) -> list[tuple[object, ...]]:
    """The rows of ``DESCRIBE sql``: names and types. Binds and runs nothing; does not take a query that writes."""
    try:
        return cursor.execute("DESCRIBE " + sql).fetchall()
    except duckdb.Error as error:
        raise engine_error(error, sql, "DESCRIBE ", scratch) from error


def bind_query(cursor: Cursor, sql: str, scratch: str, begin_again: Callable[[Cursor], None]) -> Binding:
    """The binding of a query that binds; :class:`EngineError` with the problem of one that does not.

    To be called in a transaction that is read-only: a relation of a query that writes in a CTE is not lazy, and
    DuckDB would write at once. Such a query is no query here. ``begin_again`` begins another such transaction where the
    first was spoilt by an error.
    """
    statement = parse_statement(cursor, sql)
    if is_bound_by_explain(statement):
        require_write_binds(cursor, sql, scratch)
    require_query(statement)
    try:
        return Binding(columns_of(cursor.sql(statement.parsed)))
    except duckdb.TransactionException as error:
        message = "This query writes, so it is not looked at before it is run."
        problem = Problem("not-a-query", message, Span(0, len(sql)))
        raise EngineError(message, "Submit it: it runs as it is written.", problem) from error
    except duckdb.Error:
        # Only DESCRIBE says where the fault is. It takes several times as long.
        begin_again(cursor)
        try:
            rows = describe(cursor, sql, scratch)
        except EngineError as refused:
            if _WRITES_IN_CTE in refused.message:
                begin_again(cursor)
                require_write_binds(cursor, sql, scratch)
            raise
        return Binding(tuple(ResultColumn(str(row[0]), type_text(str(row[1]))) for row in rows))


def require_write_binds(cursor: Cursor, sql: str, scratch: str) -> None:
    """Raise :class:`EngineError` with the problem of a statement that writes and does not bind; nothing is run.

    To be called in a transaction that is read-only. EXPLAIN runs nothing, and binds the statement before it sees that
    such a transaction could not run it: that error says that all of it is bound, as any does that is not the binder's.
    The optimizer would compute what is constant, which no error of a name depends on.
    """
    try:
        cursor.execute("PRAGMA disable_optimizer")
        cursor.execute(_EXPLAIN + sql)
    except _BINDING_ERRORS as error:
        raise engine_error(error, sql, _EXPLAIN, scratch) from error
    except duckdb.InvalidInputException as error:
        refused = engine_error(error, sql, _EXPLAIN, scratch)
        if refused.problem is not None and refused.problem.code == "no-values":
            raise refused from error
    except (duckdb.TransactionException, duckdb.ParserException):
        pass  # it is bound, or EXPLAIN does not take it


def run_statement(
    cursor: Cursor, statement: ParsedStatement, max_rows: int | None, started: float, scratch: str
) -> Result:
    """Run a statement and fetch at most ``max_rows`` rows. ``started`` is when the engine was called."""
    try:
        relation = cursor.sql(statement.parsed)
    except duckdb.Error as error:
        if located := _located(error, cursor, statement.text, scratch):
            raise located from error
        raise
    columns, rows, complete = fetch(relation, max_rows)
    return Result(columns, rows, complete, time.perf_counter() - started)


def _located(error: duckdb.Error, cursor: Cursor, sql: str, scratch: str) -> EngineError | None:
    """The error with its place, for the errors of binding a query: ``sql()`` gives those in plain text."""
    if "{" in str(error) or not isinstance(error, _BINDING_ERRORS):
        return None
    try:
        cursor.execute("DESCRIBE " + sql)
    except _BINDING_ERRORS as located:
        return engine_error(located, sql, "DESCRIBE ", scratch)
    except duckdb.Error:
        # Not a query, which DESCRIBE does not take.
        return None
    return None
