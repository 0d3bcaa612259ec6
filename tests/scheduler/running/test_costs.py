"""Decisions as cases: what is estimated, what is decided, and the reason."""

import pytest
from sqlglot import parse_one

from speql_engines import Estimate
from speql_scheduler.running.costs import Pace, crossed_rows, seconds_to_adopt, streams, worth_creating
from speql_scheduler.running.settings import SchedulerSettings
from speql_sql import Catalog, Table

SETTINGS = SchedulerSettings(byte_budget=2 << 30)
MILLION = 10**6


@pytest.mark.parametrize(
    ("rows", "scanned", "processed", "base_rows", "crossed", "create", "reason"),
    [
        (100, 10 * MILLION, 11 * MILLION, 10 * MILLION, 0, True, "instead of"),
        (100, 10_000, 20_000, 10_000, 0, False, "cheap"),
        (100, 10, 10, 10 * MILLION, 0, True, "instead of"),  # a filter that the engine counts into its scan
        (9 * MILLION, 10 * MILLION, 19 * MILLION, 10 * MILLION, 0, False, "nearly as large"),
        (7 * MILLION, 36 * MILLION, 37 * MILLION, 36 * MILLION, 0, False, "dear to write"),
        (3 * MILLION, 36 * MILLION, 37 * MILLION, 36 * MILLION, 0, True, "instead of"),
        (MILLION, 4 * MILLION, 5 * MILLION, 4 * MILLION, 0, True, "instead of"),
        (30 * MILLION, 90 * MILLION, 90 * MILLION, 90 * MILLION, 0, False, "too large"),
        (19 * MILLION, 90 * MILLION, 90 * MILLION, 90 * MILLION, 0, False, "too large"),
        (100, 2 * MILLION, 900 * MILLION, 2 * MILLION, 0, True, "in doubt"),  # joins have conditions
        (100, 2 * MILLION, 5 * MILLION, 2 * MILLION, MILLION**2, False, "multiply"),
        (100, 2 * MILLION, 3 * MILLION, 2 * MILLION, 2 * MILLION, True, "instead of"),
    ],
)
def test_a_temp_table_must_earn_its_cost(rows, scanned, processed, base_rows, crossed, create, reason):
    verdict = worth_creating(Estimate(rows, scanned, processed), base_rows, 4, crossed, SETTINGS)

    assert verdict.create is create
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("create", "elapsed", "direct", "most"),
    [
        (10.0, 0.0, 9.0, None),
        (10.0, 5.0, 9.0, 9.0),
        (10.0, 8.0, 9.0, 4.0),
        (10.0, 0.0, 10.0, 10.0),
        (1.0, 20.0, 1.0, 4.0),  # both were guessed too low, and by the same factor
        (10.0, 9.9, 0.5, None),  # nothing tells that the end is so near
    ],
)
def test_adoption(create, elapsed, direct, most):
    found = seconds_to_adopt(create, elapsed, direct)
    assert found == (None if most is None else pytest.approx(most))


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT a.x FROM s.a, s.b", 500),
        ("SELECT a.x FROM s.a CROSS JOIN s.b", 500),
        ("SELECT a.x FROM s.a, s.b WHERE a.x = b.y", 0),
        ("SELECT a.x FROM s.a, s.b WHERE a.x = 1 AND b.y = 2", 500),
        ("SELECT a.x FROM s.a JOIN s.b ON a.x = b.y", 0),
        ("SELECT a.x FROM s.a JOIN s.b ON a.x = b.y, s.c", 100 * 7),
        ("SELECT a.x FROM s.a, s.b, s.c WHERE a.x = b.y AND b.z = c.z", 0),
        ("SELECT a.x, q.n FROM s.a, (SELECT COUNT(*) AS n FROM s.b) AS q", 0),
        ("SELECT a.x, q.n FROM s.a, (SELECT COUNT(*) AS n FROM s.b GROUP BY b.y) AS q", 100),
        ("SELECT 1", 0),
        ("SELECT (SELECT MAX(a.x) FROM s.a, s.b) AS m FROM s.c", 500),
    ],
)
def test_joins_without_a_condition_are_seen(sql, rows):
    tables = (Table(name, (), schema="s", row_count=count) for name, count in (("a", 100), ("b", 5), ("c", 7)))
    assert crossed_rows(parse_one(sql), Catalog(tuple(tables))) == rows


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM t", True),
        ("SELECT a FROM t WHERE a > 1 LIMIT 3", True),
        ("SELECT count(*) FROM t", False),
        ("SELECT DISTINCT a FROM t", False),
        ("SELECT a, row_number() OVER (ORDER BY a) FROM t", False),
        ("SELECT a FROM t JOIN u USING (a)", False),
        ("SELECT a FROM (SELECT a FROM t) AS s", False),
        ("SELECT a FROM t UNION ALL SELECT a FROM u", False),
    ],
)
def test_what_yields_its_first_rows_at_once(sql, expected):
    assert streams(parse_one(sql, dialect="duckdb")) is expected


def test_the_pace_is_learned():
    pace = Pace(1000.0)
    for _ in range(50):
        pace.observe(work=2_000_000, seconds=1.0)
    pace.observe(work=10**9, seconds=0.001)  # too short to say anything
    assert pace.seconds(2_000_000) == pytest.approx(1.0, rel=0.01)
