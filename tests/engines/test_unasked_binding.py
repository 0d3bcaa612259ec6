"""About which texts an engine is asked before they are submitted."""

import pytest

from speql_engines.unasked_binding import bind_unasked, why_not_asked
from speql_sql import Catalog

from ..recording_engine import RecordingEngine, ScriptedEngine


@pytest.mark.parametrize(
    ("dialect", "sql", "asked"),
    [
        ("duckdb", "SELECT random()", True),
        ("duckdb", "DELETE FROM t", True),
        ("duckdb", "SELECT * FROM 'a.csv'", True),
        ("duckdb", "SELECT 'https://example.org' AS link", True),
        ("duckdb", "SELECT * FROM 'https://127.0.0.1/a.csv'", False),
        ("duckdb", "SELECT * FROM read_parquet(['s3://bucket/a.parquet'])", False),
        ("duckdb", "SELECT * FROM read_csv('https://127.0.0.1/a.csv'", False),
        ("postgres", "SELECT pg_sleep(1)", True),
        ("spark", "SELECT a FROM t", True),
        ("spark", "SELECT a FROM t WHERE d < current_date()", True),
        ("spark", "DROP TABLE t", False),
        ("spark", "SELECT a FROM t; DROP TABLE t", False),
        ("spark", "SELECT my_function(a) FROM t", False),
        ("bigquery", "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT 1')", False),
        ("bigquery", "SELECT a FROM", False),
        ("tsql", "SELECT * FROM t SHUTDOWN", False),
        ("snowflake", "SELECT SYSTEM$WAIT(5)", False),
        ("redshift", "SELECT a FROM t WHERE d < SYSDATE", True),
    ],
)
async def test_what_is_asked(dialect: str, sql: str, asked: bool) -> None:
    engine = RecordingEngine(ScriptedEngine(Catalog(dialect=dialect)))

    binding = await bind_unasked(engine, sql)

    assert (engine.described == [sql]) is asked
    assert binding.ok is asked
    assert (why_not_asked(sql, dialect) == "") is asked
    assert all("submitted" in problem.message for problem in binding.problems)
