"""The sources and output columns of a SELECT, read off a text that need not parse."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from speql_speculator.completing.completion_groups import Group, Items, is_text, word_of, words
from speql_speculator.tokens import Token
from speql_sql import Catalog, Column, Table

TO_SOURCE = words("FROM JOIN INTO UPDATE TABLE DESCRIBE SUMMARIZE PIVOT UNPIVOT")
SET_OPERATORS = words("UNION INTERSECT EXCEPT")
_END_OF_FROM = words("WHERE GROUP ORDER HAVING LIMIT OFFSET QUALIFY WINDOW SELECT SET VALUES RETURNING")
_NOT_ALIASES = words(
    """WHERE GROUP ORDER HAVING LIMIT OFFSET ON USING JOIN INNER LEFT RIGHT FULL OUTER CROSS NATURAL SEMI ANTI ASOF
    POSITIONAL LATERAL QUALIFY WINDOW TABLESAMPLE SELECT FROM SET RETURNING VALUES FETCH FOR PIVOT UNPIVOT AS SAMPLE
    UNION INTERSECT EXCEPT"""
)


@dataclass(frozen=True)
class Source:
    """Something that columns come from: a table under its alias, a CTE or a derived table (``table`` is None)."""

    name: str
    columns: tuple[Column, ...] = ()
    table: Table | None = None
    aliased: bool = False

    def answers_to(self, qualifier: tuple[str, ...]) -> bool:
        """Whether ``qualifier.column`` can mean a column of this source."""
        folded = tuple(part.lower() for part in qualifier)
        if self.table is None or self.aliased:
            return folded == (self.name.lower(),)
        path = (self.table.database.lower(), self.table.schema.lower(), self.table.name.lower())
        return folded == path[-len(folded) :] or folded == (self.name.lower(),)


class SourceReader:
    """Reads sources and output columns off token groups."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def ctes(self, items: Items, place: int, outer: dict[str, Source]) -> Iterator[Source]:
        """The CTEs that a group's WITH defines and that can be named at the place."""
        if not items or word_of(items[0]) != "WITH":
            return
        known = dict(outer)
        recursive = len(items) > 1 and word_of(items[1]) == "RECURSIVE"
        for at, item in enumerate(items):
            if not isinstance(item, Group) or at < 2:
                continue
            back = at - 1
            while back > 0 and word_of(items[back]) in ("MATERIALIZED", "NOT"):
                back -= 1
            if word_of(items[back]) != "AS":
                continue
            back -= 1
            named = items[back]
            listed: list[str] = []
            if isinstance(named, Group):
                listed = [
                    part.name for part in named.items if isinstance(part, Token) and part.kind in ("word", "quoted")
                ]
                named = items[back - 1]
            if isinstance(named, Group) or named.kind not in ("word", "quoted"):
                continue
            if item.start >= place or (item.holds(place) and not recursive):
                return
            body = self.outputs(segment_at(item.items, item.start), {**known, **self._nested(item, known)})
            if listed:
                types = [column.type for column in body] + [""] * len(listed)
                body = [Column(name, kind) for name, kind in zip(listed, types, strict=False)]
            source = Source(named.name, tuple(body))
            known[source.name.lower()] = source
            yield source

    def _nested(self, group: Group, known: dict[str, Source]) -> dict[str, Source]:
        return {cte.name.lower(): cte for cte in self.ctes(group.items, group.end, known)}

    def sources(self, items: Items, ctes: dict[str, Source]) -> list[Source]:
        """The table references of one SELECT, in the order of the text."""
        found: list[Source] = []
        at, in_from = 0, False
        while at < len(items):
            word = word_of(items[at])
            if word in TO_SOURCE:
                in_from = True
                at = self._reference(items, at + 1, ctes, found, called=word != "INTO")
                continue
            if word in _END_OF_FROM:
                in_from = False
            if in_from and is_text(items[at], ","):
                at = self._reference(items, at + 1, ctes, found)
                continue
            at += 1
        return found

    def _reference(
        self, items: Items, at: int, ctes: dict[str, Source], found: list[Source], *, called: bool = True
    ) -> int:
        """Read one table reference from `at` on; the index behind it. ``called``: a parenthesis behind it is a call."""
        while at < len(items) and word_of(items[at]) == "LATERAL":
            at += 1
        if at >= len(items):
            return at
        first = items[at]
        table: Table | None = None
        columns: tuple[Column, ...] = ()
        name = ""
        if isinstance(first, Group):
            at += 1
            known = {**ctes, **self._nested(first, ctes)}
            if _is_query(first.items):
                columns = tuple(self.outputs(segment_at(first.items, first.end), known))
            else:
                at_inner, inner = 0, list[Source]()
                at_inner = self._reference(first.items, at_inner, ctes, inner)
                found += inner + self.sources(first.items[at_inner:], ctes)
                if not inner:
                    return at
        else:
            if first.kind not in ("word", "quoted", "string") or first.upper in _NOT_ALIASES:
                return at
            parts = [first.name]
            at += 1
            while at + 1 < len(items) and is_text(items[at], "."):
                part = items[at + 1]
                if isinstance(part, Group):
                    break
                parts.append(part.name)
                at += 2
            name = parts[-1]
            if called and at < len(items) and isinstance(items[at], Group):
                at += 1  # a table function: its columns are not known here
            elif len(parts) == 1 and name.lower() in ctes:
                columns = ctes[name.lower()].columns
            else:
                table = self._catalog.find(*reversed(parts[-3:]))
                columns = table.columns if table is not None else ()
        alias, at, renamed = _alias(items, at)
        if renamed:
            columns = tuple(
                Column(new, old.type if old is not None else "")
                for new, old in zip(renamed, [*columns, *[None] * len(renamed)], strict=False)
            )
        if alias or name or columns:
            found.append(Source(alias or name, columns, table, aliased=bool(alias)))
        return at

    def outputs(self, items: Items, ctes: dict[str, Source], stars: bool = True) -> list[Column]:
        """The columns that a SELECT gives, as far as they have names; ``*`` as the columns that it stands for."""
        sources = self.sources(items, ctes)
        start = next((at + 1 for at, item in enumerate(items) if word_of(item) == "SELECT"), None)
        if start is None:
            return [column for source in sources for column in source.columns] if stars and sources else []
        found: list[Column] = []
        for expression in _list(items[start:]):
            star = next((at for at, item in enumerate(expression) if is_text(item, "*")), None)
            if star is not None and (star == 0 or is_text(expression[star - 1], ".")):
                if stars:
                    owner = expression[star - 2] if star >= 2 else None
                    named = owner.name.lower() if isinstance(owner, Token) else None
                    found += [c for s in sources if named is None or s.name.lower() == named for c in s.columns]
            elif (column := _output(expression, sources)) is not None:
                found.append(column)
        return found


def _list(items: Items) -> Iterator[list["Token | Group"]]:
    """The expressions of a SELECT list, up to FROM."""
    expression: list[Token | Group] = []
    for item in items:
        if word_of(item) in ("DISTINCT", "ALL") and not expression:
            continue
        if word_of(item) in (_END_OF_FROM - {"SET"}) | {"FROM", "INTO"}:
            break
        if is_text(item, ","):
            yield expression
            expression = []
        else:
            expression.append(item)
    if expression:
        yield expression


def _output(expression: Items, sources: Sequence[Source], *, named: bool = False) -> Column | None:
    """The name that an expression of a SELECT list has, and its type where it is a plain column."""
    if not expression:
        return None
    last = expression[-1]
    if isinstance(last, Group) or last.kind not in ("word", "quoted") or last.upper == "END":
        return None
    if len(expression) == 1 or is_text(expression[-2], "."):
        owner = expression[-3] if len(expression) >= 3 else None
        owner_name = owner.name.lower() if isinstance(owner, Token) else None
        if len(expression) > 3:
            return Column(last.name, "") if len(expression) % 2 else None
        for source in sources:
            if owner_name in (None, source.name.lower()):
                for column in source.columns:
                    if column.name.lower() == last.name.lower():
                        return column
        return Column(last.name, "")
    before = expression[-2]
    if word_of(before) == "AS" or isinstance(before, Group) or before.kind in ("word", "quoted", "number", "string"):
        inner = None if named else _output(expression[: -2 if word_of(before) == "AS" else -1], sources, named=True)
        return Column(last.name, inner.type if inner is not None else "")
    return None


def segment_at(items: Items, place: int) -> Items:
    """The branch of a set operation that the place is in, without the WITH before it."""
    bounds = [at for at, item in enumerate(items) if word_of(item) in SET_OPERATORS]
    start, end = 0, len(items)
    for at in bounds:
        if items[at].start < place:
            start = at + 1
        else:
            end = at
            break
    segment = items[start:end]
    after = _after_with(segment)
    return segment[after:] if after == 0 or after >= len(segment) or segment[after].start <= place else segment[:0]


def _after_with(items: Items) -> int:
    """The index of the first item behind a WITH clause's last CTE; 0 where there is no WITH."""
    if not any(word_of(item) == "WITH" for item in items[:1]):
        return 0
    for at, item in enumerate(items):
        if at and word_of(item) in ("SELECT", "FROM", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES"):
            return at
    return len(items)


def _alias(items: Items, at: int) -> tuple[str, int, list[str]]:
    """The alias at `at`, the index behind it, and the names of columns that follow it in parentheses."""
    if at < len(items) and word_of(items[at]) == "AS":
        at += 1
    item = items[at] if at < len(items) else None
    if not isinstance(item, Token) or item.kind not in ("word", "quoted") or item.upper in _NOT_ALIASES:
        return "", at, []
    at += 1
    following = items[at] if at < len(items) else None
    if isinstance(following, Group):
        names = [part.name for part in following.items if isinstance(part, Token) and part.kind in ("word", "quoted")]
        return item.name, at + 1, names
    return item.name, at, []


def _is_query(items: Items) -> bool:
    return bool(items) and word_of(items[0]) in ("SELECT", "WITH", "FROM", "VALUES")
