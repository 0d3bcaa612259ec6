"""The normal form of one SELECT: select, project, join, group."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp

from speql_scheduler.matching.canonical import (
    OUTPUTS_AND_ORDER,
    group_keys,
    opaque_from_text,
    select_text,
    source_identity,
)
from speql_scheduler.matching.engine_semantics import engine_semantics
from speql_scheduler.matching.from_clause import FromClause, from_clause
from speql_scheduler.matching.literals import family_of
from speql_scheduler.matching.normal_text import Names, conjuncts, normal_text
from speql_scheduler.matching.predicates import ColumnKey, Facts
from speql_scheduler.matching.scalar_functions import is_scalar_function
from speql_sql import Catalog, Table
from speql_sql.copy_tree import copy_tree

_TEXT_ORDERED_BY_CODE_POINT = ("duckdb",)


@dataclass
class Block:
    """One SELECT of a qualified query, taken apart once so that it can be compared with many others.

    ``names`` are those around the SELECT (its CTEs, and outer sources if it is correlated), ``derived`` the queries
    that its CTE references and derived tables stand for, by alias.
    """

    select: exp.Select
    names: Names
    catalog: Catalog
    ctes: dict[str, exp.Expr] = field(default_factory=dict)
    _written: dict[int, tuple[exp.Expr, str]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def clause(self) -> FromClause:
        """Its FROM and WHERE."""
        return from_clause(self.select)

    @cached_property
    def identities(self) -> dict[str, str]:
        """What each source is."""
        return {alias: source_identity(source, self.names) for alias, source in self.clause.sources.items()}

    @cached_property
    def left(self) -> dict[str, list[exp.Expr]]:
        """The sources joined by LEFT JOIN, and their conditions."""
        return dict(self.clause.left)

    @cached_property
    def inner_names(self) -> Names:
        """Names in which each source is written by its own alias."""
        return self.names.inside({alias: f"[{alias}]" for alias in self.clause.sources})

    @cached_property
    def facts(self) -> Facts:
        """What WHERE and the inner joins prove of each row."""
        orders_text = self.catalog.dialect in _TEXT_ORDERED_BY_CODE_POINT
        return Facts(self.clause.where, self.column_type, self.inner_names, orders_text)

    @cached_property
    def opaque_from_text(self) -> str:
        """The normal text of a FROM that has no normal form, its joins and sources as they stand."""
        return opaque_from_text(self.select, self.names.standing_alone())

    @cached_property
    def bare_condition(self) -> str:
        """The first conjunct that is a column of another type than BOOLEAN, as text; empty if there is none."""
        for condition in self.clause.where:
            bare = condition.unnest()
            if (
                isinstance(bare, exp.Column)
                and (self.column_type((bare.table, bare.name))[0] or "BOOLEAN").upper() != "BOOLEAN"
            ):
                return self.written(bare)
        return ""

    @cached_property
    def body_text(self) -> str:
        """The normal text of all but the output columns, ORDER BY and LIMIT."""
        return self.text_without(OUTPUTS_AND_ORDER)

    def written(self, condition: exp.Expr) -> str:
        """A condition of the SELECT as people read it, without the names of its sources. Remembered: each is named in
        the refusal of view after view.
        """
        known = self._written.get(id(condition))
        if known is None:
            self._written[id(condition)] = known = (condition, _without_sources(condition, self.catalog.dialect))
        return known[1]

    def text_without(self, clauses: frozenset[str]) -> str:
        """The normal text of the SELECT without some of its clauses."""
        return select_text(self.select, self.clause, self.names.standing_alone(), without=clauses)

    @cached_property
    def grouping(self) -> tuple[exp.Expr, ...] | None:
        """The grouping keys; the empty tuple for one global group; None where rows are not grouped.

        SELECT DISTINCT without aggregates groups by its outputs.
        """
        group = self.select.args.get("group")
        if group is not None:
            return tuple(group_keys(group, self.select))
        if self.has_aggregates or self.select.args.get("having"):
            return ()
        if self.select.args.get("distinct"):
            return tuple(projection.unalias() for projection in self.select.expressions)
        return None

    def all_grouping_keys(self) -> Iterator[exp.Expr]:
        """The expressions of GROUP BY, those inside of ROLLUP, CUBE and GROUPING SETS too."""
        group = self.select.args.get("group")
        if group is not None:
            for key in group_keys(group, self.select):
                yield from _set_members(key)

    @cached_property
    def has_grouping_sets(self) -> bool:
        """Whether there is a ROLLUP, CUBE, GROUPING SETS or anything else beside plain keys in GROUP BY."""
        group = self.select.args.get("group")
        return group is not None and (
            any(value for key, value in group.args.items() if key != "expressions")
            or any(isinstance(key, (exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets)) for key in group.expressions)
        )

    @cached_property
    def has_aggregates(self) -> bool:
        """Whether the SELECT computes aggregates (those of window functions apart)."""
        return any(True for part in self.upper_parts() for _ in aggregates_of(part))

    @cached_property
    def has_windows(self) -> bool:
        """Whether the SELECT computes window functions."""
        return any(isinstance(node, exp.Window) for part in self.upper_parts() for node in walk_own(part))

    @cached_property
    def having(self) -> list[exp.Expr]:
        """The conjuncts of HAVING."""
        having = self.select.args.get("having")
        return conjuncts(having.this if having else None)

    @cached_property
    def keeps_duplicates(self) -> bool:
        """Whether no DISTINCT is written."""
        return not self.select.args.get("distinct")

    @cached_property
    def limits_rows(self) -> str:
        """What makes the rows depend on more than conditions and groups: LIMIT, QUALIFY and the like; or empty."""
        for key in ("limit", "offset", "fetch", "qualify", "sample", "match", "into", "windows", "connect", "cluster"):
            if self.select.args.get(key):
                return key.upper()
        distinct = self.select.args.get("distinct")
        return "DISTINCT ON" if distinct is not None and distinct.args.get("on") else ""

    @cached_property
    def unknown_function(self) -> str:
        """A function of which it is not known whether it aggregates or makes rows; or empty."""
        for part in self.upper_parts():
            for node in walk_own(part):
                if is_scalar_function(node):
                    continue
                if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc, exp.UDTF, exp.Explode, exp.Unnest)):
                    return node.name or node.key
        return ""

    def upper_parts(self) -> Iterator[exp.Expr]:
        """Every expression that is evaluated above FROM and WHERE."""
        yield from self.select.expressions
        for key in ("group", "having", "qualify", "order", "distinct"):
            if isinstance(part := self.select.args.get(key), exp.Expr):
                yield part

    def column_type(self, column: ColumnKey) -> tuple[str | None, bool]:
        """The type of a source's column, None if not known, and whether it can be NULL before WHERE."""
        alias, name = column
        source = self.clause.sources.get(alias)
        nullable = alias in self.left or self.clause.opaque != ""
        if source is None:
            return None, True
        found, may_be_null = self._source_column(source, name, self.ctes)
        return found, nullable or may_be_null

    def _source_column(self, source: exp.Expr, name: str, ctes: dict[str, exp.Expr]) -> tuple[str | None, bool]:
        if isinstance(source, exp.Table):
            table = base_table(source, self.catalog)
            if table is not None:
                column = table.column(name)
                return (self._known_type(column.type), column.nullable) if column else (None, True)
            query = ctes.get(source.name.lower()) if not source.db else None
        else:
            query = source.this if isinstance(source, exp.Subquery) else None
        return self._output_column(query, name, ctes), True

    def _known_type(self, type_name: str) -> str | None:
        """A column's type; None where the engine may call values of it equal that are not the same, or it is not known:
        1.0 and 1.00 of a NUMERIC of PostgreSQL without declared digits.
        """
        semantics = engine_semantics(self.catalog.dialect)
        return type_name if semantics is not None and semantics.compares(type_name) else None

    def _output_column(self, query: exp.Expr | None, name: str, ctes: dict[str, exp.Expr]) -> str | None:
        """The type of an output column of a derived table, followed down to a base table."""
        query = query.unnest() if query is not None else None
        if not isinstance(query, exp.Select) or query.args.get("with_"):
            return None
        output = next((item.unalias() for item in query.expressions if item.alias_or_name == name), None)
        if isinstance(output, exp.Count) and self.catalog.dialect == "duckdb":
            return "BIGINT"
        if not isinstance(output, exp.Column):
            return None
        for source in from_clause(query).sources.values():
            if source.alias_or_name == output.table:
                return self._source_column(source, output.name, ctes)[0]
        return None

    def expression_type(self, node: exp.Expr) -> tuple[str | None, bool]:
        """The type of an expression as far as arithmetic is concerned, and whether it can be NULL."""
        node = node.unnest()
        if isinstance(node, exp.Column):
            return self.column_type((node.table, node.name))
        if isinstance(node, exp.Literal):
            return (None, False) if node.is_string else ("DECIMAL", False)
        if isinstance(node, exp.Cast) and isinstance(node.to, exp.DataType):
            return node.to.sql(dialect=self.catalog.dialect), True
        if isinstance(node, exp.Neg):
            return self.expression_type(node.this)[0], True
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
            families = {family_of(self.expression_type(part)[0]) for part in (node.this, node.expression)}
            if families == {"exact"}:
                return "DECIMAL", True
            if families <= {"exact", "float"}:
                return "DOUBLE", True
        return None, True

    def text(self, node: exp.Expr) -> str:
        """The normal text of an expression of this SELECT, equal columns written alike."""
        return normal_text(node, self.facts.own_names)


def ctes_of(query: exp.Expr, outer: dict[str, exp.Expr]) -> dict[str, exp.Expr]:
    """The queries of the CTEs in sight inside a query; one that hides another of its name is left out."""
    with_ = query.args.get("with_")
    if not isinstance(with_, exp.With):
        return outer
    own = {cte.alias.lower(): cte.this for cte in with_.expressions}
    return {
        name: query
        for name, query in {**outer, **own}.items()
        if not (name in outer and name in own) and not with_.recursive
    }


def _set_members(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Paren)):
        for child in node.iter_expressions():
            yield from _set_members(child)
    else:
        yield node


def base_table(source: exp.Expr, catalog: Catalog) -> Table | None:
    """The table of the catalog that a source of a qualified query is, or None for a CTE and anything else."""
    if not isinstance(source, exp.Table) or not source.db:
        return None
    return catalog.find(source.name, source.db, source.catalog)


def walk_own(node: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes of an expression, those of nested queries left out."""
    yield node
    for child in node.iter_expressions():
        if not isinstance(child, exp.Query):
            yield from walk_own(child)


def aggregates_of(node: exp.Expr) -> Iterator[exp.Expr]:
    """The aggregates that group rows: not those of nested queries, nor the function of a window itself."""
    if isinstance(node, exp.Query):
        return
    if isinstance(node, exp.Window):
        function = node.this
        while isinstance(function, (exp.IgnoreNulls, exp.RespectNulls, exp.Filter)):
            function = function.this
        for child in function.iter_expressions():
            yield from aggregates_of(child)
        for key, value in node.args.items():
            for child in value if isinstance(value, list) else [value]:
                if key != "this" and isinstance(child, exp.Expr):
                    yield from aggregates_of(child)
        return
    if isinstance(node, exp.AggFunc):
        yield node
        return
    for child in node.iter_expressions():
        yield from aggregates_of(child)


def _without_sources(condition: exp.Expr, dialect: str) -> str:
    def bare(node: exp.Expr) -> exp.Expr:
        return exp.column(node.this.copy()) if isinstance(node, exp.Column) else node

    return copy_tree(condition).transform(bare, copy=False).sql(dialect=dialect)
