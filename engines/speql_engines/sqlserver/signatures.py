"""How SQL Server's functions are called: it does not tell of its own, so these are known from its documentation."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from speql_sql import FunctionSignature, Parameter
from speql_sql.function_data import function_data
from speql_sql.function_signature import FunctionKind

_AGGREGATES = frozenset(
    {
        "approx_count_distinct",
        "approx_percentile_cont",
        "approx_percentile_disc",
        "avg",
        "checksum_agg",
        "count",
        "count_big",
        "max",
        "min",
        "stdev",
        "stdevp",
        "string_agg",
        "sum",
        "var",
        "varp",
    }
)
_WINDOW = frozenset(
    {
        "cume_dist",
        "dense_rank",
        "first_value",
        "lag",
        "last_value",
        "lead",
        "ntile",
        "percent_rank",
        "rank",
        "row_number",
    }
)
_OWN = """
    SELECT SCHEMA_NAME(o.schema_id), o.name, o.type, p.name, TYPE_NAME(p.user_type_id), p.parameter_id
    FROM sys.objects o LEFT JOIN sys.parameters p ON p.object_id = o.object_id
    WHERE o.type IN ('FN', 'IF', 'TF', 'FS', 'FT', 'AF') AND o.is_ms_shipped = 0
    ORDER BY o.schema_id, o.name, p.parameter_id"""
_TABLE_TYPES = frozenset({"IF", "TF", "FT"})


def read_signatures(rows: Callable[[str], list[Sequence[Any]]]) -> tuple[FunctionSignature, ...]:
    """All functions that a query may call, the user's too, which are called with their schema."""
    known = function_data("tsql")
    found = [FunctionSignature(name, (), kind=_kind(name)) for name in known.functions]
    found += [FunctionSignature(name, (), kind="table") for name in known.table_functions]
    own: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for schema, name, kind, parameter, type_, number in rows(_OWN):
        told = own[str(schema), str(name), str(kind).strip()]
        if number is not None:
            told.append((str(parameter or ""), str(type_ or "")))
    for (schema, name, kind), parameters in own.items():
        returns = next((type_ for parameter, type_ in parameters if not parameter), "")
        named = tuple(Parameter(parameter.lstrip("@"), type_) for parameter, type_ in parameters if parameter)
        made: FunctionKind = "table" if kind in _TABLE_TYPES else "aggregate" if kind == "AF" else "scalar"
        found.append(FunctionSignature(f"{schema}.{name}", named, returns, made))
    return tuple(sorted(found, key=lambda one: (one.name, len(one.parameters))))


def _kind(name: str) -> FunctionKind:
    return "aggregate" if name in _AGGREGATES else "window" if name in _WINDOW else "scalar"
