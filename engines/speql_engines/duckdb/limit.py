"""A query of which no more than so many rows are computed."""

import duckdb

from speql_engines.duckdb.plan import computes_a_part_once


def at_most(cursor: duckdb.DuckDBPyConnection, sql: str, rows: int) -> tuple[str, str]:
    """What to write before and after ``sql`` so that it gives any ``rows`` of its rows; nothing is run.

    LIMIT stops DuckDB as soon as there are so many. Where a part of the query is kept to be read several times,
    DuckDB 2.0 then waits for itself for ever, so rows are numbered instead, which computes all of them (6 times as
    long for a self-join of 75 million rows).
    """
    before, after = "SELECT * FROM (", f"\n) LIMIT {rows}"
    if not computes_a_part_once(cursor, before + sql + after):
        return before, after
    numbered = "SELECT * EXCLUDE (speql_row) FROM (SELECT *, row_number() OVER () AS speql_row FROM ("
    return numbered, f"\n)) WHERE speql_row <= {rows}"
