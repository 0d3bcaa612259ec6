"""Which constants of a query are likely to change next."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlglot.tokenizer_core import Token, TokenType

from speql_sql import Catalog, Column, Span
from speql_sql.sql_tokens import sql_tokens

_COMPARISONS = {
    TokenType.EQ,
    TokenType.NEQ,
    TokenType.GT,
    TokenType.GTE,
    TokenType.LT,
    TokenType.LTE,
    TokenType.BETWEEN,
    TokenType.IN,
    TokenType.LIKE,
    TokenType.ILIKE,
}
_CLOSING = {TokenType.R_PAREN, TokenType.SEMICOLON}
_LITERALS = {TokenType.NUMBER, TokenType.STRING}
_LONGEST = 60
"""Tokens of a comparison that are looked at: a long IN list is hot as a whole or not at all."""

_TIME_TYPES = ("DATE", "TIMESTAMP", "TIME")
_TIME_WORDS = ("year", "month", "date", "day", "week", "quarter", "hour", "moy", "qoy", "dom")


@dataclass(frozen=True, slots=True)
class HotColumns:
    """Names of columns that are compared with constants, in lower case, the likeliest to change first.

    ``edited`` is the one whose constant the cursor is in, while more of the query has been typed behind it: it is being
    changed now. What a repair has put there, and what only closes the SELECT, is nothing typed.
    ``likely`` are the others: time first, which analysts move most, then those that stand later in the text.
    """

    edited: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()


NOTHING_HOT = HotColumns()


def hot_columns(sql: str, cursor: int | None, catalog: Catalog, inserted: Collection[Span] = ()) -> HotColumns:
    """The hot columns of a statement; ``inserted`` is where the words stand that a repair has put in.

    >>> hot_columns("SELECT a FROM t WHERE b = 5 AND y = 2000 ORDER BY a", 27, Catalog())
    HotColumns(edited=('b',), likely=('y',))
    """
    tokens = sql_tokens(sql, catalog.dialect)
    compared = list(_comparisons(tokens))
    behind = cursor is not None and _goes_on(tokens, cursor, inserted)
    edited = [
        name
        for name, first, last in compared
        if behind and cursor is not None and first.start <= cursor <= last.end + 1
    ]
    named = {token.text.lower() for token in tokens}
    tables = catalog.named(*named)
    types = {name: next((c for table in tables if (c := table.column(name))), None) for name, _, _ in compared}
    likely = [name for name, _, _ in reversed(compared) if name not in edited]
    likely.sort(key=lambda name: not _is_time(name, types[name]))
    return HotColumns(tuple(dict.fromkeys(edited)), tuple(dict.fromkeys(likely)))


def _goes_on(tokens: Sequence[Token], cursor: int, inserted: Collection[Span]) -> bool:
    """Whether more of the query has been typed behind the cursor."""
    return any(
        token.start >= cursor
        and token.token_type not in _CLOSING
        and not any(span.start <= token.start < span.end for span in inserted)
        for token in reversed(tokens)
    )


def _comparisons(tokens: Sequence[Token]) -> Iterator[tuple[str, Token, Token]]:
    """Each column that is compared with constants only: its name, the operator and the last constant."""
    for index, token in enumerate(tokens[1:], start=1):
        if token.token_type not in _COMPARISONS:
            continue
        left = tokens[index - 1]
        if left.token_type is TokenType.NOT and index > 1:
            left = tokens[index - 2]
        last = _last_constant(tokens, index)
        if last is not None and left.token_type in (TokenType.VAR, TokenType.IDENTIFIER):
            yield left.text.lower(), token, last


def _last_constant(tokens: Sequence[Token], operator: int) -> Token | None:
    """The last literal on the right side of a comparison; None if something else stands there first."""
    kind = tokens[operator].token_type
    found: Token | None = None
    depth = 0
    for token in tokens[operator + 1 : operator + 1 + _LONGEST]:
        if token.token_type in _LITERALS:
            found = token
            if depth == 0 and kind is not TokenType.BETWEEN:
                break
        elif token.token_type is TokenType.L_PAREN:
            depth += 1
        elif token.token_type is TokenType.R_PAREN:
            depth -= 1
            if depth <= 0 and (kind is TokenType.IN or depth < 0):
                break
        elif token.token_type is TokenType.AND:
            if kind is not TokenType.BETWEEN or found is None:
                break
            kind = TokenType.AND  # the second bound ends it
        elif token.token_type is TokenType.SELECT or (found is None and depth == 0 and _is_column(token)):
            return None
    return found


def _is_column(token: Token) -> bool:
    """Whether a word on the right side may be a column: then this compares columns."""
    words = ("date", "timestamp", "interval", "cast", "try_cast", "make_date")
    return token.token_type is TokenType.VAR and token.text.lower() not in words


def _is_time(name: str, column: Column | None) -> bool:
    by_type = column is not None and column.type.upper().startswith(_TIME_TYPES)
    return by_type or any(word in name for word in _TIME_WORDS)
