"""A view definition: the query that a temp table holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp

from speql_scheduler.matching.canonical import canonical_key, names_with_ctes, no_names
from speql_scheduler.matching.reusable import why_not_reusable
from speql_scheduler.matching.spjg import Block, ctes_of
from speql_sql import Catalog
from speql_sql.qualify import qualify_query


@dataclass(frozen=True)
class View:
    """A query under a name, and the columns of the temp table that holds (or will hold) its rows.

    ``columns`` are distinct whatever the output names of the query are. ``refusal`` says why the view can serve
    nothing (its names do not resolve, or it is volatile); empty if it can.
    """

    name: str
    sql_name: str
    query: exp.Query
    columns: tuple[str, ...]
    catalog: Catalog = field(repr=False, compare=False)
    refusal: str = ""

    def create_sql(self, dialect: str = "duckdb") -> str:
        """The query to create the temp table from: its output columns are named ``columns``."""
        if tuple(self.query.named_selects) == self.columns:
            return self.query.sql(dialect=dialect, identify=True)
        columns = [exp.to_identifier(column, quoted=True) for column in self.columns]
        alias = exp.TableAlias(this=exp.to_identifier("speql_view"), columns=columns)
        wrapped = exp.select("*").from_(exp.Subquery(this=self.query.copy(), alias=alias))
        return wrapped.sql(dialect=dialect, identify=True)

    @cached_property
    def key(self) -> str:
        """The canonical key of the query."""
        return canonical_key(self.query)

    @cached_property
    def table(self) -> exp.Table:
        """The temp table, as SQL names it."""
        return exp.to_table(self.sql_name, dialect=self.catalog.dialect)

    @cached_property
    def block(self) -> Block | None:
        """The query taken apart, or None where it is not one SELECT."""
        body: exp.Expr = self.query
        if not isinstance(body, exp.Select):
            return None
        return Block(body, names_with_ctes(body, no_names()), self.catalog, ctes_of(body, {}))


def define_view(name: str, sql_name: str, query: exp.Query, catalog: Catalog) -> View:
    """The view of a query, which may be qualified or not. ``sql_name`` is how SQL names the temp table."""
    qualified = qualify_query(query, catalog)
    if qualified.query is None:
        problem = qualified.problems[0].message if qualified.problems else "its names do not resolve"
        return View(name, sql_name, query, tuple(query.named_selects), catalog, f"the view is not analysed: {problem}")
    reason = why_not_reusable(qualified.query, catalog)
    refusal = f"the view may not be kept: {reason}" if reason else ""
    return View(name, sql_name, qualified.query, _distinct(qualified.query.named_selects), catalog, refusal)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        unique, number = name, 2
        while unique.lower() in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique.lower())
        found.append(unique)
    return tuple(found)
