"""How DuckDB's functions are called, as it says itself."""

from collections.abc import Sequence
from typing import cast, get_args

import duckdb

from speql_sql import FunctionSignature, Parameter
from speql_sql.function_signature import FunctionKind

_QUERY = """
    SELECT function_name, parameters, list(DISTINCT parameter_types), list(DISTINCT return_type),
        any_value(function_type), bool_or(varargs IS NOT NULL), coalesce(max(description), ''),
        coalesce(any_value(examples[1]), '')
    FROM duckdb_functions()
    WHERE regexp_full_match(function_name, '[A-Za-z_]\\w*') AND NOT starts_with(function_name, '__internal')
    GROUP BY function_name, parameters ORDER BY function_name, len(parameters), parameters
"""


def read_signatures(cursor: duckdb.DuckDBPyConnection) -> tuple[FunctionSignature, ...]:
    """All functions, those of the user's macros too; those of a name one after the other, the shortest first."""
    return tuple(
        FunctionSignature(
            name=str(name),
            parameters=tuple(
                Parameter(str(parameter), _only([one[place] for one in types if one and place < len(one)]))
                for place, parameter in enumerate(parameters or ())
            ),
            returns=_only(returns or ()),
            kind=cast(FunctionKind, kind) if kind in get_args(FunctionKind) else "other",
            variadic=bool(variadic),
            description=str(description),
            example=str(example),
        )
        for name, parameters, types, returns, kind, variadic, description, example in cursor.execute(_QUERY).fetchall()
    )


def _only(types: Sequence[str | None]) -> str:
    """The one type among them, or nothing."""
    found = set(types)
    return str(found.pop() or "") if len(found) == 1 else ""
