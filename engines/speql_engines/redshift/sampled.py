"""A query over a random part of one of its tables, on Redshift, which has no TABLESAMPLE."""

from sqlglot import exp

from speql_engines.sampled_reads import rows_of, with_sampled_reads
from speql_sql import Catalog, Table


def sampled_sql(sql: str, table: str, fraction: float, catalog: Catalog) -> str:
    """``sql`` with each read of base table ``table`` replaced by a sample of ``fraction`` of its rows.

    Each read is sampled on its own, row by row: the table is read whole, and what comes after it is less work.
    ``speql_unit`` is a number that no other row has but by a rare accident. :class:`EngineError` if nothing in ``sql``
    reads ``table`` directly.
    """

    def sample(bare: exp.Table, _: Table | None, with_unit: bool) -> exp.Select:
        rows = rows_of(bare, "RANDOM()" if with_unit else "", catalog.dialect)
        return rows.where(f"RANDOM() < {fraction:.8f}", dialect=catalog.dialect)

    return with_sampled_reads(sql, table, fraction, catalog, sample)
