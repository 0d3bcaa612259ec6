"""What is known of the functions of an engine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from speql_sql.problem import Problem


@dataclass(frozen=True)
class FunctionData:
    """What is known of an engine's functions, all by their folded names.

    ``functions`` always give the same result for the same arguments and do nothing else; ``nodes`` are the classes into
    which sqlglot parses calls of them, and of no other; ``table_functions`` only compute rows. ``words`` are called
    without parentheses, and tell of the clock or the session. ``refused`` has functions of which is known why they are
    not speculated, with the reason: those are named only so that it can be told, since what is not listed is refused
    as well.
    ``by_dot`` are functions that do more than compute and that ``value.name`` calls, too. ``source`` says where the
    names come from, and is empty where the engine was asked: then what a query calls is one of these, or the user's.
    """

    functions: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()
    table_functions: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    refused: Mapping[str, Problem] = field(default_factory=dict)
    by_dot: frozenset[str] = frozenset()
    source: str = ""


_REASONS = {
    "volatile": ("volatile-function", "gives another result each time, or tells of the session"),
    "side_effects": ("side-effect", "does more than give a result"),
    "outside": ("outside-access", "reads files, reaches other servers, or costs money of its own"),
}

# What these engines compute rows by; they were asked for their functions, but not for what tables these make.
_ASKED_TABLE_FUNCTIONS = frozenset(
    {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "generate_subscripts"}
)


@cache
def function_data(dialect: str) -> FunctionData:
    """The data of an engine's dialect; where there is none no function is known.

    That of DuckDB and PostgreSQL is made by ``python -m speql_engines.duckdb.functions`` and
    ``speql_engines.postgres.known_functions``, which ask the engine, and tests ask whether it is up to date. The others
    were written down from the documentation that ``source`` names: ``speql_engines.documented_functions`` adds the
    classes of sqlglot to them.
    """
    file = resources.files("speql_sql").joinpath(f"{dialect}_functions.json")
    if not file.is_file():
        return FunctionData()
    data = json.loads(file.read_text("utf-8"))
    refused = {
        name: Problem(code, f"{name}() {reason}.")
        for key, (code, reason) in _REASONS.items()
        for name in data.get(key, ())
    }
    return FunctionData(
        functions=frozenset(data["functions"]),
        nodes=frozenset(data["nodes"]),
        table_functions=frozenset(data.get("table_functions", _ASKED_TABLE_FUNCTIONS)),
        words=frozenset(data.get("words", ())),
        refused=refused,
        by_dot=frozenset(data.get("by_dot", ())),
        source=data.get("source", ""),
    )
