"""What an editor can show in a text that is not written there: types of columns, and how many rows there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from speql_speculator.navigating.document import Located
from speql_speculator.navigating.relations import Relation, relations
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Call, Nested, Node, Query, Select, SelectItem, Source, Star, walk
from speql_sql import Span

_MOST_LISTED = 3
_LONGEST_TYPE = 40


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a SELECT list: where it ends, and whether it stands for the columns of its tables."""

    end: int
    star: bool = False


@dataclass(frozen=True, slots=True)
class ColumnHints:
    """The SELECT list of a CTE or a derived table. ``sql`` is a query with the same columns."""

    sql: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class TableHint:
    """A table that is named at ``span``, and its rows."""

    span: Span
    rows: int


@dataclass(frozen=True, slots=True)
class CteHint:
    """A CTE that is named at ``span``; ``defined`` is the statement's text up to the end of its query."""

    span: Span
    defined: str


Hint = ColumnHints | TableHint | CteHint


def hints(located: Located) -> Iterator[Hint]:
    """The hints of a statement that may be shown; what the engine has to say for it is not known here."""
    model, start = located.model, located.start
    if model.tree is None:
        return
    for relation in relations(model):
        items = tuple(_items(model, relation, start))
        if items and relation.sql:
            yield ColumnHints(relation.sql, items)
        if relation.is_cte:
            token = model.tokens[relation.name]
            end = model.tokens[relation.query.last - 1].end if relation.query.last > relation.query.first else 0
            if end:
                yield CteHint(Span(token.start, token.end).shifted(start), model.text[:end])
    for node in walk(model.tree):
        if isinstance(node, Source) and node.parts and node.call is None:
            token = model.tokens[node.parts[-1]]
            found = model.at(token.start)
            table = found.symbol.table if found is not None and found.symbol.kind == "table" else None
            if table is not None and table.row_count is not None:
                yield TableHint(Span(token.start, token.end).shifted(start), table.row_count)


def type_labels(items: Sequence[Item], columns: Sequence[tuple[str, str]]) -> tuple[tuple[int, str, str], ...]:
    """What to write behind which item, and the same in full; ``columns`` are names and types of the whole list.

    Nothing where it is not certain which item makes which column.

    >>> type_labels([Item(1, star=True), Item(7)], [("a", "INTEGER"), ("b", "DATE"), ("c", "BIGINT")])
    ((0, ': a INTEGER, b DATE', ''), (1, ': BIGINT', ''))
    """
    stars = sum(item.star for item in items)
    more = len(columns) - len(items)
    if (stars == 0 and more) or stars > 1 or more < -stars:
        return ()
    found: list[tuple[int, str, str]] = []
    position = 0
    for number, item in enumerate(items):
        count = 1 + more if item.star else 1
        own = columns[position : position + count]
        position += count
        label = _listed(own) if item.star else _short(own[0][1])
        full = ", ".join(f"{name} {type_name}" if item.star else type_name for name, type_name in own)
        if label:
            found.append((number, f": {label}", full if full != label else ""))
    return tuple(found)


def _listed(columns: Sequence[tuple[str, str]]) -> str:
    listed = [f"{name} {_short(type_name)}" for name, type_name in columns[:_MOST_LISTED]]
    more = [f"and {len(columns) - _MOST_LISTED} more"] if len(columns) > _MOST_LISTED else []
    return ", ".join([*listed, *more])


def _short(type_name: str) -> str:
    return type_name if len(type_name) <= _LONGEST_TYPE else f"{type_name[: _LONGEST_TYPE - 1].rstrip()}…"


def _items(model: SemanticModel, relation: Relation, start: int) -> Iterator[Item]:
    """The items of its first SELECT, unless one of them may make several columns in a way that is not seen here."""
    select = _first_select(relation.query)
    if select is None or select.items is None:
        return
    written = [item for item in select.items.elements if item.last > item.first]
    stars = [isinstance(item, SelectItem) and _is_star(item) for item in written]
    if any(stars) and any(_may_be_several(item) for item, star in zip(written, stars, strict=True) if not star):
        return
    for item, star in zip(written, stars, strict=True):
        yield Item(start + model.tokens[item.last - 1].end, star)


def _first_select(query: Query) -> Select | None:
    branch = query.branches[0] if query.branches else None
    while isinstance(branch, Nested):
        branch = branch.query.branches[0] if branch.query.branches else None
    return branch if isinstance(branch, Select) else None


def _is_star(item: SelectItem) -> bool:
    terms = item.expression.terms
    return len(terms) == 1 and len(terms[0].operands) == 1 and isinstance(terms[0].operands[0], Star)


def _may_be_several(node: Node) -> bool:
    """Whether an item may make several columns; the star of ``count(*)`` does not."""
    if isinstance(node, Call):
        return any(isinstance(found, Call) and found.name.upper() in _SEVERAL for found in walk(node))
    return isinstance(node, Star) or any(_may_be_several(child) for child in node.children())


_SEVERAL = frozenset({"COLUMNS", "UNNEST"})
