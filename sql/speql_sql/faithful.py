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


_ORDER_OF_NULLS = frozenset({"nulls", "first", "last"})
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
    another type on PostgreSQL; formats of ``to_char``), or names (BigQuery's ``GROUP BY a`` by ``a``'s alias, which
    may be the name of another column). Compared are the names of what is called, the literals, how often something is
    cast, and how often each name stands there; and what is written must be read as it is again.

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
    if left_out := sorted((_words(before) - _words(after)).elements()):
        return f"{left_out[0].lower()} would be written in other words"
    if _crosses(after) > _crosses(before) and any(map(_keeps_the_right_after_a_comma, query.find_all(exp.Select))):
        return "a comma would be written as CROSS JOIN, which binds otherwise before a RIGHT or FULL JOIN"
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


def _words(tokens: Sequence[Token]) -> Counter[str]:
    """How often each name stands there, but for those of functions, which have been compared, and for words of grammar:
    ``NULLS FIRST`` is left out where it is the dialect's own order.
    """
    found: Counter[str] = Counter()
    before = ""
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        word, before_that = token.text.lower(), before
        before = word
        if token.token_type not in (TokenType.VAR, TokenType.IDENTIFIER) or _UNIT.fullmatch(word):
            continue
        if following is not None and following.token_type is TokenType.L_PAREN:
            continue
        if token.token_type is TokenType.VAR and word in _ORDER_OF_NULLS and "nulls" in (word, before_that):
            continue
        found[word] += 1
    return found


def _crosses(tokens: Sequence[Token]) -> int:
    return sum(token.token_type is TokenType.CROSS for token in tokens)


def _keeps_the_right_after_a_comma(select: exp.Select) -> bool:
    """Whether a RIGHT or FULL JOIN comes after a comma, which binds less than that, while CROSS JOIN does not. (In some
    dialects sqlglot has read the comma as CROSS JOIN already.)
    """
    joins = select.args.get("joins") or []
    crossed = [
        join.kind == "CROSS" or not (join.side or join.args.get("on") or join.args.get("using")) for join in joins
    ]
    return any(join.side in ("RIGHT", "FULL") and any(crossed[:place]) for place, join in enumerate(joins))


def _literals(tokens: Sequence[Token]) -> Counter[str]:
    return Counter(_literal(token.text) for token in tokens if token.token_type in _LITERALS)


def _literal(text: str) -> str:
    """A literal; a unit of time, whose letter case says nothing (``date_trunc('month', d)``), in capitals."""
    return text.upper() if _UNIT.fullmatch(text) else text
