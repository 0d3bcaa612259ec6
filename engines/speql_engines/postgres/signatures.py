"""How PostgreSQL's functions are called, as its catalog says."""

import json

import psycopg

from speql_sql import FunctionSignature, Parameter
from speql_sql.function_signature import FunctionKind

# What the server calls itself (input of types, support of indexes) is of no use to who writes a query.
_QUERY = """
    SELECT p.proname, p.prokind::text, p.proretset, p.provariadic <> 0,
        coalesce(array_to_json(p.proargnames)::text, '[]'),
        (SELECT coalesce(json_agg(format_type(t, NULL) ORDER BY n)::text, '[]')
            FROM unnest(p.proargtypes) WITH ORDINALITY x(t, n)),
        format_type(p.prorettype, NULL), coalesce(obj_description(p.oid, 'pg_proc'), '')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname <> 'information_schema' AND p.prokind <> 'p' AND p.proname ~ '^[a-z]\\w*$'
        AND NOT (p.prorettype = ANY ('{internal,cstring,trigger,event_trigger,language_handler,index_am_handler,
            table_am_handler,fdw_handler,tsm_handler}'::regtype[]))
        AND NOT (p.proargtypes::oid[] && '{internal,cstring}'::regtype[]::oid[])
    ORDER BY p.proname, p.pronargs, p.oid"""
_KINDS: dict[str, FunctionKind] = {"a": "aggregate", "w": "window", "f": "scalar"}


def read_signatures(connection: psycopg.Connection) -> tuple[FunctionSignature, ...]:
    """All functions that a query may call, the user's too; those of a name one after the other, the shortest first."""
    found = []
    for name, kind, is_set, variadic, names, types, returns, description in connection.execute(_QUERY).fetchall():
        named = json.loads(names)
        parameters = tuple(
            Parameter(named[at] if at < len(named) and named[at] else type_, type_)
            for at, type_ in enumerate(json.loads(types))
        )
        of_kind: FunctionKind = "table" if is_set == "t" else _KINDS.get(kind, "other")
        found.append(FunctionSignature(name, parameters, returns, of_kind, variadic == "t", description))
    return tuple(found)
