"""What the driver gives, as Arrow tables whose types do not depend on the values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from speql_engines.engine import EngineError, ResultColumn
from speql_engines.sqlserver.query_parts import ROWS, order_of, parts_of, quoted
from speql_sql import Problem

PAGE_ROWS = 8_192
_MICROSECONDS = 6
_SHORT = {
    "bit": pa.bool_(),
    "tinyint": pa.uint8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "float": pa.float64(),
    "date": pa.date32(),
    "time": pa.time64("ns"),
    "money": pa.decimal128(19, 4),
    "smallmoney": pa.decimal128(10, 4),
    "datetime": pa.timestamp("us"),
    "smalldatetime": pa.timestamp("us"),
    "binary": pa.binary(),
    "varbinary": pa.binary(),
    "image": pa.binary(),
    "timestamp": pa.binary(),
    "rowversion": pa.binary(),
}
_OF_PYTHON = {
    bool: "bit",
    float: "float",
    date: "date",
    time: "time(7)",
    datetime: "datetime2(6)",
    UUID: "uniqueidentifier",
}
_INTEGERS = {3: "tinyint", 5: "smallint", 10: "int", 19: "bigint"}


@dataclass(frozen=True, slots=True)
class Described:
    """A column of a result as the server describes it; ``clr`` names its type where that is a class of .NET.

    ``cut`` is True if its values will have lost their seventh digit.
    """

    name: str
    type: str
    clr: str = ""
    cut: bool = False

    @property
    def shown(self) -> ResultColumn:
        """The column with the server's spelling of its type."""
        return ResultColumn(self.name, f"{self.clr or self.type}{', shown to 6 digits' if self.cut else ''}")

    @property
    def base(self) -> str:
        """The type without its digits."""
        return self.type.partition("(")[0].strip().lower()

    @property
    def digits(self) -> tuple[int, ...]:
        """The digits of the type."""
        inside = self.type.partition("(")[2].rstrip(") ")
        return tuple(int(part) for part in inside.split(",")) if inside and inside != "max" else ()

    @property
    def is_finer(self) -> bool:
        """Whether the driver would cut a digit of its values away: it reads times of day and date in microseconds."""
        return self.base in ("datetime2", "datetimeoffset") and (self.digits or (7,))[0] > _MICROSECONDS

    @property
    def as_text(self) -> str:
        """How the server is asked for its values as text, ``{0}`` being the column; empty where the driver reads them.

        >>> Described("a", "hierarchyid", "hierarchyid").as_text
        '{0}.ToString()'
        """
        if self.clr:
            return "{0}.ToString()"
        if self.base == "sql_variant":
            return "CONVERT(nvarchar(4000), {0})"
        if not self.is_finer:
            return ""
        value = "CAST(SWITCHOFFSET({0}, 0) AS datetime2(7))" if self.base == "datetimeoffset" else "{0}"
        return f"CONVERT(varchar(27), {value}, 121)"


def described_by(description: Sequence[Sequence[object]] | None) -> tuple[Described, ...]:
    """The columns as the driver describes a result, which knows the types less exactly than the server."""
    return tuple(
        Described(str(name), _type_of(kind, size, scale)) for name, kind, _, size, _, scale, *_ in description or ()
    )


def read_as_text(sql: str, columns: Sequence[Described]) -> tuple[str, tuple[Described, ...]]:
    """The query that gives the same rows in the same order, but as text what the driver cannot read, or not exactly;
    and the columns as they are then to be shown.

    A query that nothing can be put around stays as it is. Then times lose the seventh digit of their seconds, and
    their type says so; what cannot be read at all is :class:`EngineError`.
    """
    if not any(column.as_text for column in columns):
        return sql, tuple(columns)
    parts = parts_of(sql)
    names = [f"c{place}" for place in range(1, len(columns) + 1)]
    order = order_of(parts.keys, [column.name for column in columns], names) if parts is not None else None
    if parts is not None and order is not None:
        items = [
            f"{column.as_text.format(quoted(name))} AS {quoted(column.name or name)}" if column.as_text
            else f"{quoted(name)} AS {quoted(column.name or name)}"
            for column, name in zip(columns, names, strict=True)
        ]  # fmt: skip
        return parts.within(f"SELECT {', '.join(items)}\nFROM {ROWS}\n{order}".rstrip(), names), tuple(columns)
    for column in columns:
        if column.clr or column.base == "sql_variant":
            message = f"The driver cannot read the column {column.name}, of type {column.shown.type}."
            hint = f"Write {column.as_text.format(quoted(column.name))} AS {quoted(column.name)}."
            raise EngineError(message, hint, Problem("not-supported", message, hint=hint))
    return sql, tuple(replace(one, cut=one.is_finer) for one in columns)


def arrow_table(batches: Sequence[pa.RecordBatch], columns: Sequence[Described]) -> pa.Table:
    """The batches as one table, each column in the type that holds its values exactly.

    What came as text because of its seventh digit is a time in nanoseconds, where these reach (1677 to 2262), else in
    microseconds, if no digit is lost, else the text.
    """
    table = pa.Table.from_batches(batches) if batches else None
    if table is None:
        empty = [pa.array([], _arrow_type(column)) for column in columns]
        return pa.Table.from_arrays(empty, names=[column.name for column in columns])
    arrays = [_exactly(table.column(place), column) for place, column in enumerate(columns)]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def _exactly(values: pa.ChunkedArray, column: Described) -> pa.ChunkedArray:
    wanted = _arrow_type(column)
    zone = "UTC" if column.base == "datetimeoffset" else None
    came_as_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    if column.is_finer and came_as_text:
        texts = values.cast(pa.string())
        return _moments(texts, "ns", zone) or _moments(_without_last_zeros(texts), "us", zone) or texts
    try:
        return values.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return values


def _moments(texts: pa.ChunkedArray, unit: str, zone: str | None) -> pa.ChunkedArray | None:
    try:
        found = texts.cast(pa.timestamp(unit))
    except pa.ArrowInvalid:
        return None
    return found.cast(pa.timestamp(unit, zone)) if zone else found


def _without_last_zeros(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(texts, r"(\.\d{6})0$", r"\1")


def _arrow_type(column: Described) -> pa.DataType:
    if column.base in ("decimal", "numeric"):
        return pa.decimal128(*(column.digits or (18, 0)))
    if column.base == "datetime2":
        return pa.timestamp("us")
    if column.base == "datetimeoffset":
        return pa.timestamp("us", "UTC")
    return pa.string() if column.clr else _SHORT.get(column.base, pa.string())


def _type_of(kind: object, size: object, scale: object) -> str:
    if kind is int:
        return _INTEGERS.get(int(str(size)), "int")
    if kind is Decimal:
        return f"decimal({size},{scale})"
    if kind is str:
        return f"nvarchar({size or 'max'})"
    if kind is bytes:
        return f"varbinary({size or 'max'})"
    return _OF_PYTHON.get(kind, "nvarchar(max)") if isinstance(kind, type) else "nvarchar(max)"
