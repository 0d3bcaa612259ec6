"""The LIMIT at the end of a query, the last thing that is typed and the first that is changed."""

from sqlglot import exp

from speql_sql.copy_tree import copy_tree

_DIGITS = "0123456789"
_MOST_DIGITS = 18


def outer_limit(query: exp.Query) -> int | None:
    """How many of its first rows a query takes; None if it takes all, or says so in another way than by a number.

    >>> from sqlglot import parse_one
    >>> outer_limit(parse_one("SELECT a FROM t LIMIT 10")), outer_limit(parse_one("SELECT a FROM t LIMIT 10 OFFSET 5"))
    (10, None)
    """
    limit = query.args.get("limit")
    if not isinstance(limit, exp.Limit) or query.args.get("offset") is not None:
        return None
    if any(value for name, value in limit.args.items() if name != "expression"):
        return None
    number = limit.expression
    return int(number.this) if isinstance(number, exp.Literal) and number.is_int else None


def split_limit(text: str) -> tuple[str, int] | None:
    """A text that ends with ``LIMIT`` and a number: all before the number, and the number; None for any other text.

    That the number is that of the query's outer LIMIT is for `outer_limit` to say: the words may be a comment. Of two
    texts with the same first part of whose queries that holds, one differs from the other by that number alone.

    >>> split_limit("SELECT a FROM t LIMIT 10")
    ('SELECT a FROM t LIMIT ', 10)
    """
    # From the end: a regular expression would look at the whole text, at each keystroke.
    before = text.rstrip(_DIGITS)
    number, words = text[len(before) :], before.rstrip()
    if not 0 < len(number) <= _MOST_DIGITS or (number[0] == "0" and number != "0") or words == before:
        return None
    rest = words[: -len("limit")]
    is_word = not (rest and (rest[-1].isalnum() or rest[-1] == "_"))
    return (before, int(number)) if words[len(rest) :].lower() == "limit" and is_word else None


def with_limit(query: exp.Query, limit: int) -> exp.Query:
    """A copy of a query that has an outer LIMIT, with another number.

    >>> from sqlglot import parse_one
    >>> with_limit(parse_one("SELECT a FROM t LIMIT 1"), 10).sql()
    'SELECT a FROM t LIMIT 10'
    """
    copy = copy_tree(query)
    copy.args["limit"].set("expression", exp.Literal.number(limit))
    return copy
