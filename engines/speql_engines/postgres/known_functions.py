"""Which of PostgreSQL's functions always give the same result: the data of the guard.

``python -m speql_engines.postgres.known_functions CONNINFO > sql/speql_sql/postgres_functions.json`` asks a server.
"""

import json
import sys

import psycopg

from speql_engines.function_classes import classes_of
from speql_sql.guard_functions import VOLATILE_FUNCTIONS

# PostgreSQL calls these stable, which is also what it calls the clock and what reads tables: they depend on settings of
# the session (time zone, formats) and on their arguments only.
_OF_THE_SESSION_TEXT = """
array_to_json array_to_string concat concat_ws convert convert_from convert_to date_bin date_part date_trunc format
json_agg json_agg_strict json_build_array json_build_object json_object_agg jsonb_agg jsonb_build_array
jsonb_build_object jsonb_object_agg length make_timestamptz quote_literal quote_nullable row_to_json timezone to_char
to_date to_json to_jsonb to_number to_timestamp date timestamp timestamptz time timetz text varchar interval
"""
_OF_THE_SESSION = frozenset(_OF_THE_SESSION_TEXT.split())
# Functions by PostgreSQL's grammar, which its catalog does not list.
_GRAMMAR = {"Greatest", "Least", "Nullif"}
# Immutable by its own word, and yet about the server, its locks or its memory, or of no use in a query.
_NOT_OF_THE_DATA = ("pg_", "has_", "inet_", "binary_upgrade", "lo_", "int8inc", "txid_", "ri_fkey", "brin", "gin")
# Called without parentheses, and parsed by sqlglot as columns.
_WORDS = ["current_catalog", "current_role", "current_schema", "current_user", "session_user", "system_user", "user"]
# ``value.name`` calls a function of one argument, if the value has no such column. Those that only compute may be.
_BY_DOT = """
    SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'pg_catalog' AND p.prokind = 'f' AND p.provolatile <> 'i' AND p.pronargs >= 1
        AND p.pronargs - p.pronargdefaults <= 1 AND p.proname !~ '(out|send|recv|in)$'
        AND NOT (p.proargtypes::oid[] && '{internal,cstring}'::regtype[]::oid[])"""
_QUERY = """
    SELECT p.proname, bool_and(p.provolatile = 'i'), bool_or(p.proretset) FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'pg_catalog' AND p.prokind IN ('f', 'a', 'w') AND p.proname ~ '^[a-z]\\w*$'
        AND NOT (p.prorettype = ANY ('{internal,cstring,trigger,event_trigger}'::regtype[]))
        AND NOT (p.proargtypes::oid[] && '{internal,cstring}'::regtype[]::oid[])
    GROUP BY p.proname ORDER BY p.proname"""


def known_functions(connection: psycopg.Connection) -> dict[str, list[str]]:
    """Names of functions all of whose overloads are immutable, or depend on the session only, and the sqlglot classes
    of their calls.
    """
    names: set[str] = set()
    others: set[str] = set()
    for name, immutable, is_set in connection.execute(_QUERY).fetchall():
        harmless = (immutable and not is_set) or name in _OF_THE_SESSION
        kept = harmless and name not in VOLATILE_FUNCTIONS and not name.startswith(_NOT_OF_THE_DATA)
        (names if kept else others).add(str(name))
    classes = set().union(*(classes_of(name, "postgres") for name in names))
    classes -= set().union(*(classes_of(name, "postgres") for name in others | VOLATILE_FUNCTIONS))
    by_dot = {str(name) for (name,) in connection.execute(_BY_DOT).fetchall()} - names
    return {
        "functions": sorted(names),
        "nodes": sorted(classes | _GRAMMAR),
        "words": _WORDS,
        "by_dot": sorted(by_dot),
    }


if __name__ == "__main__":
    with psycopg.connect(sys.argv[1]) as server:
        sys.stdout.write(json.dumps(known_functions(server), indent=0) + "\n")
