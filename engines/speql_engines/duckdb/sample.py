"""A query over a random part of one of its tables."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.base_reads import reads_of
from speql_engines.engine import SAMPLE_UNIT, EngineError
from speql_sql import Catalog, Table

# SYSTEM takes whole vectors of 2,048 rows: fast (it skips what it does not take), but coarse. Below this many expected
# vectors its count of rows is too far from the fraction asked for, and reading the whole table is cheap anyway.
_MIN_VECTORS = 50
_VECTOR_ROWS = 2048


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own: a self-join pairs two different samples. Tables read through a view are not
    sampled; :class:`EngineError` if nothing in ``sql`` reads ``table`` directly.

    Each row or vector is taken with the same probability, independently of the others. A query that asks for the
    column ``speql_unit`` of the table gets the number of the row, or of the vector, that was drawn.
    """
    if not 0 < fraction <= 1:
        raise EngineError(f"A sample takes a fraction between 0 and 1, not {fraction}.")
    try:
        query = sqlglot.parse_one(sql, read="duckdb")
        wanted = exp.to_table(table, dialect="duckdb")
    except SqlglotError as error:
        raise EngineError(f"This cannot be sampled, since it was not understood: {error}") from error
    base = catalog.find(wanted.name, wanted.db, wanted.catalog)
    reads = reads_of(query, wanted, catalog)
    with_unit = any(column.name == SAMPLE_UNIT for column in query.find_all(exp.Column))
    for read in reads:
        read.replace(_sample(read, fraction, base, with_unit))
    return query.sql("duckdb")


def _sample(read: exp.Table, fraction: float, base: Table | None, with_unit: bool) -> exp.Subquery:
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
    rows_of_table = exp.select("*").from_(bare)
    if with_unit:
        # A table is stored in row groups of 60 full vectors, so the vectors start at multiples of their length. Where
        # an interrupted bulk load left a shorter row group, some vectors are counted as two units.
        row_id = exp.column("rowid")
        unit = exp.IntDiv(this=row_id, expression=exp.Literal.number(_VECTOR_ROWS)) if coarse else row_id
        rows_of_table.select(exp.alias_(unit, SAMPLE_UNIT), copy=False)
    sampled = exp.Subquery(this=rows_of_table, alias=alias)
    for part in ("joins", "pivots", "laterals"):
        if read.args.get(part):
            sampled.set(part, [node.copy() for node in read.args[part]])
    return sampled


def _columns(alias: exp.Expr | None) -> list[exp.Expr]:
    return [column.copy() for column in alias.args.get("columns") or []] if alias else []


def _copy(node: exp.Expr | None) -> exp.Expr | None:
    return node.copy() if node is not None else None
