"""What may stand at a place of a text that is still being written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from speql_speculator.completing.clause_proposals import alias_columns, group_proposals, order_proposals
from speql_speculator.completing.column_proposals import (
    alias_proposals,
    column_proposals,
    columns_of,
    columns_of_any_table,
    field_proposals,
    qualifier_sources,
    shared_columns,
)
from speql_speculator.completing.column_values import ColumnName, column_name, value_proposals
from speql_speculator.completing.cursor_word import CursorWord, cursor_word
from speql_speculator.completing.following_keywords import TYPES, following_keywords, writes_lower
from speql_speculator.completing.function_proposals import function_proposals
from speql_speculator.completing.grammar_frames import GrammarPlace
from speql_speculator.completing.grammar_place import grammar_place
from speql_speculator.completing.join_proposals import (
    condition_proposals,
    missing_conditions,
    partner_columns,
    partner_proposals,
)
from speql_speculator.completing.name_index import NameIndex, later_words, name_index
from speql_speculator.completing.names_in_scope import NamedColumn, NamesInScope, names_in_scope
from speql_speculator.completing.proposal import Proposal, ProposalKind
from speql_speculator.completing.quoting import quoted
from speql_speculator.completing.source_proposals import all_are_proposed, source_proposals, tables_of
from speql_speculator.completing.tiers import Tier
from speql_speculator.completing.wanted import Wanted
from speql_speculator.resolving.relations import type_family
from speql_speculator.tokens import Token
from speql_sql import Catalog, FunctionSignature, Span

LIMIT = 200
"""A list has no more proposals than this."""


@dataclass(frozen=True, slots=True)
class NameScores:
    """Folded names of columns and tables, with how likely earlier statements make them, 0 to 1."""

    columns: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, float] = field(default_factory=dict)


NO_SCORES = NameScores()
_NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Completions:
    """Proposals for one place of a document, the likeliest first.

    An accepted one takes the place of ``span``, or of what is up to ``insert_end`` for clients that leave the rest of
    the word. ``mark`` is the quote that the word begins with. ``incomplete``: a longer word may have other proposals.
    ``asks`` is the column whose values would be proposed if they were known.
    """

    proposals: tuple[Proposal, ...] = ()
    span: Span = _NOWHERE
    insert_end: int = 0
    mark: str = ""
    incomplete: bool = False
    asks: ColumnName | None = None


def completions(
    text: str,
    offset: int,
    catalog: Catalog,
    functions: Sequence[FunctionSignature] | None = (),
    scores: NameScores = NO_SCORES,
    values: Mapping[ColumnName, Sequence[str]] | None = None,
    limit: int = LIMIT,
) -> Completions:
    """What may stand at ``offset`` of a document. Never raises, on any text.

    Columns are those of the sources in scope; without any FROM in the statement those of all tables, for the missing
    FROM is then inferred. Nothing is proposed in comments and numbers, where a new name is made up, nor in a string,
    unless it is compared with a column whose ``values`` are known (as SQL writes them). ``values`` is None where they
    are not to be proposed at all, ``functions`` where they are not known yet.
    """
    word = cursor_word(text, offset, catalog.dialect)
    if word is None:
        return Completions()
    before = word.before
    place = grammar_place(before, word.after)
    request = _Request(word, place, catalog, functions, scores, values)
    wanted = Wanted(word.prefix)
    found: dict[tuple[str, str, str], tuple[tuple[float, ...], Proposal]] = {}
    for order, proposal in enumerate(request.proposals()):
        rank = _rank(proposal, wanted)
        if rank is not None:
            key = (proposal.text.lower(), proposal.label, proposal.filter_text)
            found.setdefault(key, ((*request.order(proposal, rank), order), proposal))
    ranked = sorted(found.values(), key=lambda one: one[0])
    return Completions(
        tuple(proposal for _, proposal in ranked[:limit]),
        word.span,
        word.insert_end,
        word.mark,
        request.incomplete or wanted.left_out or len(ranked) > limit,
        request.asks,
    )


def _rank(proposal: Proposal, wanted: Wanted) -> int | None:
    """How well a proposal fits the word: key words by their beginning, functions by that of their words, too."""
    folded = proposal.compared.lower()
    if proposal.kind in ("keyword", "type", "snippet", "function"):
        if folded.startswith(wanted.word):
            return 0
        later = proposal.kind == "function" and any(part.startswith(wanted.word) for part in later_words(folded))
        return 1 if later else None
    return wanted.rank(proposal.compared)


class _Request:
    """All that is known of one place."""

    def __init__(
        self,
        word: CursorWord,
        place: GrammarPlace,
        catalog: Catalog,
        functions: Sequence[FunctionSignature] | None,
        scores: NameScores,
        values: Mapping[ColumnName, Sequence[str]] | None,
    ) -> None:
        self.word, self.place, self.catalog = word, place, catalog
        self.functions, self.scores, self.values = functions, scores, values
        self.wanted = word.prefix.lower()
        self.always = word.mark not in ("", "'")
        self.lower = writes_lower(word.tokens, word.typed)
        self.incomplete = False
        self.asks: ColumnName | None = None
        self.partners: set[tuple[str, str]] = set()
        self.numbers = place.calls[:1] in _OF_NUMBERS

    def order(self, proposal: Proposal, rank: int) -> tuple[float, ...]:
        """What puts a proposal before others."""
        known = self.scores.tables if proposal.kind in ("table", "view", "cte") else self.scores.columns
        score = known.get(proposal.name, 0.0) if proposal.name else 0.0
        if (
            self.numbers
            and isinstance(proposal.subject, NamedColumn)
            and type_family(proposal.subject.type) == "number"
        ):
            score += 0.1
        if (proposal.description.lower(), proposal.name) in self.partners and proposal.kind == "column":
            score += 1.0
        tier = Tier.COLUMN if score and Tier.WHOLE < proposal.tier < Tier.KEYWORD else proposal.tier
        typed_out = proposal.compared.lower() == self.wanted
        return (tier > Tier.WHOLE, not typed_out, rank > 1, tier, rank, -score)

    def proposals(self) -> Iterator[Proposal]:
        place = self.place
        if self.word.mark == "'":
            yield from self._values(self._names())
            return
        qualifier = _qualifier(self.word.before)
        if qualifier or place.top.dotted:
            yield from self._qualified(qualifier)
            return
        if place.expects in ("name", "named", "number", "none"):
            pass
        elif place.expects == "source":
            yield from self._sources(self._names())
        elif place.expects == "operand":
            yield from self._operands(self._names())
        elif place.expects == "sourced" and place.top.needs_condition:
            yield from condition_proposals(self._names(), self.catalog.dialect, self._keyword("ON") + " ")
        elif place.expects == "phrase" and place.top.phrase == "OVER" and place.top.kind != "over":
            for name in self._names().windows:
                yield Proposal(name, "window", quoted(name, self.catalog.dialect), Tier.WHOLE, "", "window")
        if not self.always:
            yield from self._keywords()

    def _names(self) -> NamesInScope:
        return names_in_scope(self.word.text, self.word.tokens, self.word.place, self.catalog)

    def _index(self) -> NameIndex:
        return name_index(self.catalog)

    def _keyword(self, keyword: str) -> str:
        return keyword.lower() if self.lower else keyword

    def _keywords(self) -> Iterator[Proposal]:
        expects = self.place.expects
        # Where names come first, the few key words that may stand there, too, wait for a letter.
        if expects == "source" and not self.wanted and not self.place.top.opens:
            self.incomplete = True
            return
        if len(self.wanted) == 1 and self._may_be_alias():
            # One letter is an alias more often than a key word, and Enter behind it must not write another.
            self.incomplete = True
            return
        for keyword in following_keywords(self.place):
            written = self._keyword(keyword)
            kind: ProposalKind = "type" if keyword in TYPES and expects == "type" else "keyword"
            yield Proposal(written, kind, written, Tier.KEYWORD)
        if expects == "operand" and self.place.top.phrase != "INTERVAL" and self.place.clause in _WITH_CASE:
            case = self._keyword("CASE WHEN {} THEN {} ELSE {} END")
            snippet = case.format("${1:condition}", "${2:value}", "${3:other}")
            label = self._keyword("CASE WHEN ... END")
            yield Proposal(label, "snippet", self._keyword("CASE WHEN "), Tier.RARE, snippet=snippet)

    def _may_be_alias(self) -> bool:
        """Whether a new name may stand here without AS."""
        top = self.place.top
        if top.expects == "sourced":
            return not top.aliased
        listed = top.expects == "after" and top.clause == "SELECT" and top.is_query and not top.cases
        return listed and top.last not in ("star", "alias", "")

    def _qualified(self, qualifier: tuple[str, ...]) -> Iterator[Proposal]:
        if not qualifier or self.place.expects in ("name", "named", "number", "none", "type"):
            return
        dialect = self.catalog.dialect
        if self.place.expects != "source":
            names = self._names()
            sources = list(qualifier_sources(qualifier, names, self.catalog))
            self._find_partners(names)
            for source in sources:
                yield from columns_of(source, dialect, always=self.always)
            if sources:
                return
            column = _column_named(qualifier[:1], names, self.catalog) or _column_named(
                qualifier[:2], names, self.catalog
            )
            if column is not None:
                yield from field_proposals(column, qualifier, dialect, always=self.always)
                return
        yield from tables_of(qualifier, self._index(), self.wanted, always=self.always)

    def _sources(self, names: NamesInScope) -> Iterator[Proposal]:
        index = self._index()
        if self.place.clause == "JOIN" and not self.always and self.place.top.needs_condition:
            yield from partner_proposals(names, index, self._keyword("ON"))
        yield from source_proposals(names, index, self.wanted, self.scores.tables, always=self.always)
        self.incomplete = self.incomplete or not all_are_proposed(index, self.wanted)
        yield from self._functions()

    def _operands(self, names: NamesInScope) -> Iterator[Proposal]:
        top, dialect, always = self.place.top, self.catalog.dialect, self.always
        if top.kind == "using":
            yield from shared_columns(names, dialect, always=always)
            return
        if not always:
            yield from self._values(names)
        if top.phrase == "INTERVAL" or (top.call == "extract" and top.phrase == "CALL"):
            return  # a number or a unit of time
        clause, at_top = self.place.clause, top.is_query
        if clause == "ON" and top.phrase == "ON" and not always:
            yield from condition_proposals(names, dialect)
        if clause == "WHERE" and at_top and top.phrase in ("WHERE", "AND") and not always:
            yield from missing_conditions(names, dialect, self.word.text)
        if clause == "GROUP" and at_top and not always:
            yield from group_proposals(names)
        if clause == "ORDER" and at_top:
            yield from order_proposals(names, dialect, always=always)
        self._find_partners(names)
        yield from column_proposals(names, dialect, always=always)
        if clause in ("GROUP", "ORDER", "HAVING", "QUALIFY", "WHERE") and not self._in_window():
            yield from alias_columns(names, dialect, always=always)
        if top.kind in ("star", "names") or (clause == "SET" and top.phrase in ("SET", ",")):
            return
        yield from alias_proposals(names, dialect, self.wanted, always=always)
        if not any(names.levels):
            if self.wanted:
                yield from columns_of_any_table(self._index(), self.wanted, always=always)
            self.incomplete = True
        self.incomplete = self.incomplete or not self.wanted  # functions, most of which wait for a letter
        yield from self._functions()

    def _functions(self) -> Iterator[Proposal]:
        self.incomplete = self.incomplete or self.functions is None
        if not self.always and self.functions is not None:
            yield from function_proposals(self.functions, self.place, self.wanted, called=self.word.called)

    def _in_window(self) -> bool:
        return any(frame.kind == "over" for frame in self.place.frames)

    def _compared(self) -> tuple[str, ...]:
        """The name of the column that the operand here is compared with, qualifiers first."""
        compared = self.place.top.compared
        if compared is None:
            return ()
        tokens = self.word.before[compared[0] : compared[1] + 1]
        return tuple(token.name for token in tokens if token.kind in ("word", "quoted"))

    def _values(self, names: NamesInScope) -> Iterator[Proposal]:
        compared = self._compared()
        if self.values is None or not compared or self.place.expects != "operand":
            return
        column = _column_named(compared, names, self.catalog)
        key = column_name(column) if column is not None else None
        if key is None:
            return
        if key not in self.values:
            self.asks, self.incomplete = key, True
            return
        yield from value_proposals(self.values[key], self._listed(), self.word.mark)

    def _listed(self) -> list[str]:
        """The constants that an IN list has already."""
        if self.place.top.kind != "in":
            return []
        before = [token.text for token in self.word.before]
        opened = len(before) - before[::-1].index("(") if "(" in before else 0
        after = (token for token in self.word.tokens if token.start >= self.word.place)
        behind = takewhile(lambda token: token.text != ")", after)
        return [*before[opened:], *(token.text for token in behind)]

    def _find_partners(self, names: NamesInScope) -> None:
        """What the column before a comparison is joined with comes first behind it."""
        compared = self._compared()
        if not compared or len(names.sources) < 2:
            return
        for level in names.levels:
            for source in level:
                if compared[-1].lower() in source.by_name and (len(compared) == 1 or source.answers_to(compared[:-1])):
                    self.partners = partner_columns(names, (source.name.lower(), compared[-1].lower()))
                    return


_OF_NUMBERS = [(name,) for name in ("sum", "avg", "mean", "median", "stddev", "variance", "round", "abs")]
"""Functions that take numbers: such columns come first in their parentheses."""

_WITH_CASE = ("SELECT", "ORDER", "GROUP", "SET", "")


def _column_named(name: Sequence[str], names: NamesInScope, catalog: Catalog) -> NamedColumn | None:
    """The column that a name means; of several the first, without any source that of the table before the dot."""
    for level in names.levels:
        for source in level:
            if len(name) == 1 or source.answers_to(name[:-1]):
                column = source.by_name.get(name[-1].lower())
                if column is not None:
                    return column
    if not any(names.levels) and len(name) > 1:
        table = catalog.find(*reversed(name[:-1][-3:]))
        origin = table.column(name[-1]) if table is not None else None
        return NamedColumn(origin.name, origin.type, table, origin) if origin is not None else None
    return None


def _qualifier(before: Sequence[Token]) -> tuple[str, ...]:
    """The names before the last dot, outermost first."""
    names: list[str] = []
    at = len(before) - 1
    while at >= 1 and before[at].text == "." and before[at - 1].kind in ("word", "quoted"):
        names.append(before[at - 1].name)
        at -= 2
    return tuple(reversed(names))
