"""The SQL of SpeQL's own magics, as an editor sees it."""

import pytest

from speql_speculator.embedding.project import project


@pytest.mark.parametrize(
    ("cell", "sql"),
    [
        ("%%speql --database shop.duckdb --out df\nSELECT 1", ["SELECT 1"]),
        ("%speql SELECT 2", ["SELECT 2"]),
        ("%speql --out df --frame polars SELECT 3", ["SELECT 3"]),
        ("rows = %speql SELECT 4", ["SELECT 4"]),
        ("%load_ext speql\n%speql connect shop.duckdb\n%speql SELECT 5", ["SELECT 5"]),
        ("%speql connect con", []),
        ("import marimo as mo\n_df = mo.sql(f'''SELECT 6''', engine=con)", ["SELECT 6"]),
    ],
)
def test_what_is_sql_in_a_cell(cell: str, sql: list[str]) -> None:
    projection = project(cell, "python-cell")
    assert projection is not None
    assert [region.sql.of(projection.sql).strip() for region in projection.regions] == sql
