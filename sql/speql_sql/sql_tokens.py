"""The tokens of a text as sqlglot reads it."""

from functools import lru_cache

from sqlglot import exp, tokenize
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token


@lru_cache(maxsize=8)
def sql_tokens(sql: str, dialect: str) -> tuple[Token, ...]:
    """The tokens of a text, none if it cannot be read. Remembered: several ask for those of the same repaired text.

    >>> [token.text for token in sql_tokens("SELECT 'a'", "duckdb")]
    ['SELECT', 'a']
    """
    try:
        return tuple(tokenize(sql, dialect=dialect))
    except SqlglotError:
        return ()


def parsed_trees(sql: str, dialect: str) -> list[exp.Expr | None]:
    """The trees of a text's statements, from the tokens that are remembered; raises what ``sqlglot.parse`` raises.

    The parser takes comments off the tokens that it is given, so those of a text with comments are not shared.
    """
    reader = Dialect.get_or_raise(dialect)
    tokens = sql_tokens(sql, dialect)
    if not tokens or any(token.comments for token in tokens):
        return reader.parse(sql)
    return reader.parser().parse(list(tokens), sql)
