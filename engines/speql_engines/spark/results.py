"""What Spark gives, as Arrow tables."""

import pyarrow as pa

from speql_engines.engine import ResultColumn
from speql_engines.spark.driver import Frame, column, types

_CHAR_OR_VARCHAR = "__CHAR_VARCHAR_TYPE_STRING"
_LONG = (types.StringType, types.BinaryType, types.StructType, types.ArrayType, types.MapType, types.VariantType)


def columns_of(schema: types.StructType) -> tuple[ResultColumn, ...]:
    """The columns with Spark's spelling of their types."""
    return tuple(ResultColumn(field.name, type_name(field)) for field in schema.fields)


def type_name(field: types.StructField) -> str:
    """Spark's spelling of a column's type; CHAR and VARCHAR are in its metadata.

    >>> type_name(types.StructField("a", types.DecimalType(9, 2)))
    'decimal(9,2)'
    """
    return str((field.metadata or {}).get(_CHAR_OR_VARCHAR) or field.dataType.simpleString())


def page(frame: Frame, schema: types.StructType, most: int | None) -> tuple[pa.Table, bool]:
    """The first rows of a query, and whether these are all there are; Spark makes one row more than ``most``.

    Numbers, decimals, dates and nested values are Arrow's; a timestamp is the moment, in UTC whatever the session's
    zone is. What Arrow has no type for (intervals of months, VARIANT, structs with two fields of one name) is Spark's
    own text.
    """
    wanted = frame if most is None else frame.limit(most + 1)
    names = [field.name for field in schema.fields]
    texts = {place for place, field in enumerate(schema.fields) if not _has_arrow_type(field.dataType)}
    if texts:
        numbered = [f"c{place}" for place in range(len(names))]
        cast = [column(name).cast("string") if place in texts else column(name) for place, name in enumerate(numbered)]
        wanted = wanted.toDF(*numbered).select(*cast)
    table = wanted.toArrow().rename_columns(names)
    complete = most is None or table.num_rows <= most
    return (table if complete else table.slice(0, most)), complete


def _has_arrow_type(type_: types.DataType) -> bool:
    if isinstance(type_, types.StructType):
        names = [field.name for field in type_.fields]
        return len(set(names)) == len(names) and all(_has_arrow_type(field.dataType) for field in type_.fields)
    if isinstance(type_, types.ArrayType):
        return _has_arrow_type(type_.elementType)
    if isinstance(type_, types.MapType):
        return _has_arrow_type(type_.keyType) and _has_arrow_type(type_.valueType)
    return not isinstance(type_, types.YearMonthIntervalType | types.CalendarIntervalType | types.VariantType)


def size_of(frame: Frame) -> tuple[int, int]:
    """How many rows there are, and what their values take: eight bytes each, or the length of their text."""
    numbered = [f"c{place}" for place in range(len(frame.schema.fields))]
    texts = [
        name if isinstance(field.dataType, types.BinaryType) else f"CAST({name} AS STRING)"
        for name, field in zip(numbered, frame.schema.fields, strict=True)
        if isinstance(field.dataType, _LONG)
    ]
    lengths = " + ".join(f"coalesce(octet_length({text}), 0)" for text in texts) or "0"
    (found,) = frame.toDF(*numbered).selectExpr("count(1)", f"sum(CAST({lengths} AS BIGINT))").collect()
    rows, longer = int(found[0]), int(found[1] or 0)
    return rows, rows * 8 * (len(numbered) - len(texts)) + longer
