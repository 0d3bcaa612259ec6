"""A query with every read of one of its tables replaced by a random part of that table."""

from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.base_reads import reads_of
from speql_engines.engine import SAMPLE_UNIT, EngineError
from speql_sql import Catalog, Table


def with_sampled_reads(
    sql: str,
    table: str,
    fraction: float,
    catalog: Catalog,
    sample: Callable[[exp.Table, Table | None, bool], exp.Select],
) -> str:
    """``sql`` with each read of base table ``table`` replaced by what ``sample`` makes of it.

    ``sample`` is given the bare name, what the catalog knows of the table, and whether the query asks for
    ``speql_unit``, and selects all columns of some rows. Each read is sampled on its own. :class:`EngineError` if
    nothing in ``sql`` reads ``table`` directly.
    """
    if not 0 < fraction <= 1:
        raise EngineError(f"A sample takes a fraction between 0 and 1, not {fraction}.")
    try:
        query = sqlglot.parse_one(sql, read=catalog.dialect)
        wanted = exp.to_table(table, dialect=catalog.dialect)
    except SqlglotError as error:
        raise EngineError(f"This cannot be sampled, since it was not understood: {error}") from error
    base = catalog.find(wanted.name, wanted.db, wanted.catalog)
    if base is not None and base.kind == "view":
        raise EngineError(f"{table} is a view, and only tables are sampled.")
    with_unit = any(column.name.lower() == SAMPLE_UNIT for column in query.find_all(exp.Column))
    for read in reads_of(query, wanted, catalog):
        bare = exp.Table(this=read.this.copy(), db=read.args.get("db"), catalog=read.args.get("catalog"))
        alias = read.args.get("alias")
        named = alias.copy() if alias and alias.this else exp.TableAlias(this=read.this.copy())
        sampled = exp.Subquery(this=sample(bare, base, with_unit), alias=named)
        for part in ("joins", "laterals"):
            if read.args.get(part):
                sampled.set(part, [node.copy() for node in read.args[part]])
        read.replace(sampled)
    return query.sql(catalog.dialect)


def rows_of(bare: exp.Table, unit: str, dialect: str) -> exp.Select:
    """All columns of the table, and ``unit`` (SQL, or nothing) as ``speql_unit``."""
    rows = exp.select("*")
    if unit:
        rows.select(exp.alias_(sqlglot.parse_one(unit, read=dialect), SAMPLE_UNIT), copy=False)
    return rows.from_(bare)


def tablesample(bare: exp.Table, method: str, fraction: float) -> exp.Table:
    """The table with a TABLESAMPLE clause; changes ``bare``."""
    percent = exp.Literal.number(f"{fraction * 100:.6f}")
    bare.set("sample", exp.TableSample(method=exp.var(method), percent=percent))
    return bare
