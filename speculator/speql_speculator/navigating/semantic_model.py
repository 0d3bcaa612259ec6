"""What the names of a statement mean, and where each of them stands."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from speql_speculator.by_identity import ByIdentity
from speql_speculator.navigating.binding_queries import QueryBinder
from speql_speculator.navigating.binding_state import BindingState, Mark
from speql_speculator.navigating.letter_case import told_apart_by_case
from speql_speculator.navigating.scopes import Relation, Scope, Stretch
from speql_speculator.navigating.symbols import Occurrence, Output, Symbol
from speql_speculator.parsing.clauses import ClauseParser
from speql_speculator.parsing.query_start import query_start
from speql_speculator.parsing.syntax_tree import Query, Select, Star
from speql_speculator.parsing.token_reader import TooDeepError
from speql_speculator.repair import MAX_LENGTH, MAX_TOKENS
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Span

_NOTHING = Output()

REMEMBERED = 512
"""How many statements' models are kept: those of a long document, so that an edit costs only its statement."""


@dataclass(frozen=True, eq=False)
class SemanticModel:
    """A statement's symbols. All offsets are counted from the start of its ``text``.

    ``tokens`` are without comments; ``tree`` is None for what is no query, and then there are no symbols. ``marks`` say
    what words are that are no symbols, by the index of the token. ``unresolved`` are tokens of names that mean nothing
    known, or that the engine tells apart by their case alone. ``blocked`` is why a symbol cannot be renamed.
    ``outputs`` are the columns of CTEs and of aliases, ``output`` those of the statement; ``ends`` is where an AS would
    have to be put for a borrowed name. ``scopes`` are what the names of each SELECT are looked up in, ``stars`` what
    each star stands for, ``stretches`` are where which names can be used.
    """

    text: str
    dialect: str
    tokens: Sequence[Token]
    tree: Query | None = None
    occurrences: Sequence[Occurrence] = ()
    marks: Mapping[int, Mark] = field(default_factory=dict)
    named: frozenset[int] = frozenset()
    unresolved: frozenset[int] = frozenset()
    blocked: Mapping[Symbol, str] = field(default_factory=dict)
    outputs: Mapping[Symbol, Output] = field(default_factory=dict)
    output: Output = _NOTHING
    ends: Mapping[Symbol, int] = field(default_factory=dict)
    scopes: Mapping[Select, Scope] = field(default_factory=dict)
    stars: Mapping[Star, Sequence[Relation]] = field(default_factory=dict)
    stretches: Sequence[Stretch] = ()

    def at(self, offset: int) -> Occurrence | None:
        """The name at a place, also right behind it; of two that touch the place the one that begins there."""
        found: Occurrence | None = None
        for occurrence in self.occurrences[: bisect_right(self._starts, offset)]:
            if offset <= occurrence.span.end and (found is None or occurrence.span != found.span):
                found = occurrence
        return found

    def of(self, symbol: Symbol) -> list[Occurrence]:
        """All places of a symbol, in the order of the text."""
        return self._places.get(symbol, [])

    @cached_property
    def _starts(self) -> list[int]:
        return [occurrence.span.start for occurrence in self.occurrences]

    @cached_property
    def _places(self) -> dict[Symbol, list[Occurrence]]:
        places: dict[Symbol, list[Occurrence]] = {}
        for occurrence in self.occurrences:
            places.setdefault(occurrence.symbol, []).append(occurrence)
        return places


def semantic_model(text: str, catalog: Catalog) -> SemanticModel:
    """The model of one statement, whole or not. Never raises, on any text; kept for the last texts asked for.

    Unlike a repair it guesses nothing: what is ambiguous or unknown means nothing. Names are looked up as DuckDB does:
    an element of ORDER BY that is a name alone is an output column first, in HAVING a column counts first if it is
    grouped by, elsewhere columns are before aliases, and a SELECT sees the aliases of the queries around it.
    """
    return _semantic_model(text, ByIdentity(catalog), catalog.version)


@lru_cache(maxsize=REMEMBERED)
def _semantic_model(text: str, key: ByIdentity, version: str) -> SemanticModel:
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    tokens = tokenize(text, catalog.dialect) if len(text) <= MAX_LENGTH else []
    nothing = SemanticModel(text, catalog.dialect, tokens)
    start = query_start(tokens)
    if start is None or len(tokens) > MAX_TOKENS:
        return nothing
    parser = ClauseParser(tokens, text, None, dialect=catalog.dialect)
    parser.position = start
    binder = QueryBinder(parser, catalog)
    try:
        tree = parser.statement()
        output = binder.query(tree, {}, None)
    except (TooDeepError, RecursionError):
        return nothing
    _bind_target(tokens, start, binder)
    doubtful = told_apart_by_case(tokens, binder.named | binder.unresolved, catalog.dialect)
    starts = {tokens[index].start for index in doubtful}
    occurrences = [one for one in binder.occurrences if one.span.start not in starts]
    return SemanticModel(
        text,
        catalog.dialect,
        tokens,
        tree,
        tuple(sorted(occurrences, key=lambda found: found.span.start)),
        binder.marks,
        frozenset(binder.named - doubtful),
        frozenset(binder.unresolved - binder.named) | doubtful,
        binder.blocked,
        binder.outputs,
        output,
        binder.ends,
        binder.scopes,
        binder.stars,
        binder.stretches,
    )


def _bind_target(tokens: Sequence[Token], start: int, binder: BindingState) -> None:
    """The table that INSERT writes to, with its columns."""
    if not start or tokens[0].upper != "INSERT":
        return
    into = next((index for index in range(start) if tokens[index].upper == "INTO"), -1)
    index, parts = into + 1, list[int]()
    while 0 < index < start and tokens[index].kind in ("word", "quoted"):
        parts.append(index)
        index += 2 if tokens[index + 1].text == "." else 1
        if tokens[index - 1].text != ".":
            break
    if not parts:
        return
    symbol, columns = binder.table(tuple(binder.name(part) for part in parts))
    binder.occurs(parts[-1], symbol)
    by_name = {column.name.lower(): column.symbol for column in columns}
    for place in range(index, start):
        column = by_name.get(tokens[place].name.lower()) if tokens[place].kind in ("word", "quoted") else None
        if column is not None:
            binder.occurs(place, column, "reference", Span(tokens[parts[-1]].start, tokens[parts[-1]].end))
