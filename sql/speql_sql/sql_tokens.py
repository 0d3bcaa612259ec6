"""The tokens of a text as sqlglot reads it."""

from functools import lru_cache

from sqlglot import tokenize
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
