"""The outline of a document: its statements, their CTEs and SELECTs, one inside the other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from speql_speculator.by_identity import ByIdentity
from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.navigating.symbols import Output
from speql_speculator.parsing.syntax_tree import Cte, Nested, Node, Query, Select, Source, Values
from speql_speculator.statements import split_statements
from speql_sql import Catalog, Span

OutlineKind = Literal["statement", "cte", "select", "derived table"]

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class OutlineItem:
    """A part of a document. ``name_span`` is in ``span``, and all that is in ``children`` is, too."""

    name: str
    kind: OutlineKind
    span: Span
    name_span: Span
    detail: str = ""
    children: "tuple[OutlineItem, ...]" = ()


def outline(text: str, catalog: Catalog) -> tuple[OutlineItem, ...]:
    """The outline of a document, whole or not. Never raises, on any text."""
    key = ByIdentity(catalog)
    return tuple(
        _shifted(_statement(statement.text, key, catalog.version), statement.span.start)
        for statement in split_statements(text, catalog.dialect)
    )


def shortened(text: str) -> str:
    """The beginning of a text in one line."""
    line = " ".join(text[: _LONGEST * 4].split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def _shifted(item: OutlineItem, by: int) -> OutlineItem:
    if not by:
        return item
    return replace(
        item,
        span=item.span.shifted(by),
        name_span=item.name_span.shifted(by),
        children=tuple(_shifted(child, by) for child in item.children),
    )


@lru_cache(maxsize=4096)
def _statement(text: str, key: ByIdentity, version: str) -> OutlineItem:
    """The outline of a statement, its places counted from its start. Remembered: an edit costs its own statement."""
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    model = semantic_model(text, catalog)
    span = Span(0, len(model.text))
    children = _Reader(model).query(model.tree) if model.tree is not None else ()
    first = Span(0, model.tokens[0].end if model.tokens else len(model.text))
    if len(children) == 1 and children[0].kind == "select":
        # A statement that is one SELECT: the same would be there twice.
        return OutlineItem(shortened(model.text), "statement", span, first, children[0].detail, children[0].children)
    return OutlineItem(shortened(model.text), "statement", span, first, "", children)


class _Reader:
    def __init__(self, model: SemanticModel) -> None:
        self._model = model

    def query(self, query: Query) -> tuple[OutlineItem, ...]:
        """The CTEs of a query, then its branches."""
        return tuple(self._query(query))

    def _query(self, query: Query) -> Iterator[OutlineItem]:
        for cte in query.with_.ctes.elements if query.with_ is not None else ():
            if isinstance(cte, Cte):
                yield self._cte(cte)
        for branch in query.branches:
            if isinstance(branch, Select) and branch.last > branch.first:
                # What ORDER BY and LIMIT hold belongs to the one SELECT that they are of.
                nodes: list[Node] = [branch, *(query.clauses if len(query.branches) == 1 else ())]
                yield self._select(branch, tuple(item for node in nodes for item in self._inside(node)))
            elif isinstance(branch, Nested):
                yield from self._query(branch.query)
            elif isinstance(branch, Values) and branch.last > branch.first:
                yield OutlineItem("VALUES", "select", self._span(branch), self._word(branch.first))

    def _select(self, select: Select, children: tuple[OutlineItem, ...]) -> OutlineItem:
        span = self._span(select)
        span = Span(span.start, max([span.end, *(child.span.end for child in children)]))
        sources = select.from_.sources if select.from_ is not None else []
        named = ", ".join(filter(None, (self._source_name(source) for source in sources)))
        name = f"SELECT FROM {named}" if named else "SELECT"
        word = select.keyword if select.keyword >= 0 else select.first
        listed = select.items
        detail = shortened(self._text(listed)) if listed is not None and listed.last > listed.first else ""
        return OutlineItem(shortened(name), "select", span, self._word(word), detail, children)

    def _cte(self, cte: Cte) -> OutlineItem:
        name = self._model.tokens[cte.name].name
        columns = next(
            (output for symbol, output in self._model.outputs.items() if symbol.declared == self._own(cte.name)),
            Output(),
        )
        detail = ", ".join(column.name or column.expression for column in columns.columns)
        children = self._within(cte.query) if cte.query is not None else ()
        return OutlineItem(name, "cte", self._span(cte), self._word(cte.name), shortened(detail), children)

    def _within(self, query: Query) -> tuple[OutlineItem, ...]:
        """The parts of a query that has a name of its own: of a single SELECT only what is in it."""
        parts = self.query(query)
        return parts[0].children if len(parts) == 1 and parts[0].kind == "select" else parts

    def _inside(self, node: Node) -> Iterator[OutlineItem]:
        """The queries below a node, not those below them."""
        for child in node.children():
            if isinstance(child, Source) and child.query is not None:
                name = self._source_name(child) or "(SELECT)"
                place = self._word(child.alias if child.alias >= 0 else max(child.first, child.join[1]))
                first = self._span(child)
                begins = self._word(child.join[1]).start if child.join[1] > child.join[0] else first.start
                yield OutlineItem(name, "derived table", Span(begins, first.end), place, "", self._within(child.query))
                for condition in (child.condition, child.using):
                    if condition is not None:
                        yield from self._inside(condition)
            elif isinstance(child, Query):
                yield from self._query(child)
            else:
                yield from self._inside(child)

    def _source_name(self, source: Source) -> str:
        token = source.alias if source.alias >= 0 else source.parts[-1] if source.parts else -1
        return self._model.tokens[token].name if token >= 0 else ""

    def _own(self, token: int) -> Span:
        found = self._model.tokens[token]
        return Span(found.start, found.end)

    def _word(self, token: int) -> Span:
        return self._own(min(token, len(self._model.tokens) - 1))

    def _text(self, node: Node) -> str:
        return self._span(node).of(self._model.text)

    def _span(self, node: Node) -> Span:
        tokens = self._model.tokens
        return Span(tokens[node.first].start, tokens[max(node.last - 1, node.first)].end)
