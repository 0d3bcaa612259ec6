"""A query over a random part of one of its tables, on Spark."""

from sqlglot import exp

from speql_engines.sampled_reads import rows_of, with_sampled_reads
from speql_sql import Catalog, Table


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own, row by row. Spark's TABLESAMPLE has a thousand seeds, so that two reads of a query
    may draw the same rows: RAND has as many as there are numbers. The table is read whole, and what comes after it is
    less work. ``speql_unit`` is a number of the row. :class:`EngineError` if nothing in ``sql`` reads ``table``
    directly.
    """

    def sample(bare: exp.Table, _: Table | None, with_unit: bool) -> exp.Select:
        rows = rows_of(bare, "MONOTONICALLY_INCREASING_ID()" if with_unit else "", catalog.dialect)
        return rows.where(f"RAND() < {fraction:.8f}", dialect=catalog.dialect)

    return with_sampled_reads(sql, table, fraction, catalog, sample)
