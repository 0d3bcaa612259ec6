"""A statement as history keeps it: its text, and keys under which it is found again."""

from dataclasses import dataclass
from hashlib import blake2b

from sqlglot import exp

from speql_speculator.predicting.words import NUMBER, STRING, read
from speql_speculator.tokens import tokenize
from speql_sql import Catalog
from speql_sql.parse import parse_query
from speql_sql.qualify import qualify_query

MAX_LENGTH = 20_000
"""Statements longer than this (code points) are not kept: nobody types them, and a dump of rows looks like that."""

_MAX_VALUES = 200
"""A query of more literals than this carries data rather than conditions: its literals are not kept."""


@dataclass(frozen=True, slots=True)
class NormalisedStatement:
    """``text`` may be shown again; ``key`` is the same for statements that differ in literals and letter case only.

    ``template`` is the same where they also differ in the names of columns and aliases: the same shape over the same
    tables. ``is_query`` tells a SELECT from everything else, whose literals are replaced in ``text`` too: what an
    INSERT carries is rows.
    """

    text: str
    key: str
    template: str
    is_query: bool


def normalise(text: str, catalog: Catalog) -> NormalisedStatement | None:
    """The statement as history keeps it, or None if it is too long or says nothing. Never raises.

    The key is made of the qualified tree where names can be resolved, of the text's own words elsewhere; both with
    literals replaced by their kind, ``<number>`` or ``<string>``.
    """
    stripped = text.strip().rstrip(";").rstrip()
    words = read(stripped, catalog.dialect).words
    if not words or len(stripped) > MAX_LENGTH:
        return None
    parsed = parse_query(stripped, catalog.dialect).query
    is_query = parsed is not None
    kept = stripped
    if not is_query or sum(word.kind == "literal" for word in words) > _MAX_VALUES:
        kept = without_literals(stripped, catalog.dialect)
    resolved = qualify_query(parsed, catalog).query if parsed is not None else None
    key = (
        _without_literals_in(resolved).sql(catalog.dialect).lower()
        if resolved is not None
        else " ".join(word.shape.lower() for word in words)
    )
    template = " ".join("<column>" if word.kind == "column" else word.shape.lower() for word in words)
    return NormalisedStatement(kept, _digest(key), _digest(template), is_query)


def without_literals(text: str, dialect: str = "duckdb") -> str:
    """The text with strings as ``'?'`` and numbers as ``0``: it says what was asked, and none of the values.

    >>> without_literals("INSERT INTO t VALUES (17, 'Ann') -- Ann's row")
    "INSERT INTO t VALUES (0, '?') "
    """
    parts: list[str] = []
    position = 0
    for token in tokenize(text, dialect, comments=True):
        if token.kind in ("string", "number", "comment"):
            parts += (text[position : token.start], {"string": "'?'", "number": "0"}.get(token.kind, ""))
            position = token.end
    return "".join([*parts, text[position:]])


def _without_literals_in(query: exp.Query) -> exp.Query:
    """A copy of the tree with literals replaced by typed placeholders."""
    copied = query.copy()
    for literal in list(copied.find_all(exp.Literal)):
        literal.replace(exp.Var(this=STRING if literal.is_string else NUMBER))
    return copied


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
