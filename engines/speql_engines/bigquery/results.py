"""What Google's client gives, as Arrow tables whose types do not depend on the values."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from google.cloud.bigquery import SchemaField
from google.cloud.bigquery.table import RowIterator, _EmptyRowIterator

from speql_engines.bigquery.errors import DRIVER_ERRORS, engine_error
from speql_engines.bigquery.types import arrow_type, kind_of


def page(found: RowIterator | _EmptyRowIterator, most: int | None) -> tuple[pa.Table, bool]:
    """The first rows of a result, and whether these are all there are; further pages are not fetched.

    JSON is the text of it. A BIGNUMERIC that Arrow's decimals do not hold makes its column text.
    """
    fields = list(found.schema)
    try:
        rows = [row.values() for row in found]
    except DRIVER_ERRORS as error:
        raise engine_error(error) from error
    total = found.total_rows if found.total_rows is not None else len(rows)
    table = arrow_table(fields, rows if most is None else rows[:most])
    return table, most is None or total <= most


def arrow_table(fields: Sequence[SchemaField], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """The rows, each column in the Arrow type of its BigQuery type."""
    values = list(zip(*rows, strict=True)) if rows else [()] * len(fields)
    arrays = [_column(field, column) for field, column in zip(fields, values, strict=True)]
    return pa.Table.from_arrays(arrays, names=[field.name for field in fields])


def _column(field: SchemaField, values: Sequence[Any]) -> pa.Array:
    wanted = [_plain(field, value) for value in values]
    try:
        return pa.array(wanted, arrow_type(field))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in wanted], pa.string())


def _plain(field: SchemaField, value: Any) -> Any:
    """A value without what Arrow has no word for, within arrays and structs too."""
    if value is None:
        return None
    if field.mode == "REPEATED":
        element = SchemaField.from_api_repr({**field.to_api_repr(), "mode": "NULLABLE"})
        return [_plain(element, one) for one in value]
    kind = kind_of(field)
    if kind == "STRUCT":
        return {one.name: _plain(one, value[one.name]) for one in field.fields}
    if kind == "JSON":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value
