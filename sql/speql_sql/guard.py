"""Which queries may be run without the user having asked."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from speql_sql.catalog import Catalog
from speql_sql.function_data import function_data
from speql_sql.guard_files import FILE_FUNCTIONS, file_argument_problems
from speql_sql.guard_functions import (
    VOLATILE_FUNCTIONS,
    function_name,
    is_known_function,
    is_table_function,
    names_of_call,
    shadowing,
    why_never,
)
from speql_sql.guard_operators import operator_problems
from speql_sql.guard_tables import table_problems
from speql_sql.guard_text import text_problems
from speql_sql.problem import Problem

# Every other type of node is refused: a type that sqlglot grows tomorrow is refused until someone has looked at it.
# Functions are judged by name (guard_functions), not listed here.
_HARMLESS_NODES_TEXT = """
Add Alias Aliases All Any AtTimeZone Between BitString BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr
BitwiseRightShift BitwiseXor Boolean Bracket ByteString CTE Collate Column ColumnDef Comprehension Cube DPipe
DataType DataTypeParam Distance Distinct Div Dot EQ Escape Except Fetch Filter ForIn From GT GTE Glob Group
GroupingSets Having HavingMax HexString ILike Identifier IgnoreNulls In IntDiv Intersect Interval IntervalSpan Is
JSON JSONKeyValue JSONPath JSONPathFilter JSONPathKey JSONPathPart JSONPathRecursive JSONPathRoot JSONPathScript
JSONPathSelector JSONPathSlice JSONPathSubscript JSONPathUnion JSONPathWildcard JSONValue Join Kwarg LT LTE Lambda
Lateral Like Limit LimitOptions Literal Mod Mul NEQ National Neg Not Null NullSafeEQ NullSafeNEQ Offset Operator
Order Ordered Overlaps Paren Pivot PivotAlias PivotAny PositionalColumn PropertyEQ Pseudocolumn Qualify RawString
RespectNulls Rollup Select SimilarTo Slice Star Sub Subquery Table TableAlias TableColumn TableFromRows Tuple
UnicodeString Union UnpivotColumns Values Var Where Window WindowSpec With WithinGroup
"""
_HARMLESS_NODES = frozenset(_HARMLESS_NODES_TEXT.split())


# Engines that read some words as the time of the clock wherever a date is wanted, and texts that may be dates: of
# letters, digits and what stands between them there, also within an array or a range.
_CLOCK_DIALECTS = frozenset({"postgres", "redshift", "spark", "databricks"})
_CLOCK_WORD = re.compile(r"(?<![a-z])(now|today|tomorrow|yesterday)(?![a-z])", re.IGNORECASE)
_MAY_BE_DATE = re.compile(r"[\w\s:.,+\-/{}\[\]()\"\\]*")
_ESCAPED_LETTER = re.compile(r"\\[xuU0-7+]")
_TEXTS = (exp.Literal, exp.RawString, exp.National, exp.UnicodeString, exp.ByteString)


@dataclass(frozen=True)
class GuardPolicy:
    """What a connection allows.

    ``allowed_paths`` are the files and folders that a query may read as tables. ``user_functions`` (folded names) are
    the macros that the database defines; ``unsafe_tables`` (folded names) the views that run what may not be
    speculated. Both come from the catalog: :meth:`for_catalog`, which is kept to look names up.
    """

    dialect: str = "duckdb"
    allowed_paths: tuple[str, ...] = ()
    user_functions: frozenset[str] = frozenset()
    unsafe_tables: frozenset[str] = frozenset()
    catalog: Catalog | None = field(default=None, repr=False, compare=False)

    @classmethod
    def for_catalog(cls, catalog: Catalog, allowed_paths: tuple[str, ...] = ()) -> "GuardPolicy":
        """The policy for queries over ``catalog``."""
        return cls(catalog.dialect, allowed_paths, catalog.user_functions, catalog.unsafe_tables, catalog)


_DEFAULT_POLICY = GuardPolicy()


def speculation_problems(
    tree: exp.Expr, policy: GuardPolicy = _DEFAULT_POLICY, text: str | None = None
) -> tuple[Problem, ...]:
    """Why ``tree`` may be neither speculated nor cached; nothing if it may.

    What the engine would be given is ``text``, wherever something is to be run: it must read what the tree says.

    It may be if it is one query that only reads, whose functions are all known to give the same result whenever they
    are run, and which touches no file outside the policy and no network. Functions are known by the engine's own word
    for them, or by its documentation (function_data); the clock counts as volatile, since ``now()`` is another value
    tomorrow. What is not known is refused.

    >>> from sqlglot import parse_one
    >>> speculation_problems(parse_one("SELECT upper(name) FROM t", read="duckdb"))
    ()
    >>> speculation_problems(parse_one("SELECT random()", read="duckdb"))[0].code
    'volatile-function'
    """
    if not is_query(tree):
        return (Problem("not-a-query", f"Only a query is speculated, and this is {_described(tree)}."),)
    if name := shadowing(policy.user_functions, policy.dialect):
        message = f"The database defines a function named like the built-in {name}, which may do anything."
        return (Problem("shadowed-function", message),)
    found = [problem for node in tree.walk() for problem in _node_problems(node, policy)]
    if policy.dialect == "postgres" and policy.user_functions:
        found += operator_problems(tree, text, policy.dialect, policy.user_functions)
    if text is not None:
        found += text_problems(text, tree, policy.dialect, policy.user_functions)
    return tuple(dict.fromkeys(found))


def is_query(tree: exp.Expr) -> bool:
    """Whether ``tree`` is a query by its outermost node: SELECT, set operation, VALUES, FROM-first.

    A query in this sense can still write (``WITH x AS (INSERT ...)``): that is :func:`speculation_problems`'s to find.
    """
    while isinstance(tree, exp.Subquery | exp.Paren) and isinstance(tree.this, exp.Expr):
        tree = tree.this
    return isinstance(tree, exp.Select | exp.SetOperation | exp.Values)


def _node_problems(node: exp.Expr, policy: GuardPolicy) -> Iterator[Problem]:
    special = next((check for type_, check in _SPECIAL_NODES if isinstance(node, type_)), None)
    if special is not None:
        yield from special(node)
    elif isinstance(node, exp.Func):
        yield from _function_problems(node, policy)
    elif type(node).__name__ not in _HARMLESS_NODES:
        yield Problem("not-understood", f"SpeQL does not know {_described(node)} to be harmless.")
    elif policy.dialect in _CLOCK_DIALECTS and isinstance(node, _TEXTS) and _names_the_clock(node):
        yield Problem("volatile-function", f"'{node.this}' may be read as a date, and is another one tomorrow.")
    elif isinstance(node, exp.Table):
        yield from table_problems(node, policy.dialect, policy.allowed_paths, policy.catalog)
        if not isinstance(node.this, exp.Func) and node.name.lower() in policy.unsafe_tables:
            yield Problem("unsafe-table", f"Reading {node.name} runs something that may not be speculated.")
    elif isinstance(node, exp.TableFromRows):
        if not isinstance(node.this, exp.Func):
            yield Problem("not-understood", "The name of a table is computed.")
    elif isinstance(node, exp.Column | exp.Dot):
        yield from _column_problems(node, policy)
    elif isinstance(node, exp.CTE) and isinstance(node.this, exp.Expr) and not is_query(node.this):
        yield Problem("writes", f"{node.alias or 'A CTE'} is {_described(node.this)}, not a query.")
    elif isinstance(node, exp.Pivot) and node.arg_key != "pivots":
        yield Problem("not-understood", "A PIVOT or UNPIVOT statement is several statements in one: add FROM and IN.")


def _called(node: exp.Func) -> str:
    """A function as the user knows it, ``random()``: its name in the tree (``rand``) may be another."""
    return f"{node.sql('duckdb').partition('(')[0].lower()}()"


def _function_problems(node: exp.Func, policy: GuardPolicy) -> Iterator[Problem]:
    name, dialect = function_name(node), policy.dialect
    if policy.user_functions and not policy.user_functions.isdisjoint(names_of_call(node, dialect)):
        yield Problem("unknown-function", f"{name} is a function of the database's own, which may do anything.")
    elif isinstance(node.parent, exp.Table | exp.Lateral | exp.TableFromRows) and node.arg_key == "this":
        if dialect == "duckdb" and name in FILE_FUNCTIONS:
            yield from file_argument_problems(node, policy.allowed_paths)
        elif not is_table_function(node, dialect):
            yield Problem("table-function", f"The table function {name} is not known to only compute rows.")
    elif why := why_never(node, dialect):
        yield why
    elif name in VOLATILE_FUNCTIONS and name not in function_data(dialect).functions:
        yield Problem("volatile-function", f"{_called(node)} gives another result each time, or does more than that.")
    elif not is_known_function(node, dialect):
        yield Problem("unknown-function", f"The function {name} is not known to always give the same result.")


def _column_problems(node: exp.Column | exp.Dot, policy: GuardPolicy) -> Iterator[Problem]:
    """Columns that are none: words that call a function, and names behind a dot that do (``t.pg_sleep``)."""
    data, last = function_data(policy.dialect), node.this if isinstance(node, exp.Column) else node.expression
    if not isinstance(last, exp.Identifier):
        return
    name = last.name.lower()
    if isinstance(node, exp.Column) and not node.table:
        if name in data.words and not last.args.get("quoted") and not _is_column(name, policy):
            yield Problem("volatile-function", f"{name} tells of the clock or the session.")
    elif policy.dialect == "snowflake" and name in ("nextval", "currval"):
        yield Problem("side-effect", f"{name} takes the next number of a sequence.")
    elif name in data.by_dot and (name.startswith(("pg_", "lo_")) or not _is_column(name, policy)):
        yield Problem("volatile-function", f"{name} behind a dot calls the function of that name.")
    elif policy.dialect == "postgres" and name in policy.user_functions and not _is_column(name, policy):
        yield Problem("unknown-function", f"{name} behind a dot calls a function of the database's own.")


def _is_column(name: str, policy: GuardPolicy) -> bool:
    """Whether some table has a column of that folded name: a column is looked for first."""
    return policy.catalog is not None and name in policy.catalog.tables_by_column


def _names_the_clock(node: exp.Expr) -> bool:
    text = str(node.this)
    if isinstance(node, exp.UnicodeString | exp.ByteString) and _ESCAPED_LETTER.search(text):
        return True
    return bool(_CLOCK_WORD.search(text) and _MAY_BE_DATE.fullmatch(text))


def _sampled(node: exp.Expr) -> Iterator[Problem]:
    yield Problem("volatile-function", "A sample is another one each time.")


def _locked(node: exp.Expr) -> Iterator[Problem]:
    yield Problem("locks-rows", "FOR UPDATE and FOR SHARE lock rows.")


def _written(node: exp.Expr) -> Iterator[Problem]:
    yield Problem("writes", f"{_described(node)} writes.")


def _parameter(node: exp.Expr) -> Iterator[Problem]:
    yield Problem("parameter", f"The parameter {node.sql('duckdb')} has no value.")


_SPECIAL_NODES: tuple[
    tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[exp.Expr], Iterator[Problem]]], ...
] = (
    (exp.TableSample, _sampled),
    (exp.Lock, _locked),
    ((exp.DML, exp.Into, exp.Create, exp.Drop, exp.Alter, exp.Copy, exp.TruncateTable), _written),
    ((exp.Placeholder, exp.Parameter, exp.SessionParameter), _parameter),
)


def _described(node: exp.Expr) -> str:
    """What a statement or node is called in SQL."""
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    return node.key.upper()
