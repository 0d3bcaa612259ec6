"""Text into a tree, with what is wrong as a value."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from speql_sql.problem import Problem
from speql_sql.span import Span
from speql_sql.sql_tokens import parsed_trees

# sqlglot's parser is not made for broken text: on some of it, it fails in ways of its own.
PARSE_ERRORS = (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError)


@dataclass(frozen=True)
class Parsed:
    """The query that a text is, as it is written; or None, and then the problem says why."""

    query: exp.Query | None
    problem: Problem | None = None


def parse_query(text: str, dialect: str = "duckdb") -> Parsed:
    """The one query of a text; never raises.

    >>> parse_query("SELECT 1;").query.sql(), parse_query("DROP TABLE t").problem.code
    ('SELECT 1', 'not-a-query')
    """
    if not is_dialect(dialect):
        return _failed("unknown-dialect", f"{dialect} is no dialect of SQL that is known here")
    try:
        trees = [tree for tree in parsed_trees(text, dialect) if tree is not None]
    except PARSE_ERRORS as error:
        return _failed("cannot-parse", parse_message(error))
    if not trees or all(isinstance(tree, exp.Semicolon) for tree in trees):
        return _failed("empty", "The text has no statement")
    statements = [tree for tree in trees if not isinstance(tree, exp.Semicolon)]
    if len(statements) > 1:
        return _failed("several-statements", f"The text has {len(statements)} statements, not one")
    query = as_query(statements[0])
    return Parsed(query) if query is not None else _failed("not-a-query", "The statement is not a query")


def as_query(tree: exp.Expr) -> exp.Query | None:
    """The query that the tree of a statement is; None if it is none.

    VALUES alone is one as well. In sqlglot only what stands in parentheses is: there the rows are the same.

    >>> from sqlglot import parse_one
    >>> as_query(parse_one("VALUES (1), (2)")).sql()
    '(VALUES (1), (2))'
    """
    if isinstance(tree, exp.Values) and not tree.args.get("alias"):
        return exp.Subquery(this=tree)
    return tree if isinstance(tree, exp.Query) else None


def is_dialect(name: str) -> bool:
    """Whether a dialect of that name is known."""
    return bool(name) and Dialect.get(name) is not None


def parse_message(error: Exception) -> str:
    """What a parser's error says, on one line and without the marks for terminals that sqlglot puts in."""
    details = getattr(error, "errors", None)
    if not details:
        return str(error).split("\n", 1)[0] or type(error).__name__
    first = details[0]
    near = f", near {first['highlight']}" if first.get("highlight") else ""
    return f"{first.get('description')} (line {first.get('line')}, column {first.get('col')}{near})"


def _failed(code: str, message: str) -> Parsed:
    return Parsed(None, Problem(code, message, Span(0, 0)))
