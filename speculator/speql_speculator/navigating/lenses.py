"""The statements, CTEs and SELECTs of a text, with what can be done with each of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from speql_speculator.navigating.document import Located
from speql_speculator.navigating.relations import relations
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Nested, Query, Select
from speql_sql import Span

LensKind = Literal["statement", "cte", "select"]


@dataclass(frozen=True, slots=True)
class Lens:
    """A part of a text, named at ``place``.

    ``preview`` is where the cursor has to be for a preview of it, None where there is none. ``sql`` is a query whose
    size is its size, empty where that cannot be told; ``defined`` is the statement's text up to its end.
    """

    kind: LensKind
    place: Span
    preview: int | None
    sql: str = ""
    defined: str = ""


def lenses(located: Located) -> tuple[Lens, ...]:
    """The lenses of a statement, in the order of the text."""
    found = _Reader(located)
    ordered = sorted(found.all(), key=lambda lens: (lens.place.start, lens.kind != "statement"))
    return tuple(ordered)


class _Reader:
    def __init__(self, located: Located) -> None:
        self._start = located.start
        self._model: SemanticModel = located.model

    def all(self) -> Iterator[Lens]:
        """All lenses of the statement."""
        model, tree = self._model, self._model.tree
        if not model.tokens:
            return
        if tree is None or tree.first or not tree.branches:
            yield Lens("statement", self._token(0), None)  # there is no preview of what is no query
            return
        yield Lens("statement", self._token(0), self._cursor(tree), model.text, model.text)
        if tree.with_ is not None or len(tree.branches) > 1:
            yield from self._branches(tree)
        for relation in relations(model):
            if relation.query.last <= relation.query.first:
                continue
            if relation.is_cte:
                defined = model.text[: model.tokens[relation.query.last - 1].end]
                place = self._token(relation.name)
                yield Lens("cte", place, self._cursor(relation.query), relation.sql, defined)
                if len(relation.query.branches) > 1:
                    yield from self._branches(relation.query)
            else:
                yield from self._branches(relation.query, relation.sql)

    def _branches(self, query: Query, sql: str = "") -> Iterator[Lens]:
        """The SELECTs of a query; ``sql`` is of the size of the only one."""
        for branch in query.branches:
            if isinstance(branch, Nested):
                yield from self._branches(branch.query)
            elif isinstance(branch, Select) and branch.last > branch.first:
                place = self._token(branch.first)
                yield Lens("select", place, place.start, sql if len(query.branches) == 1 else "")

    def _cursor(self, query: Query) -> int | None:
        """Where the cursor is in a query and in no smaller one: at its only SELECT, or between two."""
        tokens = self._model.tokens
        if len(query.branches) > 1 and query.operators:
            outer = [first for first, _ in query.operators if tokens[first].upper != "INTERSECT"]
            operator = tokens[outer[-1] if outer else query.operators[-1][0]]
            return self._start + operator.start + 1
        branch = query.branches[0] if query.branches else None
        if isinstance(branch, Nested):
            return self._cursor(branch.query)
        if branch is None or branch.last <= branch.first:
            return None
        return self._token(branch.first).start

    def _token(self, index: int) -> Span:
        token = self._model.tokens[index]
        return Span(token.start, token.end).shifted(self._start)
