"""Which of DuckDB's functions always give the same result: the data of the guard.

``python -m speql_engines.duckdb.functions > sql/speql_sql/duckdb_functions.json`` writes it anew.
"""

import json
import sys

import duckdb

from speql_engines.function_classes import classes_of
from speql_sql.guard_functions import VOLATILE_FUNCTIONS

# Built-in macros that describe the server, kept for PostgreSQL's clients. Their definitions read system tables.
_NOT_OF_THE_DATA = ("pg_", "has_", "inet_", "__internal", "current_", "session_", "user", "json_copy_")
_NAMES = """
    SELECT function_name FROM duckdb_functions() WHERE internal AND function_type IN ('scalar', 'aggregate', 'window')
    GROUP BY function_name HAVING bool_and(stability = 'CONSISTENT' AND NOT coalesce(has_side_effects, false))"""
_MACROS = "SELECT function_name, macro_definition FROM duckdb_functions() WHERE internal AND function_type = 'macro'"
# Called without parentheses, and parsed by sqlglot as columns.
_WORDS = ["current_catalog", "current_role", "current_schema", "current_user", "session_user", "user"]
_OTHERS = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE internal"


def consistent_functions() -> dict[str, list[str]]:
    """Names of functions that DuckDB calls consistent and free of side effects, and the sqlglot classes of their calls.

    DuckDB's word is corrected where it is wrong (``age(x)`` and ``current_localtime()`` read the clock): see
    ``VOLATILE_FUNCTIONS``. A built-in macro is in if all functions of its definition are.
    """
    with duckdb.connect() as connection:
        names = {str(name) for (name,) in connection.execute(_NAMES).fetchall()}
        macros = [(str(name), str(text)) for name, text in connection.execute(_MACROS).fetchall()]
        others = {str(name) for (name,) in connection.execute(_OTHERS).fetchall()}
        names = {name for name in names if _of_the_data(name)}
        calls = [(name, _calls(connection, text)) for name, text in macros if _of_the_data(name)]
    names |= _consistent_macros(calls, names)
    classes = set().union(*(classes_of(name, "duckdb") for name in names))
    classes -= set().union(*(classes_of(name, "duckdb") for name in (others | VOLATILE_FUNCTIONS) - names))
    return {"functions": sorted(names), "nodes": sorted(classes), "words": _WORDS}


def _of_the_data(name: str) -> bool:
    return name not in VOLATILE_FUNCTIONS and not name.startswith(_NOT_OF_THE_DATA)


def _consistent_macros(calls: list[tuple[str, set[str]]], names: set[str]) -> set[str]:
    """The macros all of whose overloads call only ``names`` and each other."""
    accepted: set[str] = set()
    while True:
        known = names | accepted
        refused = {name for name, called in calls if not called <= known}
        found = {name for name, _ in calls} - refused
        if found <= accepted:
            return accepted
        accepted |= found


def _calls(connection: duckdb.DuckDBPyConnection, definition: str) -> set[str]:
    """The names of the functions that a definition calls; one that reads a table calls ``"FROM"``."""
    if definition.upper().lstrip("(").startswith("SELECT") or "(SELECT" in definition.upper():
        return {"FROM"}
    text = connection.execute("SELECT json_serialize_sql($1)", [f"SELECT {definition}"]).fetchone()
    return set(_names_in(json.loads(text[0]))) if text else {"FROM"}


def _names_in(node: object) -> "list[str]":
    if isinstance(node, list):
        return [name for item in node for name in _names_in(item)]
    if not isinstance(node, dict):
        return []
    own = [str(node["function_name"])] if node.get("class") in ("FUNCTION", "WINDOW") else []
    return own + [name for item in node.values() for name in _names_in(item)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(consistent_functions(), indent=0) + "\n")
