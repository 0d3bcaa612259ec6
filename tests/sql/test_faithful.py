"""What sqlglot writes in other words is noticed, and what it writes as it was is not."""

import pytest

from speql_sql.faithful import why_unfaithful
from speql_sql.parse import parse_query


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT extract(year FROM d), d::date, x::numeric(10, 2), CAST(y AS text) FROM t",
        "SELECT substr(a, 1, 2), substring(a FROM 1 FOR 2), strpos(a, 'b'), position('x' IN a) FROM t",
        "SELECT date_trunc('month', d), interval '1 month' + d, to_char(d, 'YYYY-Mon') FROM t",
        "SELECT count(*) FILTER (WHERE a > 1), sum(x) OVER (PARTITION BY y ORDER BY z) FROM t",
        "SELECT left(a, 1), replace(a, 'x', 'y'), coalesce(a, ''), greatest(b, 2), 1.50, 1e5 FROM t WHERE b IN (1, 2)",
        "SELECT variance(x), percentile_cont(0.5) WITHIN GROUP (ORDER BY x), string_agg(a, ',' ORDER BY b) FROM t",
        "WITH x AS (SELECT 1 AS a) SELECT DISTINCT ON (a) a FROM x GROUP BY ROLLUP (a) ORDER BY a DESC",
        "SELECT a ~ 'x', a !~* 'y', j -> 'a' ->> 'b', $$it's$$, e'a\\n' FROM t",
    ],
)
def test_what_is_faithful(sql):
    assert why_unfaithful(sql, parse_query(sql, "postgres").query, "postgres") == ""


@pytest.mark.parametrize(
    ("sql", "other", "said"),
    [
        ("SELECT date_part('year', d) FROM t", None, "date_part"),
        ("SELECT now() FROM t", None, "now"),
        ("SELECT a FROM t", "SELECT upper(a) FROM t", "upper"),
        ("SELECT to_char(d, 'Mon') FROM t", "SELECT to_char(d, 'MON') FROM t", "literal"),
        ("SELECT 1.50", "SELECT 1.5", "literal"),
        ("SELECT 1, 1", "SELECT 1", "literal"),
    ],
)
def test_what_is_not(sql, other, said):
    assert said in why_unfaithful(sql, parse_query(other or sql, "postgres").query, "postgres")


@pytest.mark.parametrize(
    ("sql", "dialect", "said"),
    [
        ("SELECT a AS b, count(*) AS n FROM t GROUP BY a ORDER BY b", "bigquery", "a would"),
        ("SELECT a, count(*) AS n FROM t GROUP BY a ORDER BY a", "bigquery", ""),
        ("SELECT x FROM a, b FULL JOIN c ON b.x = c.x", "spark", "CROSS JOIN"),
        ("SELECT x FROM a, b LEFT JOIN c ON b.x = c.x", "spark", ""),
        ("SELECT x FROM a CROSS JOIN b FULL JOIN c ON b.x = c.x", "spark", ""),
        ("SELECT first, last FROM t ORDER BY first DESC NULLS FIRST, last NULLS LAST", "postgres", ""),
        ("SELECT TOP 10 [a b] FROM [t] ORDER BY [a b]", "tsql", ""),
    ],
)
def test_names_and_joins_stay(sql, dialect, said):
    found = why_unfaithful(sql, parse_query(sql, dialect).query, dialect)
    assert said in found if said else found == ""
