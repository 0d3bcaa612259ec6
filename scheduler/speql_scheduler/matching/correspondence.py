"""What the columns of a view are to a query, under one mapping of their sources."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from speql_scheduler.matching.literals import family_of
from speql_scheduler.matching.normal_text import Names, normal_text
from speql_scheduler.matching.predicates import ColumnKey
from speql_scheduler.matching.rollup import RollUp
from speql_scheduler.matching.spjg import Block, aggregates_of
from speql_scheduler.matching.substitution import NotInViewError, Substitution
from speql_scheduler.matching.units_of_time import TimePart, of_truncated, time_part
from speql_scheduler.matching.view import View


class Correspondence:
    """A mapping from the sources of a view to those of a query, and all that follows from it about names.

    ``mapping`` goes from aliases of the view to aliases of the query, ``back`` the other way; ``alias`` is the name of
    the view in the rewritten query.
    """

    def __init__(self, query: Block, view: View, block: Block, mapping: dict[str, str], alias: str) -> None:
        self.query = query
        self.block = block
        self.mapping = mapping
        self.back = {target: source for source, target in mapping.items()}
        self._view = view
        self._alias = alias

    def to_query(self, column: ColumnKey) -> ColumnKey | None:
        """The query's column for one of the view."""
        target = self.mapping.get(column[0])
        return (target, column[1]) if target is not None else None

    def to_view(self, column: ColumnKey) -> ColumnKey | None:
        """The view's column for one of the query."""
        target = self.back.get(column[0])
        return (target, column[1]) if target is not None else None

    def query_text_of_view(self, node: exp.Expr) -> str:
        """The text of an expression of the view as the query would write it above its WHERE."""
        return normal_text(node, self.query.facts.names_from(self.block.inner_names, self.to_query))

    def text_of_query(self, node: exp.Expr) -> str:
        """The text of an expression of the query above its WHERE.

        Under ROLLUP and CUBE a key is NULL in some rows while one equal to it is not, so there no key stands for
        another.
        """
        return normal_text(node, self.query.inner_names) if self.query.has_grouping_sets else self.query.text(node)

    def plain(self) -> Names:
        """Names that write the view's columns as the query does, without any equality: below WHERE none holds."""
        query, names = self.query, self.block.inner_names

        def column(alias: str, name: str) -> str | None:
            key = self.to_query((alias, name))
            return query.inner_names.column(*key) if key is not None else None

        return Names(column, names.ctes, query.inner_names.depth)

    def below(self) -> Substitution:
        """Expressions over the view by only those equalities that the view itself guarantees."""
        facts = self.block.facts

        def same(output: ColumnKey, wanted: ColumnKey) -> bool:
            held = self.to_view(wanted)
            return held is not None and facts.same(output, held)

        def text(node: exp.Expr) -> str:
            return normal_text(node, facts.names_from(self.query.inner_names, self.to_view))

        outputs = self._outputs(lambda node: normal_text(node, facts.own_names))
        return self._substitution(outputs, same, text)

    def above(self, rolls_up: bool) -> Substitution:
        """Expressions above the query's WHERE, where its equalities hold; aggregates from the view's groups."""
        facts = self.query.facts
        grouping_sets = self.query.has_grouping_sets

        def same(output: ColumnKey, wanted: ColumnKey) -> bool:
            in_query, in_view = self.to_query(output), self.to_view(wanted)
            if grouping_sets or in_view is None:
                return False
            return self.block.facts.same(output, in_view) or (in_query is not None and facts.same(in_query, wanted))

        def view_text(node: exp.Expr) -> str:
            return normal_text(node, self.plain()) if grouping_sets else self.query_text_of_view(node)

        outputs = self._outputs(view_text)
        keys = self._substitution(outputs, same, self.text_of_query)
        if self.block.grouping is None:
            return keys
        if rolls_up:
            query = self.query
            types, dialect = query.expression_type, query.catalog.dialect
            roll_up = RollUp(outputs.aggregates, self.text_of_query, keys.apply, types, dialect)
            return keys.with_aggregates(roll_up)

        def held_aggregate(node: exp.Expr) -> exp.Expr:
            found = outputs.aggregates.get(self.text_of_query(node))
            if found is None:
                raise NotInViewError(f"the view does not have {node.sql(dialect=self.query.catalog.dialect)}")
            return found.copy()

        everything = _Outputs(
            outputs.columns,
            {**outputs.by_text, **outputs.aggregates},
            outputs.aggregates,
            outputs.kinds | outputs.aggregate_kinds,
            moments=outputs.moments,
        )
        return self._substitution(everything, same, self.text_of_query).with_aggregates(held_aggregate)

    def _outputs(self, text: Callable[[exp.Expr], str]) -> "_Outputs":
        found = _Outputs()
        for number, projection in enumerate(self.block.select.expressions):
            expression = projection.unalias().unnest()
            if isinstance(expression, exp.Column) and expression.table:
                found.columns.append(((expression.table, expression.name), number))
            elif any(True for _ in aggregates_of(expression)):
                found.aggregates.setdefault(text(expression), self._column(number))
                found.aggregate_kinds.add(type(expression))
            elif expression.find(exp.Column) is not None and expression.find(exp.Query) is None:
                found.by_text.setdefault(text(expression), self._column(number))
                found.kinds.add(type(expression))
                part = time_part(expression)
                if part is not None and part.truncates:
                    found.moments.append((text(part.moment), part, self._column(number)))
        return found

    def _substitution(
        self, outputs: "_Outputs", same: Callable[[ColumnKey, ColumnKey], bool], text: Callable[[exp.Expr], str]
    ) -> Substitution:
        def column(wanted: ColumnKey) -> exp.Column | None:
            held = self.to_view(wanted)
            exact = [number for output, number in outputs.columns if output == held]
            equal = exact or [number for output, number in outputs.columns if same(output, wanted)]
            return self._column(equal[0]) if equal else None

        def held(node: exp.Expr) -> exp.Expr | None:
            if type(node) in outputs.kinds and (found := outputs.by_text.get(text(node))) is not None:
                return found.copy()
            return self._of_finer_time(node, outputs, text) if outputs.moments else None

        return Substitution(frozenset(self.back), column, text, held)

    def _of_finer_time(self, node: exp.Expr, outputs: "_Outputs", text: Callable[[exp.Expr], str]) -> exp.Expr | None:
        """A unit of time computed from a finer one that the view has."""
        part = time_part(node)
        if part is None:
            return None
        moment = text(part.moment)
        family = family_of(self.query.expression_type(part.moment)[0])
        for held_moment, held_part, column in outputs.moments:
            if held_moment != moment or not part.can_be_computed_from(held_part):
                continue
            if family == "timestamp":
                return of_truncated(node, part, exp.cast(column.copy(), "TIMESTAMP"))
            # A date has no time of day, and its finer units may have another type than its coarser ones.
            if family == "date" and held_part.unit not in ("hour", "minute", "second"):
                return of_truncated(node, part, column.copy())
        return None

    def _column(self, number: int) -> exp.Column:
        name = exp.to_identifier(self._view.columns[number], quoted=True)
        return exp.Column(this=name, table=exp.to_identifier(self._alias))


@dataclass
class _Outputs:
    """The outputs of a view: plain columns, other expressions by their text, and aggregates by theirs.

    ``moments`` are starts of units of time, each with the text of the moment that it is truncated from.
    """

    columns: list[tuple[ColumnKey, int]] = field(default_factory=list)
    by_text: dict[str, exp.Column] = field(default_factory=dict)
    aggregates: dict[str, exp.Column] = field(default_factory=dict)
    kinds: set[type] = field(default_factory=set)
    aggregate_kinds: set[type] = field(default_factory=set)
    moments: list[tuple[str, TimePart, exp.Column]] = field(default_factory=list)
