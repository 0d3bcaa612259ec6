"""The size of a table in memory."""

import duckdb
import pyarrow as pa

# In-memory segments are filled to about this share on average (measured over integers, strings and lists from 1 row to
# 5 million rows against DuckDB's own count of its memory), and each column has at least two: values and validity.
_FILLED = 0.92
_SEGMENT_BYTES = 2048
_MAX_SAMPLED_ROWS = 50_000


def measured_bytes(cursor: duckdb.DuckDBPyConnection, sql_name: str, rows: int) -> int:
    """The bytes that table ``sql_name`` of ``rows`` rows takes in memory, to within about a quarter.

    DuckDB counts the memory of all tables of an instance together, and several may be made at once; it tells no size
    of one in-memory table. Its in-memory segments are uncompressed and laid out as Arrow's buffers are, so the Arrow
    size of the rows, plus the share of segments that is not filled, is the size. Of a large table whole vectors are
    sampled and scaled up (about 2 ms), so a few very long strings can be missed.
    """
    sample = f" TABLESAMPLE SYSTEM ({100 * _MAX_SAMPLED_ROWS / rows:.6f} PERCENT)" if rows > _MAX_SAMPLED_ROWS else ""
    taken = cursor.sql(f"SELECT * FROM {sql_name}{sample}").to_arrow_table()
    if sample and not taken.num_rows:
        taken = cursor.sql(f"SELECT * FROM {sql_name} LIMIT {_MAX_SAMPLED_ROWS}").to_arrow_table()
    data = sum(map(_bytes, taken.columns)) * rows / taken.num_rows if taken.num_rows else 0.0
    return int(data / _FILLED + 2.0 * _SEGMENT_BYTES * len(taken.column_names))


def _bytes(column: pa.ChunkedArray) -> float:
    """The bytes that DuckDB stores a column in: Arrow's, but for the widths in which the two differ."""
    type_, rows = column.type, int(column.length())
    if pa.types.is_boolean(type_):
        return rows * (1 + 1 / 8)
    if pa.types.is_decimal(type_):
        width = next(width for width, digits in ((2, 4), (4, 9), (8, 18), (16, 76)) if type_.precision <= digits)
        return rows * (width + 1 / 8)
    return float(column.nbytes)
