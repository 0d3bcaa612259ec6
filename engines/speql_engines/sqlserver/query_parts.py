"""A query of T-SQL in its parts, so that something can be put around it in a way that the server takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot.tokenizer_core import Token, TokenType

from speql_sql.parse import parse_query
from speql_sql.sql_tokens import sql_tokens

ROWS = "speql_rows"
"""What a query is called inside another one."""

_NOT_INSIDE = frozenset({TokenType.OPTION, TokenType.FOR, TokenType.INTO})
_CUTS = frozenset({TokenType.TOP, TokenType.OFFSET, TokenType.FETCH})


@dataclass(frozen=True, slots=True)
class QueryParts:
    """The parts of a query, each in the words of its text.

    A CTE cannot stand in a derived table there, and neither can ORDER BY if nothing is cut (no TOP, no OFFSET). So
    ``ctes`` (what stands behind WITH) come first, ``body`` is the query without them, and ``keys`` are what it is
    ordered by; they are in ``body`` as well if it is ``cut`` by them.
    """

    ctes: str
    body: str
    keys: tuple[str, ...]
    cut: bool

    def within(self, select: str, names: Sequence[str] = ()) -> str:
        """``select``, which reads from `ROWS`, with the query under that name; ``names`` are its columns.

        >>> print(parts_of("WITH a AS (SELECT 1 AS x) SELECT x FROM a ORDER BY x").within("SELECT x FROM speql_rows"))
        WITH a AS (SELECT 1 AS x), speql_rows AS (
        SELECT x FROM a
        )
        SELECT x FROM speql_rows
        """
        before = f"{self.ctes}, " if self.ctes else ""
        listed = f" ({', '.join(map(quoted, names))})" if names else ""
        return f"WITH {before}{ROWS}{listed} AS (\n{self.body}\n)\n{select}"


def parts_of(sql: str) -> QueryParts | None:
    """The parts of one query; None where something stands in it that cannot stand in another one (OPTION, FOR XML)."""
    if parse_query(sql, "tsql").query is None:
        return None
    tokens = [token for token in sql_tokens(sql, "tsql") if token.token_type is not TokenType.SEMICOLON]
    if not tokens:
        return None
    first = _after_ctes(tokens) if tokens[0].token_type is TokenType.WITH else 0
    if first is None or first >= len(tokens):
        return None
    ctes = sql[tokens[1].start : tokens[first - 1].end + 1] if first else ""
    outside = [place for place in _outside(tokens) if place >= first]
    kinds = {tokens[place].token_type for place in outside}
    if kinds & _NOT_INSIDE:
        return None
    order = next((place for place in outside if tokens[place].token_type is TokenType.ORDER_BY), None)
    cut = bool(kinds & _CUTS)
    end = tokens[-1].end + 1
    if order is None:
        return QueryParts(ctes, sql[tokens[first].start : end], (), cut)
    last = next(
        (
            place
            for place in outside
            if place > order and tokens[place].token_type in (TokenType.OFFSET, TokenType.FETCH)
        ),
        len(tokens),
    )
    commas = [place for place in outside if order < place < last and tokens[place].token_type is TokenType.COMMA]
    starts, ends = [order + 1, *(place + 1 for place in commas)], [*commas, last]
    if any(start >= stop for start, stop in zip(starts, ends, strict=True)):
        return None
    keys = tuple(sql[tokens[a].start : tokens[b - 1].end + 1] for a, b in zip(starts, ends, strict=True))
    body = sql[tokens[first].start : end if cut else tokens[order - 1].end + 1]
    return QueryParts(ctes, body, keys, cut)


def order_of(keys: Sequence[str], columns: Sequence[str], names: Sequence[str]) -> str | None:
    """``ORDER BY`` over the columns ``names`` of a query whose own are ``columns``; empty where there is none.

    A key has to be a number, or the name of one column: else it may be of something that the query does not give, and
    then it is None.

    >>> order_of(["total DESC", "1"], ["region", "Total"], ["c1", "c2"])
    'ORDER BY [c2] DESC, [c1]'
    """
    found = []
    for key in keys:
        tokens = sql_tokens(key, "tsql")
        direction = tokens[-1].text.upper() if len(tokens) > 1 else ""
        if len(tokens) > 2 or direction not in ("", "ASC", "DESC"):
            return None
        name = tokens[0].text
        if tokens[0].token_type is TokenType.NUMBER:
            places = [int(name) - 1] if name.isdecimal() and 0 < int(name) <= len(columns) else []
        else:
            places = [place for place, column in enumerate(columns) if column.lower() == name.lower()]
        if len(places) != 1 or tokens[0].token_type is TokenType.STRING:
            return None
        found.append(f"{quoted(names[places[0]])} {direction}".rstrip())
    return f"ORDER BY {', '.join(found)}" if found else ""


def quoted(name: str) -> str:
    """A name as SQL that means it and no other.

    >>> quoted("my [x]")
    '[my [x]]]'
    """
    return "[" + name.replace("]", "]]") + "]"


def _outside(tokens: Sequence[Token]) -> list[int]:
    """The places of the tokens that are in no parentheses."""
    found, depth = [], 0
    for place, token in enumerate(tokens):
        depth -= token.token_type is TokenType.R_PAREN
        if depth == 0 and token.token_type not in (TokenType.L_PAREN, TokenType.R_PAREN):
            found.append(place)
        depth += token.token_type is TokenType.L_PAREN
    return found


def _after_ctes(tokens: Sequence[Token]) -> int | None:
    """Where the query begins that CTEs stand before: behind the first one that no comma follows."""
    depth, since_as = 0, False
    for place, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            depth += 1
        elif token.token_type is TokenType.R_PAREN:
            depth -= 1
            following = tokens[place + 1].token_type if place + 1 < len(tokens) else None
            if depth == 0 and since_as:
                since_as = False
                if following is not TokenType.COMMA:
                    return place + 1
        elif token.token_type is TokenType.ALIAS and depth == 0:
            since_as = True
    return None
