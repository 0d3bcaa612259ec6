"""Whether two results hold the same rows."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from speql_engines.float_pairing import Floats, Labels, Tolerance, unpaired_row

# The precision of 32-bit floats: no tolerance below it means anything for them.
_FLOAT32_TOLERANCE = 1e-6


def rows_differ(
    left: pa.Table,
    right: pa.Table,
    *,
    ordered: bool = False,
    relative_tolerance: float = 1e-9,
    absolute_tolerance: float = 0.0,
    same_names: bool = True,
    same_types: bool = True,
) -> str | None:
    """None if both tables hold the same bag of rows, else one line that says how they differ.

    Columns are compared by position. NULL equals NULL, NaN equals NaN, ``-0.0`` equals ``0.0``. With ``ordered`` the
    rows must also come in the same order. With ``same_types=False`` integers, decimals and floats may stand for each
    other where their values are equal (floats as everywhere: within the tolerance).

    Floats may differ by ``relative_tolerance`` of the larger one, plus ``absolute_tolerance``: sums of floats depend
    on the order of their terms. 32-bit floats may differ by a millionth. Method: DuckDB takes away the rows that are
    equal as they are (bag difference). What is left must agree in all other columns, and within each group of rows that
    agree there the floats must be pairable (:func:`~speql_engines.float_pairing.unpaired_row`, with its one limit). So
    "the same" is always the outcome of an actual pairing.
    """
    if left.num_columns != right.num_columns:
        return f"{left.num_columns} columns and {right.num_columns} columns"
    if same_names and left.column_names != right.column_names:
        place = next(
            i for i, pair in enumerate(zip(left.column_names, right.column_names, strict=True)) if len(set(pair)) > 1
        )
        return f"column {place + 1} is named {left.column_names[place]!r} and {right.column_names[place]!r}"
    left, right = _plain(left), _plain(right)
    if not same_types:
        left, right = _same_number_types(left, right)
    for place, (one, other) in enumerate(zip(left.schema.types, right.schema.types, strict=True)):
        if one != other:
            return f"column {place + 1} has type {one} and {other}"
    if left.num_rows != right.num_rows:
        return f"{left.num_rows} rows and {right.num_rows} rows"
    if not left.num_columns:
        return None
    if ordered:
        left, right = _numbered(left), _numbered(right)
    floating = [any(True for _ in _float_types(type_)) for type_ in left.schema.types]
    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as connection:
        only_left, only_right = _bag_differences(connection, left, right)
    if not only_left.num_rows:
        return None
    if not any(floating):
        return _first_difference(only_left, only_right, ordered)
    tolerance = Tolerance(relative_tolerance, absolute_tolerance)
    return _floats_differ(only_left, only_right, tolerance, ordered)


def _plain(table: pa.Table) -> pa.Table:
    """The table with columns named by position, in one chunk layout, without dictionaries and other encodings."""
    columns = [_decoded(column) for column in table.columns]
    return pa.table(columns, names=[f"c{place}" for place in range(len(columns))])


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    type_ = column.type
    if isinstance(type_, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=type_.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    wide = {pa.large_string(): pa.string(), pa.string_view(): pa.string(), pa.large_binary(): pa.binary()}
    return column.cast(wide[column.type]) if column.type in wide else column


def _same_number_types(left: pa.Table, right: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Both tables with each pair of differing number columns in a type that holds both."""
    columns: list[tuple[pa.ChunkedArray, pa.ChunkedArray]] = []
    for one, other in zip(left.columns, right.columns, strict=True):
        if one.type != other.type and _is_number(one.type) and _is_number(other.type):
            common = _common_type(one.type, other.type)
            try:
                one, other = one.cast(common, safe=False), other.cast(common, safe=False)
            except pa.ArrowInvalid:
                one, other = one.cast(pa.float64(), safe=False), other.cast(pa.float64(), safe=False)
        columns.append((one, other))
    names = left.column_names
    return pa.table([pair[0] for pair in columns], names=names), pa.table([pair[1] for pair in columns], names=names)


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if pa.types.is_floating(one) or pa.types.is_floating(other):
        return pa.float64()
    scale = max(type_.scale if pa.types.is_decimal(type_) else 0 for type_ in (one, other))
    return pa.decimal128(38, scale)


def _numbered(table: pa.Table, name: str = "place") -> pa.Table:
    """The table with the place of each row as its first column: then order is a matter of bags."""
    return table.add_column(0, name, pa.array(np.arange(1, table.num_rows + 1)))


def _bag_differences(
    connection: duckdb.DuckDBPyConnection, left: pa.Table, right: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """Rows of each table that have no equal row left in the other, as often as that is so."""
    connection.register("l", left)
    connection.register("r", right)
    only_left = connection.sql("FROM l EXCEPT ALL FROM r").to_arrow_table()
    if not only_left.num_rows:
        return only_left, only_left
    return only_left, connection.sql("FROM r EXCEPT ALL FROM l").to_arrow_table()


def _first_difference(only_left: pa.Table, only_right: pa.Table, ordered: bool) -> str:
    count = only_left.num_rows
    one, other = (_smallest(table, ordered) for table in (only_left, only_right))
    return f"{count} row{'s' if count > 1 else ''} differ, such as {_shown(one, ordered)} and {_shown(other, ordered)}"


def _smallest(table: pa.Table, ordered: bool) -> tuple[Any, ...]:
    place = pc.min_max(table.column(0))["min"].as_py() if ordered else None
    row = pc.index(table.column(0), place).as_py() if ordered else 0
    return tuple(column[row].as_py() for column in table.columns)


def _shown(row: Sequence[Any], ordered: bool) -> str:
    values = row[1:] if ordered else row
    text = "(" + ", ".join(repr(value) for value in values) + ")"
    text = text if len(text) <= 200 else text[:197] + "..."
    return f"{text} in row {row[0]}" if ordered else text


def _float_types(type_: pa.DataType) -> Iterator[pa.DataType]:
    """The floating types within a type, itself too."""
    if pa.types.is_floating(type_):
        yield type_
    elif pa.types.is_nested(type_):
        for place in range(type_.num_fields):
            yield from _float_types(type_.field(place).type)


def _floats_differ(only_left: pa.Table, only_right: pa.Table, tolerance: Tolerance, ordered: bool) -> str | None:
    """Whether rows that are not equal as they are can be paired within the tolerance."""
    if any(type_ != pa.float64() for column in only_left.schema.types for type_ in _float_types(column)):
        tolerance = Tolerance(max(tolerance.relative, _FLOAT32_TOLERANCE), tolerance.absolute)
    nested = any(pa.types.is_nested(column) and any(_float_types(column)) for column in only_left.schema.types)
    (left, left_groups), (right, right_groups) = (_split_nested if nested else _split)(only_left, only_right)
    width = max(left.shape[1], right.shape[1])
    unpaired = unpaired_row(_padded(left, width), left_groups, _padded(right, width), right_groups, tolerance)
    if unpaired is None:
        return None
    row = _shown(tuple(column[unpaired].as_py() for column in only_left.columns), ordered)
    return f"rows differ by more than the tolerance: nothing on the right is near {row}"


def _split(left: pa.Table, right: pa.Table) -> list[tuple[Floats, Labels]]:
    """For each table the floats of its rows, and the numbers of the groups of rows that agree in everything else."""
    floats = [
        name for name, type_ in zip(left.column_names, left.schema.types, strict=True) if pa.types.is_floating(type_)
    ]
    others = [name for name in left.column_names if name not in floats]
    # Whether a float is NULL is not a matter of tolerance.
    keys = ", ".join(others + [f"{name} IS NULL" for name in floats])
    values = ", ".join(f"coalesce({name}, 0)::DOUBLE AS {name}" for name in floats)
    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as connection:
        connection.register("l", _numbered(left, "row"))
        connection.register("r", _numbered(right, "row"))
        both = connection.sql(
            f"SELECT side, dense_rank() OVER (ORDER BY {keys}) AS label, {values} "
            "FROM (SELECT 0 AS side, * FROM l UNION ALL SELECT 1 AS side, * FROM r) ORDER BY side, row"
        ).to_arrow_table()
    matrix = np.column_stack([both.column(name).to_numpy() for name in floats])
    labels = both.column("label").to_numpy()
    return [(matrix[: left.num_rows], labels[: left.num_rows]), (matrix[left.num_rows :], labels[left.num_rows :])]


def _split_nested(left: pa.Table, right: pa.Table) -> list[tuple[Floats, Labels]]:
    """As :func:`_split`, value by value: the group is the row with a mark in the place of each float."""
    numbers: dict[Any, int] = {}
    found = []
    for table in (left, right):
        rows: list[list[float]] = []
        groups: list[int] = []
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            floats: list[float] = []
            key = tuple(_without_floats(value, floats) for value in row)
            groups.append(numbers.setdefault(key, len(numbers)))
            rows.append(floats)
        values = np.zeros((len(rows), max(map(len, rows), default=0)))
        for place, floats in enumerate(rows):
            values[place, : len(floats)] = floats
        found.append((values, np.array(groups, dtype=np.int64)))
    return found


def _padded(values: Floats, width: int) -> Floats:
    return np.pad(values, ((0, 0), (0, width - values.shape[1])))


def _without_floats(value: Any, floats: list[float]) -> Any:
    """A hashable stand-in for ``value`` in which each float is a mark; the floats are added to ``floats``."""
    if isinstance(value, float):
        floats.append(value)
        return float
    if isinstance(value, list | tuple):
        return (type(value), *(_without_floats(item, floats) for item in value))
    if isinstance(value, dict):
        return (dict, *((name, _without_floats(item, floats)) for name, item in value.items()))
    return value
