"""A query over a random part of one of its tables, on PostgreSQL."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.base_reads import reads_of
from speql_engines.engine import SAMPLE_UNIT, EngineError
from speql_sql import Catalog

_PAGE_BYTES = 8192
_PAGE = "HASHTEXTEXTENDED(CAST(tableoid AS TEXT) || SPLIT_PART(CAST(ctid AS TEXT), ',', 1), 0)"
_ROW = "HASHTEXTEXTENDED(CAST(tableoid AS TEXT) || CAST(ctid AS TEXT), 0)"
_MIN_PAGES = 50
"""SYSTEM takes whole pages: below so many expected ones its count of rows is too far from the fraction asked for."""


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own. Of a large table whole pages are taken, of a small one rows; ``speql_unit`` tells
    the page, or the row. :class:`EngineError` if nothing in ``sql`` reads ``table`` directly.
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
        raise EngineError(f"{table} is a view, and PostgreSQL samples tables only.")
    pages = (base.bytes or 0) / _PAGE_BYTES if base is not None else 0
    method, unit = ("SYSTEM", _PAGE) if pages * fraction >= _MIN_PAGES else ("BERNOULLI", _ROW)
    with_unit = any(column.name == SAMPLE_UNIT for column in query.find_all(exp.Column))
    for read in reads_of(query, wanted, catalog):
        rows = exp.select("*")
        if with_unit:
            rows.select(exp.alias_(sqlglot.parse_one(unit, read=catalog.dialect), SAMPLE_UNIT), copy=False)
        bare = exp.Table(this=read.this.copy(), db=read.args.get("db"), catalog=read.args.get("catalog"))
        percent = exp.Literal.number(f"{fraction * 100:.6f}")
        bare.set("sample", exp.TableSample(method=exp.var(method), percent=percent))
        alias = read.args.get("alias")
        named = alias.copy() if alias and alias.this else exp.TableAlias(this=read.this.copy())
        sampled = exp.Subquery(this=rows.from_(bare), alias=named)
        for part in ("joins", "laterals"):
            if read.args.get(part):
                sampled.set(part, [node.copy() for node in read.args[part]])
        read.replace(sampled)
    return query.sql(catalog.dialect)
