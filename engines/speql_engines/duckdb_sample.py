"""A query over a random part of one of its tables."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from speql_engines.engine import EngineError
from speql_sql import Catalog, Table

# SYSTEM takes whole vectors of 2,048 rows: fast (it skips what it does not take), but coarse. Below this many expected
# vectors its count of rows is too far from the fraction asked for, and reading the whole table is cheap anyway.
_MIN_VECTORS = 50
_VECTOR_ROWS = 2048


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own: a self-join pairs two different samples. Tables read through a view are not
    sampled; :class:`EngineError` if nothing in ``sql`` reads ``table`` directly.
    """
    if not 0 < fraction <= 1:
        raise EngineError(f"A sample takes a fraction between 0 and 1, not {fraction}.")
    try:
        query = sqlglot.parse_one(sql, read="duckdb")
        wanted = exp.to_table(table, dialect="duckdb")
    except SqlglotError as error:
        raise EngineError(f"This cannot be sampled, since it was not understood: {error}") from error
    base = catalog.find(wanted.name, wanted.db, wanted.catalog)
    reads = [read for read in _base_reads(query) if _same(read, wanted, base, catalog)]
    if not reads:
        raise EngineError(f"The query does not read {table} directly, so it cannot be sampled there.")
    for read in reads:
        read.replace(_sample(read, fraction, base))
    return query.sql("duckdb")


def _base_reads(query: exp.Expr) -> list[exp.Table]:
    """Tables of the query that are no names of its CTEs."""
    sources = [source for scope in traverse_scope(query) for source in scope.sources.values()]
    reads = [source for source in sources if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)]
    return list({id(read): read for read in reads}.values())


def _same(read: exp.Table, wanted: exp.Table, base: Table | None, catalog: Catalog) -> bool:
    if base is not None:
        return catalog.find(read.name, read.db, read.catalog) is base
    return [part.name.lower() for part in read.parts] == [part.name.lower() for part in wanted.parts]


def _sample(read: exp.Table, fraction: float, base: Table | None) -> exp.Subquery:
    rows = base.row_count if base else None
    coarse = rows is not None and rows * fraction / _VECTOR_ROWS >= _MIN_VECTORS
    bare = exp.Table(this=read.this.copy(), db=_copy(read.args.get("db")), catalog=_copy(read.args.get("catalog")))
    bare.set(
        "sample",
        exp.TableSample(
            method=exp.var("SYSTEM" if coarse else "BERNOULLI"), percent=exp.Literal.number(f"{fraction * 100:.6f}")
        ),
    )
    alias = read.args.get("alias")
    alias = alias.copy() if alias and alias.this else exp.TableAlias(this=read.this.copy(), columns=_columns(alias))
    sampled = exp.Subquery(this=exp.select("*").from_(bare), alias=alias)
    for part in ("joins", "pivots", "laterals"):
        if read.args.get(part):
            sampled.set(part, [node.copy() for node in read.args[part]])
    return sampled


def _columns(alias: exp.Expr | None) -> list[exp.Expr]:
    return [column.copy() for column in alias.args.get("columns") or []] if alias else []


def _copy(node: exp.Expr | None) -> exp.Expr | None:
    return node.copy() if node is not None else None
