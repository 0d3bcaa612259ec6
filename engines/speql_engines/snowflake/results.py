"""What the driver gives, as Arrow tables whose types do not depend on the values."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from snowflake.connector.constants import FIELD_ID_TO_NAME
from snowflake.connector.cursor import ResultMetadata, SnowflakeCursor
from snowflake.connector.errors import NotSupportedError

from speql_engines.engine import ResultColumn

_MOST_INT64_DIGITS = 18
_MICROSECONDS = 6
_PLAIN: dict[str, tuple[str, pa.DataType]] = {
    "REAL": ("FLOAT", pa.float64()),
    "DATE": ("DATE", pa.date32()),
    "BOOLEAN": ("BOOLEAN", pa.bool_()),
    "BINARY": ("BINARY", pa.binary()),
}


def columns_of(description: Sequence[ResultMetadata] | None) -> tuple[ResultColumn, ...]:
    """The columns with Snowflake's spelling of their types."""
    return tuple(ResultColumn(column.name, _type_name(column)) for column in description or ())


def page(cursor: SnowflakeCursor, most: int | None) -> tuple[pa.Table, bool]:
    """The first rows of a result, and whether these are all there are; further parts of it are not fetched.

    A number has Arrow's 64-bit integers up to 18 digits, else decimals of its digits and scale; a timestamp with a zone
    is shown in the session's zone (LTZ) or in UTC (TZ: its offset is not kept). VARIANT, OBJECT, ARRAY and places are
    Snowflake's own text of them.
    """
    description = cursor.description or []
    tables: list[pa.Table] = []
    count = 0
    try:
        for table in cursor.fetch_arrow_batches():
            tables.append(table)
            count += table.num_rows
            if most is not None and count > most:
                break
    except NotSupportedError:  # answers about the account, and counts of rows, do not come as Arrow
        rows = cursor.fetchall()
        names = [column.name for column in description]
        texts = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        columns = [_of_values(column, list(values)) for column, values in zip(description, texts, strict=True)]
        tables, count = [pa.Table.from_arrays(columns, names=names)], len(rows)
    complete = most is None or count <= most
    whole = [_column(tables, place, column) for place, column in enumerate(description)]
    table = pa.Table.from_arrays(whole, names=[column.name for column in description])
    return (table if complete else table.slice(0, most)), complete


def _type_name(column: ResultMetadata) -> str:
    kind = FIELD_ID_TO_NAME[column.type_code]
    if kind == "FIXED":
        return f"NUMBER({column.precision},{column.scale})"
    if kind == "TEXT":
        return f"VARCHAR({column.internal_size})" if column.internal_size else "VARCHAR"
    if kind == "TIME" or kind.startswith("TIMESTAMP"):
        return f"{kind}({column.scale})"
    return _PLAIN[kind][0] if kind in _PLAIN else kind


def _arrow_type(column: ResultMetadata, given: pa.DataType | None) -> pa.DataType:
    kind = FIELD_ID_TO_NAME[column.type_code]
    scale = column.scale or 0
    if kind == "FIXED":
        digits = column.precision or 38
        return pa.int64() if not scale and digits <= _MOST_INT64_DIGITS else pa.decimal128(digits, scale)
    if kind == "TIME":
        return pa.time64("us" if scale <= _MICROSECONDS else "ns")
    if kind.startswith("TIMESTAMP"):
        zone = getattr(given, "tz", None) or (None if kind in ("TIMESTAMP", "TIMESTAMP_NTZ") else "UTC")
        return pa.timestamp("us" if scale <= _MICROSECONDS else "ns", "UTC" if kind == "TIMESTAMP_TZ" else zone)
    return _PLAIN[kind][1] if kind in _PLAIN else pa.string()


def _column(tables: Sequence[pa.Table], place: int, column: ResultMetadata) -> pa.ChunkedArray:
    """One column of all parts: the driver chooses the width of numbers and the unit of times anew in each part."""
    parts = [table.column(place) for table in tables]
    wanted = _arrow_type(column, parts[0].type if parts else None)
    for type_ in (wanted, _in_microseconds(wanted), pa.string()):
        try:
            chunks = [chunk for part in parts for chunk in part.cast(type_).chunks]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue  # a year beyond 2262 has no nanoseconds, and nanoseconds may not be cut away
        return pa.chunked_array(chunks, type=type_)
    raise AssertionError("everything has a text")


def _in_microseconds(type_: pa.DataType) -> pa.DataType:
    return pa.timestamp("us", type_.tz) if pa.types.is_timestamp(type_) else type_


def _of_values(column: ResultMetadata, values: list[Any]) -> pa.Array:
    wanted = _arrow_type(column, None)
    try:
        return pa.array(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
