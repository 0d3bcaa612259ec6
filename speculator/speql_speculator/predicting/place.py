"""The place where the cursor is, and what is known there: what all predictions start from."""

from dataclasses import dataclass, replace
from functools import cached_property

from speql_speculator.completing.completion_scope import Scope, scope_at
from speql_speculator.predicting.words import Reading, Word, read
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog

_KEYWORDS_BEFORE_MORE = frozenset({"WHERE", "AND", "ON", "BY", "GROUP", "ORDER"})


@dataclass(frozen=True)
class Place:
    """A cursor in a statement. ``before`` is the text up to it without the word that is being typed, ``half`` that.

    ``half`` begins with its qualifier (``d.d_ye``) and is empty between words. ``after`` is the statement's text
    behind the cursor. ``scope`` is what can be named there.
    """

    before: str
    half: str
    after: str
    catalog: Catalog
    reading: Reading
    scope: Scope

    @property
    def half_name(self) -> str:
        """The part of the half word behind its last dot, folded."""
        return self.half.rpartition(".")[2].lstrip('"`[').lower()

    @property
    def half_qualifier(self) -> str:
        """The part of the half word before its last dot."""
        return self.half.rpartition(".")[0]

    @cached_property
    def select_words(self) -> tuple[Word, ...]:
        """The words before the cursor that belong to the SELECT that it is in."""
        return tuple(word for word in self.reading.words if word.select == self.reading.select)


def place_at(text: str, cursor: int, catalog: Catalog) -> Place | None:
    """The place at a cursor of one statement's text; None inside strings, comments and numbers. Never raises."""
    cursor = min(max(cursor, 0), len(text))
    tokens = tokenize(text, catalog.dialect, comments=True)
    half_start = cursor
    for index, token in enumerate(tokens):
        if not token.start < cursor <= token.end:
            continue
        if (
            token.kind in ("word", "quoted")
            and not (token.kind == "quoted" and cursor == token.end and not token.closer)
        ) or token.text == ".":
            half_start = _dotted_start(tokens, index)
        elif cursor < token.end or token.kind in ("number", "parameter") or token.closer or _is_line_comment(token):
            return None
    before = text[:half_start]
    code = [token for token in tokens if token.kind not in ("comment", "end")]
    return Place(
        before,
        text[half_start:cursor],
        text[cursor:],
        catalog,
        read(before, catalog.dialect),
        scope_at(code, half_start, catalog),
    )


def word_finished(place: Place) -> Place | None:
    """The place behind the half word if that may be a whole one: a new name, or one that is known here."""
    if not place.half_name:
        return None
    before = place.before + place.half
    tokens = tokenize(before + place.after, place.catalog.dialect)
    scope = scope_at(tokens, len(before), place.catalog)
    names = {source.name.lower() for source in (*scope.sources, *scope.ctes)}
    names |= {column.name.lower() for source in scope.sources for column in source.columns}
    known = place.half_name in names or place.catalog.find(place.half_name) is not None
    new = place.scope.clause in ("name", "after")
    if not new and not known and place.half_name.upper() not in _KEYWORDS_BEFORE_MORE:
        return None
    return replace(place, before=before, half="", reading=read(before, place.catalog.dialect), scope=scope)


def _is_line_comment(token: Token) -> bool:
    return token.kind == "comment" and not token.text.startswith("/*")


def _dotted_start(tokens: list[Token], index: int) -> int:
    """Where the name that ends with this token begins, its qualifiers included."""
    if tokens[index].text != ".":
        start = index
    else:
        start = index + 1
    while start >= 2 and tokens[start - 1].text == "." and tokens[start - 2].kind in ("word", "quoted"):
        start -= 2
    return tokens[min(start, index)].start
