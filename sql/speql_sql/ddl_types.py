"""Types of columns as the engine spells them in its catalog."""

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

_DUCKDB_NAMES = {
    exp.DType.INT: "INTEGER",
    exp.DType.INT128: "HUGEINT",
    exp.DType.UINT: "UINTEGER",
    exp.DType.UINT128: "UHUGEINT",
    exp.DType.TEXT: "VARCHAR",
    exp.DType.VARCHAR: "VARCHAR",
    exp.DType.NVARCHAR: "VARCHAR",
    exp.DType.VARBINARY: "BLOB",
    exp.DType.FLOAT: "FLOAT",
    exp.DType.TIMESTAMPNTZ: "TIMESTAMP",
    exp.DType.TIMESTAMP: "TIMESTAMP",
    exp.DType.TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE",
    exp.DType.TIMETZ: "TIME WITH TIME ZONE",
}
_DUCKDB_SYNONYMS = {"GUID": "UUID", "OID": "BIGINT", "VARINT": "BIGNUM"}
_DOUBLE_FROM_BITS = 25
_RESERVED = DuckDB.Generator.RESERVED_KEYWORDS
# Where no collation is declared, these compare text without regard to letter case or to blanks at the end, or pad it.
_TEXT_FOLDED_BY_DEFAULT = frozenset({"tsql", "fabric", "mysql", "singlestore", "doris", "starrocks", "redshift"})


def spelled_type(kind: exp.DataType, dialect: str, named: Mapping[str, exp.DataType], collation: str = "") -> str:
    """The type as the engine's catalog has it, with its collation; ``named`` are the types that the user defined.

    >>> spelled_type(exp.DataType.build("NUMERIC(5)[]", dialect="duckdb"), "duckdb", {})
    'DECIMAL(5,0)[]'
    """
    name = _duckdb_type(kind, named) if dialect == "duckdb" else kind.sql(dialect=dialect)
    if not collation and dialect in _TEXT_FOLDED_BY_DEFAULT and kind.this in exp.DataType.TEXT_TYPES:
        collation = "UNKNOWN"
    return f"{name} COLLATE {collation.upper()}" if collation else name


def _duckdb_type(kind: exp.DataType, named: Mapping[str, exp.DataType]) -> str:
    inside = kind.expressions
    if kind.this in (exp.DType.ARRAY, exp.DType.LIST) and inside:
        size = "".join(value.name for value in kind.args.get("values") or ())
        return f"{_element(inside[0], named)}[{size}]"
    if kind.this in (exp.DType.STRUCT, exp.DType.UNION):
        fields = ", ".join(f"{_field_name(field.this)} {_element(field.args['kind'], named)}" for field in inside)
        return f"{kind.this.value}({fields})"
    if kind.this is exp.DType.MAP:
        return f"MAP({', '.join(_element(part, named) for part in inside)})"
    if kind.this is exp.DType.ENUM:
        return f"ENUM({', '.join(value.sql('duckdb') for value in inside)})"
    if kind.this is exp.DType.USERDEFINED:
        name = str(kind.args.get("kind") or "")
        defined = named.get(name.lower())
        return _duckdb_type(defined, named) if defined is not None else _DUCKDB_SYNONYMS.get(name.upper(), name)
    numbers = [int(part.name) for part in inside if part.name.isdecimal()]
    if kind.this is exp.DType.DECIMAL:
        width, scale = (*numbers, 0)[:2] if numbers else (18, 3)
        return f"DECIMAL({width},{scale})"
    if kind.this is exp.DType.FLOAT and numbers and numbers[0] >= _DOUBLE_FROM_BITS:
        return "DOUBLE"
    if kind.this is exp.DType.TIMESTAMPNTZ and numbers:
        return _timestamp(numbers[0])
    return _DUCKDB_NAMES.get(kind.this) or kind.sql(dialect="duckdb")


def _timestamp(digits: int) -> str:
    """A timestamp of so many digits after the second: DuckDB has four types for them."""
    if digits == 0:
        return "TIMESTAMP_S"
    return "TIMESTAMP_MS" if digits <= 3 else "TIMESTAMP" if digits <= 6 else "TIMESTAMP_NS"


def _element(part: exp.Expr, named: Mapping[str, exp.DataType]) -> str:
    return _duckdb_type(part, named) if isinstance(part, exp.DataType) else part.sql(dialect="duckdb")


def _field_name(name: exp.Expr) -> str:
    plain = name.name.isascii() and name.name.isidentifier() and name.name.lower() not in _RESERVED
    return name.name if plain else exp.to_identifier(name.name, quoted=True).sql(dialect="duckdb")
