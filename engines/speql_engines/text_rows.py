"""Rows whose values are the text of PostgreSQL, or of its kin, as an Arrow table that says the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

# By the number of the type in pg_type, which never changes for built-in types.
_NUMERIC = 1700
_BOOLEAN = 16
_BYTES = 17
_TIME = 1083
_TYPES: dict[int, pa.DataType] = {
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    26: pa.int64(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
}
_MOST_DIGITS = 76
_PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_HEADER = 4
"""What a type's modifier is shifted by."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column as the server describes it: its name, the number of its type, and its modifier (-1: none)."""

    name: str
    oid: int
    modifier: int


def arrow_table(columns: Sequence[ColumnType], rows: Sequence[Sequence[str | None]]) -> pa.Table:
    """The rows, each column in the Arrow type that holds its values exactly; where none does, in their own text.

    Such are a NaN among decimals, a date ``infinity`` or before Christ, arrays, intervals and all types that Arrow has
    no word for. A decimal without declared digits takes as many as its values have.
    """
    texts = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [_column(column, values) for column, values in zip(columns, texts, strict=True)]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def _column(column: ColumnType, values: Sequence[str | None]) -> pa.Array:
    if column.oid == _BOOLEAN:
        return pa.array([None if value is None else value == "t" for value in values], pa.bool_())
    if column.oid == _BYTES and all(value is None or value.startswith("\\x") for value in values):
        return pa.array([None if value is None else bytes.fromhex(value[2:]) for value in values], pa.binary())
    texts = pa.array(values, pa.string())
    type_ = _decimal(column, values) if column.oid == _NUMERIC else _TYPES.get(column.oid)
    if type_ is None:
        return texts
    try:
        return texts.cast(type_)
    except pa.ArrowInvalid:
        return texts


def _decimal(column: ColumnType, values: Sequence[str | None]) -> pa.DataType | None:
    """The decimal type of a numeric column; None if there is none that holds its values."""
    if any(value is not None and not _PLAIN_NUMBER.fullmatch(value) for value in values):
        return None
    if column.modifier >= _HEADER:
        digits, scale = (column.modifier - _HEADER) >> 16 & 0xFFFF, (column.modifier - _HEADER) & 0x7FF
        scale = (scale ^ 1024) - 1024  # eleven bits with a sign, since PostgreSQL 15
    else:
        found = [Decimal(value).as_tuple() for value in values if value is not None]
        scale = max((-int(number.exponent) for number in found), default=0)
        digits = max((len(number.digits) + int(number.exponent) for number in found), default=0) + scale
        digits = max(digits, scale, 38 if max(digits, scale) <= 38 else 0)
    if not 0 < digits <= _MOST_DIGITS or scale < 0 or scale > digits:
        return None
    return pa.decimal128(digits, scale) if digits <= 38 else pa.decimal256(digits, scale)
