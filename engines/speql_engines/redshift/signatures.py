"""How Redshift's functions are called, as its catalog says."""

from collections.abc import Callable, Sequence
from typing import Any

from speql_sql import FunctionSignature, Parameter
from speql_sql.function_signature import FunctionKind

_FUNCTIONS = """
    SELECT p.proname, p.proretset, p.proargtypes, p.prorettype,
        CASE WHEN EXISTS (SELECT 1 FROM pg_aggregate a WHERE a.aggfnoid = p.oid) THEN 't' ELSE 'f' END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('information_schema', 'pg_internal') ORDER BY p.proname, p.pronargs, p.oid"""
_TYPES = "SELECT oid, format_type(oid, NULL) FROM pg_type"
# What the server calls itself (input of types, support of indexes) is of no use to who writes a query.
_INTERNAL = frozenset({"internal", "cstring", "trigger", "event_trigger", "language_handler"})


def read_signatures(rows: Callable[[str], list[Sequence[Any]]]) -> tuple[FunctionSignature, ...]:
    """All functions that a query may call, the user's too; those of a name one after the other, the shortest first."""
    types = {oid: str(name) for oid, name in rows(_TYPES)}
    found = []
    for name, is_set, arguments, returns, adds in rows(_FUNCTIONS):
        parameters = [types.get(one, "") for one in str(arguments or "").split()]
        returned = types.get(returns, "")
        if not _INTERNAL.isdisjoint({*parameters, returned}) or not str(name).isidentifier():
            continue
        kind: FunctionKind = "table" if is_set == "t" else "aggregate" if adds == "t" else "scalar"
        found.append(FunctionSignature(str(name), tuple(Parameter(one, one) for one in parameters), returned, kind))
    return tuple(found)
