"""What each token of a text is, for colours: what the words mean, not what they look like."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from speql_speculator.by_identity import ByIdentity
from speql_speculator.navigating.binding_state import Mark
from speql_speculator.navigating.pieces import tokens_and_comments
from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.navigating.symbols import Occurrence, SymbolKind
from speql_speculator.parsing.calls import known_functions
from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    CONSTANT_WORDS,
    JOIN_WORDS,
    NO_BARE_ALIAS,
    RESERVED,
    STATEMENT_WORDS,
    TYPE_WORDS,
    UNIT_WORDS,
)
from speql_speculator.tokens import Token
from speql_sql import Catalog, Span

Kind = Literal[
    "keyword",
    "function",
    "type",
    "table",
    "alias",
    "column",
    "string",
    "number",
    "operator",
    "comment",
    "parameter",
    "namespace",
    "label",
]


@dataclass(frozen=True, slots=True)
class TokenKind:
    """A token with what it is. ``declared``: it gives its name; ``built_in``: a function or type that SQL has."""

    span: Span
    kind: Kind
    declared: bool = False
    built_in: bool = False


def token_kinds(text: str, catalog: Catalog, *, statement: bool = True) -> tuple[TokenKind, ...]:
    """The tokens of a statement, or of what stands between two, that a colour can tell something of.

    A word that means nothing known has none, punctuation neither. Never raises; kept for the last texts asked for.
    """
    return _token_kinds(text, ByIdentity(catalog), catalog.version, statement)


@lru_cache(maxsize=512)
def _token_kinds(text: str, key: ByIdentity, version: str, statement: bool) -> tuple[TokenKind, ...]:
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    tokens = tokens_and_comments(text, catalog.dialect)
    model = semantic_model(text, catalog) if statement else None
    reader = _Reader(model, catalog)
    found = (reader.kind(token, after) for token, after in zip(tokens, (*tokens, None)[1:], strict=True))
    return tuple(one for one in found if one is not None)


class _Reader:
    def __init__(self, model: SemanticModel | None, catalog: Catalog) -> None:
        self._user_functions = catalog.user_functions
        self._occurrences: dict[int, Occurrence] = {}
        self._marks: dict[int, Mark] = {}
        self._unresolved: set[int] = set()
        if model is not None:
            for occurrence in model.occurrences:
                self._occurrences.setdefault(occurrence.span.start, occurrence)
            self._marks = {model.tokens[index].start: mark for index, mark in model.marks.items()}
            self._unresolved = {model.tokens[index].start for index in model.unresolved}

    def kind(self, token: Token, after: Token | None) -> TokenKind | None:
        span = Span(token.start, token.end)
        if token.kind in ("word", "quoted"):
            return self._word(token, span, after)
        if token.kind in ("string", "number", "comment", "operator", "parameter"):
            occurrence = self._occurrences.get(token.start)
            if occurrence is not None:  # an alias in the quotes of a string
                return TokenKind(span, _KINDS[occurrence.symbol.kind], occurrence.role == "declaration")
            return TokenKind(span, token.kind)
        return None

    def _word(self, token: Token, span: Span, after: Token | None) -> TokenKind | None:
        occurrence = self._occurrences.get(token.start)
        if occurrence is not None:
            return TokenKind(span, _KINDS[occurrence.symbol.kind], occurrence.role == "declaration")
        mark = self._marks.get(token.start)
        if mark is not None:
            built_in = mark == "type" or (mark == "function" and self._is_built_in(token))
            return TokenKind(span, _MARKS[mark], built_in=built_in)
        if token.kind == "quoted" or token.start in self._unresolved:
            return None
        if token.upper in _KEYWORDS:
            return TokenKind(span, "keyword")
        if token.upper in TYPE_WORDS:
            return TokenKind(span, "type", built_in=True)
        if after is not None and after.text == "(" and self._is_built_in(token):
            return TokenKind(span, "function", built_in=True)
        return None

    def _is_built_in(self, token: Token) -> bool:
        name = token.name.lower()
        return name in known_functions() and name not in self._user_functions


_KINDS: dict[SymbolKind, Kind] = {
    "table": "table",
    "cte": "alias",
    "alias": "alias",
    "column": "column",
    "output": "column",
    "window": "alias",
    "parameter": "parameter",
}

_MARKS: dict[Mark, Kind] = {
    "function": "function",
    "type": "type",
    "namespace": "namespace",
    "label": "label",
    "field": "column",
    "unit": "keyword",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYWORDS = (
    RESERVED
    | CLAUSE_WORDS
    | JOIN_WORDS
    | NO_BARE_ALIAS
    | STATEMENT_WORDS
    | CONSTANT_WORDS
    | UNIT_WORDS
    | _words(
        """ADD AFTER BEFORE BY CASCADE CONFLICT CUBE CURRENT DATABASE EXCLUDE EXISTS EXTRACT FILTER FIRST FOLLOWING
        FUNCTION GENERATED GROUPING GROUPS IF IGNORE INDEX INTO KEY LAST MACRO MATERIALIZED NAME NO NOTHING NULLS
        ORDINALITY OTHERS OVER OVERWRITE PARTITION PERCENT PERSISTENT PRECEDING RANGE RECURSIVE RENAME REPLACE RESPECT
        RESTRICT ROLLUP ROW ROWS SAMPLE SCHEMA SECRET SEQUENCE SETS TEMP TEMPORARY TIES TRANSACTION TRY_CAST TYPE
        UNBOUNDED VALUES VIEW WITHIN WITHOUT ZONE"""
    )
)
"""Words that are key words where they are nothing else."""
