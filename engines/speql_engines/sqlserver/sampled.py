"""A query over a random part of one of its tables, on SQL Server."""

from sqlglot import exp

from speql_engines.sampled_reads import rows_of, tablesample, with_sampled_reads
from speql_sql import Catalog, Table

_MIN_BYTES = 1 << 30
"""TABLESAMPLE takes whole pages of 8 kB: of less than this too few to be near the fraction."""

_PARTS = 1_000_000_000
_ROW_NUMBER = "ROW_NUMBER() OVER (ORDER BY (SELECT NULL))"


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog, has_tablesample: bool = True) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own. Of a large table pages are taken, of another one rows: each by a draw of its own
    (NEWID is another one in each row). A query that asks for what was drawn together (``speql_unit``) is given rows: of
    which page a row is, is not told. :class:`EngineError` if nothing in ``sql`` reads ``table`` directly.
    """

    def sample(bare: exp.Table, base: Table | None, with_unit: bool) -> exp.Select:
        if has_tablesample and not with_unit and base is not None and (base.bytes or 0) >= _MIN_BYTES:
            return rows_of(tablesample(bare, "SYSTEM", fraction), "", catalog.dialect)
        rows = rows_of(bare, _ROW_NUMBER if with_unit else "", catalog.dialect)
        drawn = f"ABS(CAST(CHECKSUM(NEWID()) AS BIGINT)) % {_PARTS} < {round(fraction * _PARTS)}"
        return rows.where(drawn, dialect=catalog.dialect)

    return with_sampled_reads(sql, table, fraction, catalog, sample)
