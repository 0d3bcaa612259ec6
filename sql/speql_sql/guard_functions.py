"""Which functions always give the same result for the same arguments, and do nothing else."""

from sqlglot import exp

from speql_sql.function_data import function_data
from speql_sql.guard_operators import unwritten_operator
from speql_sql.problem import Problem

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
    if isinstance(node, exp.OpenJSON):
        return "openjson"
    return node.sql_names()[0].lower()


def is_known_function(node: exp.Func, dialect: str) -> bool:
    """Whether ``node`` is a built-in scalar, aggregate or window function without side effects and without moods."""
    data = function_data(dialect)
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in data.functions
    name = type(node).__name__
    return name in _SYNTAX or name in data.nodes


def is_built_in(name: str, dialect: str) -> bool:
    """Whether a folded name is that of such a function, or of a table function that only computes rows."""
    data = function_data(dialect)
    return name in data.functions or name in data.table_functions


def is_table_function(node: exp.Func, dialect: str) -> bool:
    """Whether ``node`` makes rows of its arguments, and does nothing else."""
    return function_name(node) in function_data(dialect).table_functions or isinstance(node, exp.Explode | exp.Unnest)


def why_never(node: exp.Func, dialect: str) -> Problem | None:
    """Why a function is never speculated, where it is one of those that this is known of."""
    refused = function_data(dialect).refused
    names = (function_name(node), *(name.lower() for name in node.sql_names()))
    return next((refused[name] for name in names if name in refused), None)


def shadowing(user_functions: frozenset[str], dialect: str) -> str:
    """The user's function, if there is one, that may be called wherever a query names none; else nothing.

    DuckDB looks up macros first, operators too: after ``CREATE MACRO "+"(a, b) AS random()`` no query means what it
    says. ``[1, 2]`` and ``x.y`` call functions as well, so it is not enough to look at the names in a query.
    PostgreSQL looks at its own functions first, and takes another where that fits the types better: that needs a call
    by its name, but for operators and casts, which the catalog lists as ``operator =``; guard_operators looks for those
    that a query has to write. Elsewhere functions of the user's are called by their names alone.
    """
    if dialect != "duckdb":
        return unwritten_operator(user_functions)
    return next((name for name in sorted(user_functions) if is_built_in(name, dialect)), "")


def names_of_call(node: exp.Func, dialect: str) -> frozenset[str]:
    """Folded names by which a call may be known. The user's own is not always one: guard_text looks for that."""
    written = node.sql(dialect).partition("(")[0].strip().lower()
    return frozenset({function_name(node), written, *(name.lower() for name in node.sql_names())})
