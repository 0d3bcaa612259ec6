"""Which temp tables a superset query asks for, before anybody thinks of their cost."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlglot import exp, parse_one

from speql_scheduler.matching.canonical import canonical_key
from speql_scheduler.matching.relaxed import relaxed_select
from speql_scheduler.matching.rewrite import Rewrite, rewrite
from speql_scheduler.matching.units import Unit, units_of
from speql_scheduler.matching.view import View, define_view
from speql_scheduler.running.costs import base_rows, crossed_rows
from speql_scheduler.running.question import reads_tables_only
from speql_scheduler.running.shape import Shape, shape_of
from speql_sql import Catalog, Problem
from speql_sql.added_columns import mark_as_in, without_added_inside
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.qualify import qualify_query

REMEMBERED = 256


@dataclass(frozen=True)
class WantedUnit:
    """A unit as a temp table to be: ``view`` has a name of its own until a table is really created.

    ``sql`` creates it from base tables, with distinct names of columns, and ``query`` is its tree. ``refusals`` are
    the guard's.
    """

    key: str
    path: tuple[str, ...]
    view: View
    sql: str
    query: exp.Query
    catalog: Catalog
    refusals: tuple[Problem, ...]
    base_rows: int
    crossed_rows: int
    shape: Shape | None = None


class WantedUnits:
    """Finds the units of superset queries; what was found for the same text before is not looked for again.

    While one SELECT is typed, the CTEs before it stay as they are. Used from the analysis thread alone.
    """

    def __init__(self) -> None:
        self._superset: tuple[tuple[str, str], tuple[WantedUnit, ...]] | None = None
        self._units: OrderedDict[tuple[str, str], WantedUnit | None] = OrderedDict()
        self._relaxed: OrderedDict[tuple[str, str], WantedUnit | None] = OrderedDict()

    def of(self, superset: exp.Query, catalog: Catalog) -> tuple[WantedUnit, ...]:
        """The units that can stand alone, each before those that could read it."""
        text = superset.sql(catalog.dialect)
        asked = (text, catalog.version)
        if self._superset is None or self._superset[0] != asked:
            tree = _parsed(text, catalog.dialect)
            mark_as_in(tree, superset)
            self._superset = (asked, tuple(self._find(text, tree, catalog)))
        return self._superset[1]

    def relaxed(self, unit: WantedUnit, column: str) -> WantedUnit | None:
        """The unit without its conditions on that column, from which it can be computed; None if there is none."""
        asked = (unit.key, column)
        if asked not in self._relaxed:
            self._relaxed[asked] = _relaxed(unit, column)
            if len(self._relaxed) > REMEMBERED:
                self._relaxed.popitem(last=False)
        return self._relaxed[asked]

    def _find(self, text: str, tree: exp.Query, catalog: Catalog) -> Iterator[WantedUnit]:
        found: set[str] = set()
        units = units_of(text, tree, catalog)
        # What a unit reads ends before the unit does, in the text: inner SELECTs and earlier CTEs come first.
        for unit in sorted(units, key=lambda unit: (unit.span.end, -unit.span.start)):
            wanted = self._wanted(unit, catalog)
            if wanted is not None and wanted.key not in found:
                found.add(wanted.key)
                yield wanted

    def _wanted(self, unit: Unit, catalog: Catalog) -> WantedUnit | None:
        if unit.correlated:
            return None
        query = without_added_inside(unit.query)
        asked = (query.sql(catalog.dialect), catalog.version)
        if asked not in self._units:
            qualified = qualify_query(query, catalog).query
            tables_only = qualified is not None and reads_tables_only(qualified)
            self._units[asked] = _wanted(unit.path, qualified, catalog) if qualified and tables_only else None
            if len(self._units) > REMEMBERED:
                self._units.popitem(last=False)
        known = self._units[asked]
        return replace(known, path=unit.path) if known else None


def _wanted(path: tuple[str, ...], qualified: exp.Query, catalog: Catalog) -> WantedUnit:
    key = canonical_key(qualified)
    name = "speql_" + hashlib.sha256(key.encode()).hexdigest()[:12]
    view = define_view(name, name, qualified, catalog)
    sql = view.create_sql(catalog.dialect)
    query = _parsed(sql, catalog.dialect)
    return WantedUnit(
        key=key,
        path=path,
        view=view,
        sql=sql,
        query=qualify_query(query, catalog).query or query,
        catalog=catalog,
        refusals=speculation_problems(qualified, GuardPolicy.for_catalog(catalog), sql),
        base_rows=base_rows(qualified, catalog),
        crossed_rows=crossed_rows(qualified, catalog),
        shape=shape_of(qualified),
    )


def _relaxed(unit: WantedUnit, column: str) -> WantedUnit | None:
    block = unit.view.block
    if block is None or unit.view.refusal:
        return None
    select = relaxed_select(block, column)
    if isinstance(select, str):
        return None
    qualified = qualify_query(select, unit.catalog).query
    return _wanted((*unit.path, f"any {column}"), qualified, unit.catalog) if qualified is not None else None


def rewrite_wanted(wanted: WantedUnit, views: tuple[View, ...]) -> Rewrite:
    """The SQL that creates a wanted unit over temp tables, with the same names of columns. Pure."""
    return rewrite(wanted.query, views, wanted.catalog)


def _parsed(sql: str, dialect: str) -> exp.Query:
    query = parse_one(sql, dialect=dialect)
    assert isinstance(query, exp.Query), "what was generated from a query is one"
    return query
