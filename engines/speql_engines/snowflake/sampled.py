"""A query over a random part of one of its tables, on Snowflake."""

from sqlglot import exp

from speql_engines.sampled_reads import rows_of, tablesample, with_sampled_reads
from speql_sql import Catalog, Table

_MIN_BYTES = 1 << 30
"""SYSTEM takes whole micro-partitions of some 16 MB: of less than this too few to be near the fraction."""


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own. Of a large table whole micro-partitions are taken, of another one rows. A query
    that asks for what was drawn together (``speql_unit``) is given rows: of which partition a row is, is not told.
    :class:`EngineError` if nothing in ``sql`` reads ``table`` directly.
    """

    def sample(bare: exp.Table, base: Table | None, with_unit: bool) -> exp.Select:
        large = base is not None and (base.bytes or 0) >= _MIN_BYTES
        method = "SYSTEM" if large and not with_unit else "BERNOULLI"
        return rows_of(tablesample(bare, method, fraction), "SEQ8()" if with_unit else "", catalog.dialect)

    return with_sampled_reads(sql, table, fraction, catalog, sample)
