"""Which SELECTs of a text the user is still writing."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlglot.tokenizer_core import TokenType

from speql_scheduler.matching.units import Unit
from speql_sql import Span
from speql_sql.sql_tokens import sql_tokens

_TAIL = {TokenType.ORDER_BY, TokenType.LIMIT, TokenType.OFFSET, TokenType.FETCH}


def open_units(
    units: Sequence[Unit], sql: str, cursor: int | None, dialect: str, inserted: Sequence[Span] = ()
) -> frozenset[tuple[str, ...]]:
    """The paths of the units that the cursor is in, and of those that read a CTE that it is in.

    What follows ORDER BY or LIMIT changes no row of the SELECT before it, so a cursor there leaves it closed; and a
    cursor elsewhere leaves everything closed that ends before it. What is closed is likely to stay as it is. Blanks and
    comments between a SELECT and the cursor belong to the SELECT, and so does what a repair has ``inserted`` there: it
    is the user who closes a parenthesis. A SELECT that is the repair's as a whole is open: it is still to be written.

    >>> import sqlglot
    >>> from speql_scheduler.matching.units import units_of
    >>> text = "WITH x AS (SELECT a FROM t) SELECT a FROM x WHERE a > "
    >>> units = units_of(text + "1", sqlglot.parse_one(text + "1"))
    >>> sorted(open_units(units, text + "1", len(text), "duckdb"))
    [('main',)]
    """
    if cursor is None:
        return frozenset()
    places = _places(sql, dialect)
    typed = [place.start for place in places if not any(span.start <= place.start < span.end for span in inserted)]
    last_typed = max((start for start in typed if start < cursor), default=-1)
    found = {
        unit.path
        for unit in units
        if (unit.span.start <= cursor and last_typed < unit.span.end and not _in_tail(unit.span, cursor, places))
        or _is_inserted(unit.span, typed)
    }
    names = {path[-1].removeprefix("CTE ").lower() for path in found if path[-1].startswith("CTE ")}
    grown = bool(names)
    while grown:
        grown = False
        for unit in units:
            if unit.path not in found and names & unit.ctes_read:
                found.add(unit.path)
                if unit.path[-1].startswith("CTE "):
                    names.add(unit.path[-1].removeprefix("CTE ").lower())
                    grown = True
    return frozenset(found)


def _is_inserted(span: Span, typed: Sequence[int]) -> bool:
    """Whether nothing in the span has been typed: a SELECT of the repair's own, which is still to come."""
    after = bisect_left(typed, span.start)
    return after == len(typed) or typed[after] >= span.end


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a token begins, in how many parentheses, and whether it begins an ORDER BY or LIMIT."""

    start: int
    depth: int
    tail: bool


@lru_cache(maxsize=8)
def _places(sql: str, dialect: str) -> list[_Place]:
    depth, found = 0, []
    for token in sql_tokens(sql, dialect):
        depth -= token.token_type is TokenType.R_PAREN
        found.append(_Place(token.start, depth, token.token_type in _TAIL))
        depth += token.token_type is TokenType.L_PAREN
    return found


def _in_tail(span: Span, cursor: int, places: list[_Place]) -> bool:
    """Whether an ORDER BY or LIMIT of the span's own, not of a query or window inside it, stands before the cursor."""
    depth = next((place.depth for place in places if place.start >= span.start), 0)
    end = min(cursor, span.end)
    return any(place.tail and place.depth == depth and span.start <= place.start < end for place in places)
