"""What an engine promises, tried on the database itself: for who has an account that no test has."""

import asyncio
import datetime
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from speql_engines.bill import Bill, billed_to
from speql_engines.engine import Engine, EngineError, SpeculationHeldError
from speql_sql import Table

_NOT_THERE = "speql_no_such_table"
_DIGITS = "WITH d AS (" + " UNION ALL ".join(["SELECT 0 AS x", *(f"SELECT {n}" for n in range(1, 10))]) + ")"
_TABLES = "abcdefghijkl"
_SLOW = (
    f"{_DIGITS} SELECT COUNT(*) AS n FROM {' CROSS JOIN '.join(f'd AS {name}' for name in _TABLES)}"
    f" WHERE {' + '.join(f'{name}.x' for name in _TABLES)} = 77"
)
"""Takes hours anywhere, and reads no table, so that it costs nothing where bytes are paid for."""

_SHOWN_BY = {
    "postgres": "SELECT state FROM pg_stat_activity WHERE application_name = 'SpeQL' -> none is idle in transaction",
    "redshift": "SELECT status, query_text FROM sys_query_history WHERE query_text LIKE '%77' ORDER BY start_time DESC "
    "-> the walk's own two were canceled",
    "snowflake": "SELECT error_code, query_text FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY()) WHERE query_tag = "
    "'SpeQL' ORDER BY start_time DESC -> two with 77 at their end failed, by 604 and 630",
    "bigquery": "SELECT error_result.reason, total_bytes_billed, query FROM `region-eu`.INFORMATION_SCHEMA.JOBS WHERE "
    "query LIKE '%77' ORDER BY creation_time DESC (your region in place of eu) -> two were stopped, nothing was billed",
    "tsql": "SELECT session_id, status, open_transaction_count FROM sys.dm_exec_sessions WHERE context_info = "
    "0x537065514C -> those of SpeQL, none with a transaction",
    "spark": "the page of Spark Connect in Spark's web UI -> operations with the tag SpeQL, two of them canceled",
    "databricks": "the Spark UI of the cluster, Connect -> operations with the tag SpeQL, two of them canceled",
}
"""By dialect: where the owner of an account sees what has been run, and what is to be seen there."""

Step = Callable[[Engine], Awaitable["Finding"]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a ``step``. ``right`` is None if it could not be tried; ``remedy`` is what to do then."""

    step: str
    right: bool | None
    found: str
    remedy: str = ""


async def walk(engine: Engine, *, cancel_after: float = 1.5, most_seconds: float = 60.0) -> AsyncIterator[Finding]:
    """Try one promise of the engine after another, each by the calls that SpeQL makes for it.

    Nothing is written but a temp table of three rows, and no table of the user's is read but for a sample where
    statements are free. What was begun is cancelled after ``cancel_after`` seconds; what no cancel reaches ends after
    ``most_seconds``. A suspended warehouse stays so: what it would have to run is held back, as it should be.
    """

    async def cancelled(engine: Engine) -> Finding:
        return await _cancel(engine, cancel_after, most_seconds)

    async def limited(engine: Engine) -> Finding:
        return await _time_limit(engine, most_seconds)

    steps: tuple[tuple[str, Step], ...] = (
        ("query", _query),
        ("page", _page),
        ("values", _values),
        ("names and types", _names),
        ("estimate", _estimate),
        ("temp table", _temp_table),
        ("cancel", cancelled),
        ("time limit", limited),
        ("sample", _sample),
        ("from outside", _from_outside),
    )
    for name, step in steps:
        yield await _tried(name, step, engine, most_seconds)


async def _tried(name: str, step: Step, engine: Engine, most_seconds: float) -> Finding:
    try:
        with billed_to(Bill(most_seconds=most_seconds)):
            return await step(engine)
    except SpeculationHeldError as error:
        advice = "Nothing ahead of submits may start it, which is right. Start it yourself, and try again."
        return Finding(name, None, f"held back: {error.message}", advice)
    except EngineError as error:
        return Finding(name, False, error.message, error.hint)


async def _query(engine: Engine) -> Finding:
    result = await engine.execute("SELECT 42 AS answer")
    found = result.rows.column(0).to_pylist()
    return Finding("query", found == [42], f"SELECT 42 gave {found} in {result.seconds:.2f} s")


async def _page(engine: Engine) -> Finding:
    result = await engine.execute(f"{_DIGITS} SELECT x FROM d", 3)
    right = result.rows.num_rows == 3 and not result.complete
    return Finding("page", right, f"3 rows were asked for of 10, and {result.rows.num_rows} came")


async def _values(engine: Engine) -> Finding:
    digits = "DECIMAL" if engine.info.dialect == "bigquery" else "DECIMAL(20, 2)"
    sql = (
        f"SELECT CAST('-0.10' AS {digits}) AS d, CAST('2024-02-29' AS DATE) AS day, CAST(NULL AS INTEGER) AS n, '' AS e"
    )
    result = await engine.execute(sql)
    found = [column.to_pylist() for column in result.rows.columns]
    wanted = [[Decimal("-0.10")], [datetime.date(2024, 2, 29)], [None], [""]]
    types = ", ".join(column.type for column in result.columns)
    remedy = "" if found == wanted else f"Expected: {wanted}"
    return Finding("values", found == wanted, f"a decimal, a date, NULL and an empty text: {types}", remedy)


async def _names(engine: Engine) -> Finding:
    bound = await engine.bind("SELECT 42 AS answer")
    missing = await engine.bind(f"SELECT a FROM {_NOT_THERE}")
    told = missing.problems[0].message if missing.problems else f"{_NOT_THERE} is said to be there"
    right = [column.name.lower() for column in bound.columns] == ["answer"] and not missing.ok
    types = ", ".join(f"{column.name} {column.type}" for column in bound.columns)
    return Finding("names and types", right, f"without a run: {types}; of a table that is not there: {told}")


async def _estimate(engine: Engine) -> Finding:
    """Of one of the largest tables: some ask for a condition (on their partition), and cannot be estimated whole."""
    tables = sorted(await _tables(engine), key=lambda one: one.bytes or one.row_count or 0, reverse=True)[:3]
    failure: EngineError | None = None
    for table in tables:
        try:
            found = await engine.estimate(f"SELECT * FROM {await _named(table, engine)}")
        except EngineError as error:
            failure = error
            continue
        told = [f"{found.rows_scanned:,} rows of {table.name}"]
        told += [f"{found.bytes_scanned:,} bytes"] if found.bytes_scanned is not None else []
        told += [f"{found.seconds:.1f} s"] if found.seconds is not None else []
        told += [f"${found.dollars:.4f}"] if found.dollars is not None else []
        return Finding("estimate", True, ", ".join(told))
    if failure is not None:
        raise failure
    return Finding("estimate", None, "there is no table to estimate a query over")


async def _temp_table(engine: Engine) -> Finding:
    made = await engine.create_temp_table("speql_walk", "SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT NULL")
    try:
        read = f"SELECT a FROM {made.sql_name}"
        rows = (await engine.execute(read)).rows.column(0).to_pylist()
    finally:
        await engine.drop_temp_table(made.name)
    try:
        await engine.execute(read)
        gone = False
    except EngineError:
        gone = True
    right = made.rows == 3 and sorted(rows, key=str) == [1, 2, None] and gone
    ended = "dropped" if gone else "still there after it was dropped"
    return Finding("temp table", right, f"{made.sql_name}: {made.rows} rows, {made.bytes:,} bytes, {ended}")


async def _cancel(engine: Engine, after: float, most_seconds: float) -> Finding:
    """Cancelling a call of an engine's returns when the server has stopped, or has come to its own end."""
    call = asyncio.ensure_future(engine.execute(_SLOW))
    await asyncio.wait({call}, timeout=after)
    if call.done():
        call.result()
        return Finding("cancel", None, "the statement ended before it could be cancelled")
    asked = time.perf_counter()
    call.cancel()
    await asyncio.wait({call})
    seconds = time.perf_counter() - asked
    works = (await engine.execute("SELECT 42 AS answer")).rows.num_rows == 1
    right = seconds < most_seconds / 2 and works
    remedy = "" if right else "The server went on: it did not take the cancel, or took long over it."
    return Finding("cancel", right, f"the server stopped {seconds:.2f} s after it was asked to", remedy)


async def _time_limit(engine: Engine, most_seconds: float) -> Finding:
    if engine.info.dialect == "duckdb":
        return Finding("time limit", True, "DuckDB runs here, so what takes too long is cancelled")
    began = time.perf_counter()
    try:
        with billed_to(Bill(most_seconds=1.0)):
            async with asyncio.timeout(most_seconds / 2):
                await engine.execute(_SLOW)
    except TimeoutError:
        return Finding("time limit", False, "a statement that may take 1 s went on, and had to be cancelled")
    except SpeculationHeldError:
        raise
    except EngineError as error:
        return Finding("time limit", True, f"stopped after {time.perf_counter() - began:.1f} s of 1 s: {error.message}")
    return Finding("time limit", None, "the statement ended before its time was over")


async def _sample(engine: Engine) -> Finding:
    if engine.info.paid:
        remedy = "Preview a large table: its first rows come from a sample."
        return Finding("sample", None, "not tried, since reading a table may be billed here", remedy)
    tables = [one for one in await _tables(engine) if one.kind == "table" and one.row_count]
    table = min(tables, key=lambda one: one.row_count or 0, default=None)
    if table is None:
        return Finding("sample", None, "there is no table with a known number of rows")
    name = await _named(table, engine)
    result = await engine.sample(f"SELECT COUNT(*) AS n FROM {name}", name, 0.5)
    (drawn,) = result.rows.column(0).to_pylist()
    return Finding("sample", True, f"half of {table.name} are {drawn:,} of some {table.row_count:,} rows")


async def _from_outside(engine: Engine) -> Finding:
    where = _SHOWN_BY.get(engine.info.dialect)
    if where is None:
        return Finding("from outside", True, "nothing that others would have to look at")
    return Finding("from outside", None, "what only your account shows; expected is what follows the arrow", where)


async def _tables(engine: Engine) -> list[Table]:
    """What may be read without being asked for."""
    catalog = await engine.catalog()
    return [table for table in catalog.tables if not table.unsafe and not table.listed_only]


async def _named(table: Table, engine: Engine) -> str:
    path = (await engine.catalog()).path
    database = "" if path and path[0][0] == table.database else table.database
    return exp.table_(table.name, table.schema, database or None, quoted=True).sql(engine.info.dialect)
