"""BigQuery's types: how they are spelled in SQL, and what they are in Arrow."""

import pyarrow as pa
from google.cloud.bigquery import SchemaField

from speql_engines.engine import EngineError, ResultColumn

_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
"""The interface still speaks of some types by the names of BigQuery's old SQL."""

_ARROW: dict[str, pa.DataType] = {
    "BIGNUMERIC": pa.decimal256(76, 38),
    "BOOL": pa.bool_(),
    "BYTES": pa.binary(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    "FLOAT64": pa.float64(),
    "INT64": pa.int64(),
    "INTERVAL": pa.month_day_nano_interval(),
    "NUMERIC": pa.decimal128(38, 9),
    "TIME": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}


def columns_of(fields: list[SchemaField] | tuple[SchemaField, ...]) -> tuple[ResultColumn, ...]:
    """The columns of a result, with BigQuery's spelling of their types."""
    return tuple(ResultColumn(field.name, spelled(field)) for field in fields)


def spelled(field: SchemaField) -> str:
    """The type of a column as SQL writes it.

    >>> spelled(SchemaField("a", "RECORD", mode="REPEATED", fields=[SchemaField("b", "NUMERIC", precision=9, scale=2)]))
    'ARRAY<STRUCT<b NUMERIC(9, 2)>>'
    """
    name = kind_of(field)
    if name == "STRUCT":
        name = f"STRUCT<{', '.join(f'{one.name} {spelled(one)}' for one in field.fields)}>"
    elif name == "RANGE" and field.range_element_type is not None:
        name = f"RANGE<{field.range_element_type.element_type}>"
    elif field.precision:
        name = f"{name}({field.precision}, {field.scale})" if field.scale else f"{name}({field.precision})"
    elif field.max_length:
        name = f"{name}({field.max_length})"
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


def field_named(field: SchemaField, name: str) -> SchemaField:
    """The same column under another name."""
    return SchemaField.from_api_repr({**field.to_api_repr(), "name": name})


def kind_of(field: SchemaField) -> str:
    """The name of a column's type, or of its elements', without what stands in brackets."""
    return _NAMES.get(field.field_type, field.field_type)


def arrow_type(field: SchemaField) -> pa.DataType:
    """The Arrow type that holds the values of a column. JSON, GEOGRAPHY and what is not known are text.

    >>> arrow_type(SchemaField("a", "RECORD", fields=[SchemaField("b", "DATE", mode="REPEATED")]))
    StructType(struct<b: list<item: date32[day]>>)
    """
    name = kind_of(field)
    if name == "STRUCT":
        if len({one.name for one in field.fields}) < len(field.fields):
            message = f"{field.name} has several fields of one name, of which Google's client keeps one."
            raise EngineError(message, "Give each field of the STRUCT a name of its own.")
        found = pa.struct([(one.name, arrow_type(one)) for one in field.fields])
    elif name == "RANGE" and field.range_element_type is not None:
        end = _ARROW.get(field.range_element_type.element_type, pa.string())
        found = pa.struct([("start", end), ("end", end)])
    else:
        found = _ARROW.get(name, pa.string())
    return pa.list_(found) if field.mode == "REPEATED" else found
