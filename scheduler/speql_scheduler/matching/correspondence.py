"""What the columns of a view are to a query, under one mapping of their sources."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp

from speql_scheduler.matching.literals import family_of
from speql_scheduler.matching.loose_keys import LooseKeys, loose_keys
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
    the view in the rewritten query, ``extra`` the sources of the query that the view does not have.
    """

    def __init__(self, query: Block, view: View, block: Block, mapping: dict[str, str], alias: str) -> None:
        self.query = query
        self.block = block
        self.mapping = mapping
        self.back = {target: source for source, target in mapping.items()}
        self.alias = alias
        self.extra = [source for source in query.clause.sources if source not in self.back]
        self._view = view

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

    def rows(self) -> Substitution:
        """Expressions over rows that the query's WHERE keeps, where its equalities hold."""
        return self._substitution(self._outputs_above, self._same_above, self.text_of_query)

    def above(self, rolls_up: bool) -> Substitution:
        """Expressions above the query's WHERE; aggregates from the view's groups."""
        rows, outputs = self.rows(), self._outputs_above
        if self.block.grouping is None:
            return rows
        if rolls_up:
            query = self.query
            types, dialect = query.expression_type, query.catalog.dialect
            roll_up = RollUp(outputs.aggregates, self.text_of_query, rows.apply, types, dialect)
            return rows.with_aggregates(roll_up)

        def held_aggregate(node: exp.Expr) -> exp.Expr:
            found = outputs.aggregates.get(self.text_of_query(node))
            if found is None:
                raise NotInViewError(f"the view does not have {node.sql(dialect=self.query.catalog.dialect)}")
            return found.copy()

        everything = _Outputs(
            outputs.columns,
            {**outputs.by_text, **outputs.of_groups, **outputs.aggregates},
            outputs.aggregates,
            outputs.kinds | outputs.aggregate_kinds,
            moments=outputs.moments,
        )
        groups = self._substitution(everything, self._same_above, self.text_of_query, of_groups=True)
        return groups.with_aggregates(held_aggregate)

    @cached_property
    def _outputs_above(self) -> "_Outputs":
        if self.query.has_grouping_sets:
            return self._outputs(lambda node: normal_text(node, self.plain()))
        return self._outputs(self.query_text_of_view)

    def _same_above(self, output: ColumnKey, wanted: ColumnKey) -> bool:
        in_query, in_view = self.to_query(output), self.to_view(wanted)
        if self.query.has_grouping_sets or in_view is None:
            return False
        return self.block.facts.same(output, in_view) or (
            in_query is not None and self.query.facts.same(in_query, wanted)
        )

    def _outputs(self, text: Callable[[exp.Expr], str]) -> "_Outputs":
        found = _Outputs()
        if self._has_loose_keys:
            found.keys = {text(key) for key in self.block.grouping or ()}
            found.loose = {text(key) for key in loose_keys(self.block)}
        for number, projection in enumerate(self.block.select.expressions):
            expression = projection.unalias().unnest()
            if isinstance(expression, exp.Column) and expression.table:
                found.columns.append(((expression.table, expression.name), number))
            elif any(True for _ in aggregates_of(expression)):
                found.aggregates.setdefault(text(expression), self._column(number))
                found.aggregate_kinds.add(type(expression))
            elif expression.find(exp.Column) is not None and expression.find(exp.Query) is None:
                written = text(expression)
                # Computed from a loose key it is the value of one of several: right for the group, not for its rows.
                of_rows = not self._has_loose_keys or written in found.keys
                (found.by_text if of_rows else found.of_groups).setdefault(written, self._column(number))
                found.kinds.add(type(expression))
                part = time_part(expression)
                if part is not None and part.truncates:
                    found.moments.append((text(part.moment), part, self._column(number)))
        return found

    def _substitution(
        self,
        outputs: "_Outputs",
        same: Callable[[ColumnKey, ColumnKey], bool],
        text: Callable[[exp.Expr], str],
        *,
        of_groups: bool = False,
    ) -> Substitution:
        """``of_groups`` is for what is evaluated once for each group, where one value stands for all equal ones."""

        def column(wanted: ColumnKey) -> exp.Column | None:
            held = self.to_view(wanted)
            exact = [number for output, number in outputs.columns if output == held]
            equal = exact or [number for output, number in outputs.columns if same(output, wanted)]
            return self._column(equal[0]) if equal else None

        def held(node: exp.Expr) -> exp.Expr | None:
            if type(node) in outputs.kinds and (found := outputs.by_text.get(text(node))) is not None:
                return found.copy()
            return self._of_finer_time(node, outputs, text) if outputs.moments else None

        sources = frozenset(self.back)
        if of_groups or not self._has_loose_keys:
            return Substitution(sources, column, text, held)
        return Substitution(sources, column, text, held, LooseKeys(self.query, sources, text, outputs.loose).check)

    @cached_property
    def _has_loose_keys(self) -> bool:
        return bool(loose_keys(self.block))

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
        return exp.Column(this=name, table=exp.to_identifier(self.alias))


@dataclass
class _Outputs:
    """The outputs of a view: plain columns, other expressions by their text, and aggregates by theirs.

    ``moments`` are starts of units of time, each with the text of the moment that it is truncated from. If the view has
    loose keys, ``loose`` are their texts, ``keys`` those of all keys, ``of_groups`` has expressions that are no keys.
    """

    columns: list[tuple[ColumnKey, int]] = field(default_factory=list)
    by_text: dict[str, exp.Column] = field(default_factory=dict)
    aggregates: dict[str, exp.Column] = field(default_factory=dict)
    kinds: set[type] = field(default_factory=set)
    aggregate_kinds: set[type] = field(default_factory=set)
    moments: list[tuple[str, TimePart, exp.Column]] = field(default_factory=list)
    of_groups: dict[str, exp.Column] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
