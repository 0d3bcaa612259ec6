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


def is_known_function(node: exp.Func, dialect: str) -> bool:
    """Whether ``node`` is a built-in scalar, aggregate or window function without side effects and without moods."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _data(dialect)["functions"]
    name = type(node).__name__
    return name in _SYNTAX or name in _data(dialect)["nodes"]


def is_built_in(name: str, dialect: str) -> bool:
    """Whether a folded name is that of such a function, or of a table function that only computes rows."""
    return name in _data(dialect)["functions"] or name in TABLE_FUNCTIONS


def names_of_call(node: exp.Func, dialect: str) -> frozenset[str]:
    """Folded names by which a call may be known: the user's own is one of them."""
    written = node.sql(dialect).partition("(")[0].strip().lower()
    return frozenset({function_name(node), written, *(name.lower() for name in node.sql_names())})


def shadowing(user_functions: frozenset[str], dialect: str) -> str:
    """The user's function, if there is one, that may be called wherever a query names none; else nothing.

    DuckDB looks up macros first, operators too: after ``CREATE MACRO "+"(a, b) AS random()`` no query means what it
    says. ``[1, 2]`` and ``x.y`` call functions as well, so it is not enough to look at the names in a query.
    PostgreSQL looks at its own functions first, and takes another where that fits the types better: that needs a call
    by its name, but for operators and casts, which the catalog lists as ``operator +``.
    """
    if dialect == "postgres":
        return next((name for name in sorted(user_functions) if name.startswith("operator ")), "")
    return next((name for name in sorted(user_functions) if is_built_in(name, dialect)), "")


@cache
def _data(dialect: str) -> dict[str, frozenset[str]]:
    """Names of an engine's functions, and the classes into which sqlglot parses calls of them.

    Made by ``python -m speql_engines.duckdb_functions`` and ``speql_engines.postgres.known_functions``, which ask the
    engine; tests ask whether they are up to date. Where there is no data no function is known.
    """
    file = resources.files("speql_sql").joinpath(f"{dialect}_functions.json")
    if not file.is_file():
        return {"functions": frozenset(), "nodes": frozenset()}
    return {key: frozenset(names) for key, names in json.loads(file.read_text("utf-8")).items()}
