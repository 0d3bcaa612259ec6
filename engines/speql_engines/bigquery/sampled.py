"""A query over a random part of one of its tables, on BigQuery."""

from sqlglot import exp

from speql_engines.sampled_reads import rows_of, tablesample, with_sampled_reads
from speql_sql import Catalog, Table

_MIN_BYTES = 1 << 30
"""SYSTEM takes whole blocks, which may be large: of a small table all or nothing."""


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own. Of a large table whole blocks are taken, which costs as much less as less is read.
    Of another one, and wherever a query asks for what was drawn together (``speql_unit``), rows are drawn: of which
    block a row is, is not told. That reads and costs what the whole table does. :class:`EngineError` if nothing in
    ``sql`` reads ``table`` directly.
    """

    def sample(bare: exp.Table, base: Table | None, with_unit: bool) -> exp.Select:
        if base is not None and (base.bytes or 0) >= _MIN_BYTES and not with_unit:
            return rows_of(tablesample(bare, "SYSTEM", fraction), "", catalog.dialect)
        rows = rows_of(bare, "FARM_FINGERPRINT(GENERATE_UUID())" if with_unit else "", catalog.dialect)
        return rows.where(f"RAND() < {fraction:.8f}", dialect=catalog.dialect)

    return with_sampled_reads(sql, table, fraction, catalog, sample)
