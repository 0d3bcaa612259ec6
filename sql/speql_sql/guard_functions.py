"""Which functions always give the same result for the same arguments, and do nothing else."""

import json
from functools import cache
from importlib import resources

from sqlglot import exp

# Table functions that only compute rows from their arguments.
TABLE_FUNCTIONS = frozenset(
    {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "generate_subscripts"}
)

# Named only so that the refusal can say why: what is not in the data file is refused in any case. The clock is here:
# now() is one value within a query, but a temp table of yesterday's now() would be wrong today.
_VOLATILE_FUNCTIONS_TEXT = """
age ago clock_timestamp currval current_connection_id current_date current_datetime current_localtime
current_localtimestamp current_query current_query_id current_setting current_time current_timestamp
current_transaction_id error gen_random_uuid get_current_time get_current_timestamp getenv getvariable localtime
localtimestamp nextval now pg_sleep query query_table rand randn random reservoir_quantile setseed setval sleep_ms
stats today transaction_timestamp txid_current uuid uuidv4 uuidv7 write_log
"""
VOLATILE_FUNCTIONS = frozenset(_VOLATILE_FUNCTIONS_TEXT.split())

# Functions by grammar: no function of a database's own can stand in for these.
_SYNTAX_TEXT = """
And Array Case Cast Coalesce Collate Columns Exists Explode Extract Filter GenerateSeries Grouping GroupingId If Map Or
Posexplode Struct ToMap Try TryCast Unnest VarMap Xor
"""
_SYNTAX = frozenset(_SYNTAX_TEXT.split())


def function_name(node: exp.Func) -> str:
    """The folded name of a function as the user may have written it; for a class of sqlglot's, its first name."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    if isinstance(node, exp.GenerateSeries):
        return "generate_series"
    return node.sql_names()[0].lower()


def is_known_function(node: exp.Func) -> bool:
    """Whether ``node`` is a built-in scalar, aggregate or window function without side effects and without moods."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _data()["functions"]
    name = type(node).__name__
    return name in _SYNTAX or name in _data()["nodes"]


def shadows_built_in(name: str) -> bool:
    """Whether a user's function of this folded name stands in for one that queries are allowed to call.

    DuckDB looks up macros first, operators too: after ``CREATE MACRO "+"(a, b) AS random()`` no query means what it
    says. ``[1, 2]`` and ``x.y`` call functions as well, so it is not enough to look at the names in a query.
    """
    return name in _data()["functions"] or name in TABLE_FUNCTIONS


@cache
def _data() -> dict[str, frozenset[str]]:
    """Names of DuckDB's functions, and the classes into which sqlglot parses calls of them.

    Made by ``python -m speql_engines.duckdb_functions``, which asks DuckDB; a test asks whether it is up to date.
    """
    text = resources.files("speql_sql").joinpath("duckdb_functions.json").read_text("utf-8")
    return {key: frozenset(names) for key, names in json.loads(text).items()}
