"""The strings that a LIKE pattern with a known prefix matches, as a range."""

from dataclasses import dataclass

from sqlglot import exp

from speql_scheduler.matching.domains import NOT_NULL, Domain

_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True)
class Prefix:
    """A predicate on ``subject`` that is true only for strings in ``domain``; ``exact`` if for all of them."""

    subject: exp.Expr
    domain: Domain
    exact: bool


def prefix_of(condition: exp.Expr) -> Prefix | None:
    """What LIKE and ``starts_with`` with a literal say of the beginning of a string compared by code point.

    The strings that begin with ``ab`` are exactly those from ``ab`` to before ``ac``. A pattern with wildcards
    inside matches some of them. Patterns with a backslash are left to the engine, since engines differ.

    >>> import sqlglot
    >>> str(prefix_of(sqlglot.parse_one("x LIKE 'ab%'")).domain)
    ">= 'ab' and < 'ac'"
    >>> prefix_of(sqlglot.parse_one("x LIKE 'ab%c'")).exact
    False
    """
    node = condition.unnest()
    others = any(value for key, value in node.args.items() if key not in ("this", "expression"))
    if type(node) not in (exp.Like, exp.StartsWith) or others:
        return None
    literal = node.expression
    if not isinstance(literal, exp.Literal) or not literal.is_string:
        return None
    text = str(literal.this)
    if isinstance(node, exp.StartsWith):
        return _prefix(node.this, text, exact=True)
    if "\\" in text:
        return None
    wild = min((place for mark in "%_" if (place := text.find(mark)) >= 0), default=None)
    if wild is None:
        return Prefix(node.this, Domain.comparison("=", text), exact=True)
    return _prefix(node.this, text[:wild], exact=not text[wild:].strip("%"))


def positive(like: exp.Expr) -> exp.Expr:
    """A LIKE for one that is written NOT LIKE."""
    copy = like.copy()
    copy.set("negate", None)
    return copy


def _prefix(subject: exp.Expr, prefix: str, *, exact: bool) -> Prefix | None:
    if not prefix:
        return Prefix(subject, NOT_NULL, exact)
    last = ord(prefix[-1]) + 1
    if last in _SURROGATES:
        last = _SURROGATES.stop
    if last > _LAST_CODE_POINT:
        return None
    domain = Domain.comparison(">=", prefix).intersection(Domain.comparison("<", prefix[:-1] + chr(last)))
    return Prefix(subject, domain, exact)
