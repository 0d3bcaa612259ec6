"""Which views run something that may not be speculated."""

import pytest

from speql_engines.unsafe_views import unsafe_views


@pytest.mark.parametrize(
    ("dialect", "text", "safe"),
    [
        ("duckdb", "CREATE VIEW v AS SELECT a FROM t;", True),
        ("duckdb", "CREATE VIEW v AS SELECT leftpad(a, 2) FROM t;", False),
        ("tsql", "CREATE VIEW dbo.v (a, b) AS SELECT a, LEN(b) FROM dbo.t", True),
        ("tsql", "CREATE VIEW v AS SELECT NEWID() AS a", False),
        ("tsql", "CREATE VIEW v AS SELECT dbo.f(a) AS a FROM t", False),
        ("snowflake", "CREATE VIEW v (a) AS SELECT IFF(a > 1, 1, 2) FROM t", True),
        ("snowflake", "CREATE VIEW v AS SELECT udf(a) AS a FROM t", False),
        ("bigquery", "SELECT COUNTIF(a > 1) AS n FROM `p.ds.t`", True),
        ("bigquery", "SELECT ds.f(a) AS n FROM t", False),
        ("bigquery", "SELECT 1 /* /* */ AS n", False),
        ("redshift", "", False),
    ],
)
def test_a_view_is_unsafe_by_what_it_runs(dialect: str, text: str, safe: bool) -> None:
    found = unsafe_views({("v",): [text]}, frozenset({"leftpad"}), dialect)
    assert (not found) is safe
