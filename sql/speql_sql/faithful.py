"""Whether a tree, written as SQL again, still says what its text said."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from speql_sql.parse import parse_query
from speql_sql.sql_tokens import sql_tokens

# Two words for one function, on every engine that has both.
_SAME = {
    "SUBSTR": "SUBSTRING",
    "CHAR_LENGTH": "LENGTH",
    "CHARACTER_LENGTH": "LENGTH",
    "CEILING": "CEIL",
    "POW": "POWER",
    "STRPOS": "POSITION",
    "VARIANCE": "VAR_SAMP",
}
_ASIDE = frozenset({"CAST", "ROW"})
_UNIT = re.compile(
    r"([+-]?\d+ )?(microsecond|millisecond|second|minute|hour|day|week|month|quarter|year|decade|century)s?",
    re.IGNORECASE,
)
_CASTS = frozenset({"CAST", "TRY_CAST", "SAFE_CAST", "::"})
_TYPES = frozenset({"DATE", "TIME", "DATETIME", "TIMESTAMP", "TIMESTAMPTZ", "JSON", "NUMERIC", "BIGNUMERIC", "ZONE"})
_LITERALS = frozenset(
    {
        TokenType.STRING,
        TokenType.NUMBER,
        TokenType.HEX_STRING,
        TokenType.BIT_STRING,
        TokenType.BYTE_STRING,
        TokenType.HEREDOC_STRING,
        TokenType.RAW_STRING,
        TokenType.NATIONAL_STRING,
        TokenType.UNICODE_STRING,
    }
)


_NAMES = frozenset(
    {
        TokenType.VAR,
        TokenType.IDENTIFIER,
        TokenType.LEFT,
        TokenType.RIGHT,
        TokenType.REPLACE,
        TokenType.FORMAT,
    }
)


def why_unfaithful(text: str, query: exp.Query, dialect: str) -> str:
    """What changes when ``query``, the tree of ``text``, is written in its dialect; nothing if it is faithful.

    sqlglot writes some calls in other words, which need not mean the same (``date_part`` as ``EXTRACT``, which has
    another type on PostgreSQL; formats of ``to_char``). Compared are the names of what is called, the literals, and how
    often something is cast; and what is written must be read as it is again.

    >>> from sqlglot import parse_one
    >>> tree = parse_one("SELECT date_part('year', d) FROM t", dialect="postgres")
    >>> why_unfaithful("SELECT date_part('year', d) FROM t", tree, "postgres")
    'date_part(...) would be written in other words'
    """
    again_written = query.sql(dialect, comments=False)
    before, after = sql_tokens(text, dialect), sql_tokens(again_written, dialect)
    written, again = _called(before), _called(after)
    if lost := sorted(written - again):
        return f"{lost[0].lower()}(...) would be written in other words"
    if added := sorted(again - written):
        return f"{added[0].lower()}(...) would be put in"
    if _literals(before) != _literals(after):
        return "a literal would be written otherwise"
    if _casts(before) != _casts(after):
        return "a cast would be put in or left out"
    read_again = parse_query(again_written, dialect).query
    if read_again is None or read_again.sql(dialect, comments=False) != again_written:
        return "it would be read as another query again"
    return ""


def _called(tokens: Sequence[Token]) -> set[str]:
    """The names before an opening parenthesis, but for key words that stand there too."""
    names = set()
    for token, following in itertools.pairwise(tokens):
        if following.token_type is TokenType.L_PAREN and token.token_type in _NAMES:
            name = token.text.upper()
            names.add(_SAME.get(name, name))
    return names - _ASIDE


def _casts(tokens: Sequence[Token]) -> int:
    """How often something is cast, also by ``::`` and by ``DATE '2024-01-01'``."""
    named = sum(token.text.upper() in _CASTS for token in tokens if token.token_type not in _LITERALS)
    typed = sum(
        following.token_type is TokenType.STRING and before.text.upper() in _TYPES
        for before, following in itertools.pairwise(tokens)
    )
    return named + typed


def _literals(tokens: Sequence[Token]) -> Counter[str]:
    return Counter(_literal(token.text) for token in tokens if token.token_type in _LITERALS)


def _literal(text: str) -> str:
    """A literal; a unit of time, whose letter case says nothing (``date_trunc('month', d)``), in capitals."""
    return text.upper() if _UNIT.fullmatch(text) else text
