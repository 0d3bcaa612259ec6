"""Which temp tables a superset query asks for, before anybody thinks of their cost."""

import hashlib
from dataclasses import dataclass

from sqlglot import exp, parse_one

from speql_scheduler.matching.canonical import canonical_key
from speql_scheduler.matching.rewrite import Rewrite, rewrite
from speql_scheduler.matching.units import units_of
from speql_scheduler.matching.view import View, define_view
from speql_scheduler.running.costs import base_rows, crossed_rows
from speql_scheduler.running.question import reads_tables_only
from speql_sql import Catalog, Problem
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.qualify import qualify_query


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


def wanted_units(superset: exp.Query, catalog: Catalog) -> tuple[WantedUnit, ...]:
    """The units of a superset query that can stand alone, each before those that could read it. Pure."""
    text = superset.sql(catalog.dialect)
    units = units_of(text, _parsed(text, catalog.dialect), catalog)
    wanted: dict[str, WantedUnit] = {}
    # What a unit reads ends before the unit does, in the text: inner SELECTs and earlier CTEs come first.
    for unit in sorted(units, key=lambda unit: (unit.span.end, -unit.span.start)):
        qualified = None if unit.correlated else qualify_query(unit.query, catalog).query
        if qualified is None or not reads_tables_only(qualified):
            continue
        key = canonical_key(qualified)
        if key not in wanted:
            wanted[key] = _wanted(key, unit.path, qualified, catalog)
    return tuple(wanted.values())


def _wanted(key: str, path: tuple[str, ...], qualified: exp.Query, catalog: Catalog) -> WantedUnit:
    name = "speql_" + hashlib.sha256(key.encode()).hexdigest()[:12]
    view = define_view(name, name, qualified, catalog)
    sql = view.create_sql(catalog.dialect)
    return WantedUnit(
        key=key,
        path=path,
        view=view,
        sql=sql,
        query=_parsed(sql, catalog.dialect),
        catalog=catalog,
        refusals=speculation_problems(qualified, GuardPolicy.for_catalog(catalog)),
        base_rows=base_rows(qualified, catalog),
        crossed_rows=crossed_rows(qualified, catalog),
    )


def rewrite_wanted(wanted: WantedUnit, views: tuple[View, ...]) -> Rewrite:
    """The SQL that creates a wanted unit over temp tables, with the same names of columns. Pure."""
    return rewrite(wanted.query, views, wanted.catalog)


def _parsed(sql: str, dialect: str) -> exp.Query:
    query = parse_one(sql, dialect=dialect)
    assert isinstance(query, exp.Query), "what was generated from a query is one"
    return query
