"""A query over a random part of one of its tables, on Snowflake."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.base_reads import reads_of
from speql_engines.engine import SAMPLE_UNIT, EngineError
from speql_sql import Catalog

_MIN_BYTES = 1 << 30
"""SYSTEM takes whole micro-partitions of some 16 MB: of less than this too few to be near the fraction."""


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own. Of a large table whole micro-partitions are taken, of another one rows. A query
    that asks for what was drawn together (``speql_unit``) is given rows: of which partition a row is, is not told.
    :class:`EngineError` if nothing in ``sql`` reads ``table`` directly.
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
    large = base is not None and (base.bytes or 0) >= _MIN_BYTES
    method = "SYSTEM" if large and not with_unit else "BERNOULLI"
    for read in reads_of(query, wanted, catalog):
        rows = exp.select("*")
        if with_unit:
            rows.select(exp.alias_(sqlglot.parse_one("SEQ8()", read=catalog.dialect), SAMPLE_UNIT), copy=False)
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
