"""Rows of a DuckDB relation as an Arrow table, and no more of them than asked for."""

import re

import duckdb
import pyarrow as pa

from speql_engines.duckdb.connection import identifier
from speql_engines.engine import ResultColumn

# Arrow has no type for these, or DuckDB exports them with a loss: UHUGEINT overflows a signed decimal, TIME WITH TIME
# ZONE loses its zone, the others come as bytes or unions that few Arrow functions take. Their text says all.
_AS_TEXT = re.compile(r"\b(UHUGEINT|TIME WITH TIME ZONE|BIT|BIGNUM|VARINT|VARIANT|UNION|GEOMETRY)\b")
_MAX_BATCH = 100_000


def fetch(relation: duckdb.DuckDBPyRelation, max_rows: int | None) -> tuple[tuple[ResultColumn, ...], pa.Table, bool]:
    """Columns, at most ``max_rows`` rows, and whether these are all rows there are.

    The relation streams: rows after the page are never computed, except for the little that was buffered ahead.
    Columns keep the engine's type names; values that Arrow cannot hold exactly come as text.
    """
    columns = columns_of(relation)
    reader = _exact(relation, columns).to_arrow_reader(
        _MAX_BATCH if max_rows is None else min(max_rows + 1, _MAX_BATCH)
    )
    try:
        batches, rows = [], 0
        while max_rows is None or rows <= max_rows:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            batches.append(batch)
            rows += batch.num_rows
        table = pa.Table.from_batches(batches, schema=reader.schema)
    finally:
        reader.close()
    complete = max_rows is None or rows <= max_rows
    return columns, table if complete else table.slice(0, max_rows), complete


def columns_of(relation: duckdb.DuckDBPyRelation) -> tuple[ResultColumn, ...]:
    """Names and types of a relation, without running it."""
    return tuple(
        ResultColumn(name, type_text(str(type_))) for name, type_ in zip(relation.columns, relation.types, strict=True)
    )


def type_text(spelling: str) -> str:
    """DuckDB's spelling of a type, but for the type of NULL, which it quotes like a name.

    >>> type_text('STRUCT(a "NULL")')
    'STRUCT(a NULL)'
    """
    return spelling.replace('"NULL"', "NULL")


def _exact(relation: duckdb.DuckDBPyRelation, columns: tuple[ResultColumn, ...]) -> duckdb.DuckDBPyRelation:
    if not any(_AS_TEXT.search(_without_names(column.type)) for column in columns):
        return relation
    # By position, since names may repeat.
    return relation.project(
        ", ".join(
            f"CAST(#{place} AS VARCHAR) AS {identifier(column.name)}"
            if _AS_TEXT.search(_without_names(column.type))
            else f"#{place} AS {identifier(column.name)}"
            for place, column in enumerate(columns, 1)
        )
    )


def _without_names(type_: str) -> str:
    """A type without the values of its enums and its quoted field names, which may read like types."""
    return re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "", type_)
