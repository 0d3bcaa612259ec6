"""A query over a random part of one of its tables, on PostgreSQL."""

from sqlglot import exp

from speql_engines.sampled_reads import rows_of, tablesample, with_sampled_reads
from speql_sql import Catalog, Table

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

    def sample(bare: exp.Table, base: Table | None, with_unit: bool) -> exp.Select:
        pages = (base.bytes or 0) / _PAGE_BYTES if base is not None else 0
        method, unit = ("SYSTEM", _PAGE) if pages * fraction >= _MIN_PAGES else ("BERNOULLI", _ROW)
        return rows_of(tablesample(bare, method, fraction), unit if with_unit else "", catalog.dialect)

    return with_sampled_reads(sql, table, fraction, catalog, sample)
