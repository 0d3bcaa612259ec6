"""Results that are kept: which are forgotten, and what they say of the same query with another LIMIT."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speql_engines import Result
from speql_scheduler.running.result_cache import CachedResult, ResultCache, limited

PAGE = 5


def test_the_result_cache_forgets_the_least_recently_used():
    def result(size):
        return Result((), pa.table({"a": pa.array([0] * (size // 8), pa.int64())}), True, 0.0)

    cache = ResultCache(10_100)
    for key in ("a", "b", "c", "d"):
        cache.put(key, 0, result(2_000))
        cache.get("a", 0)
    cache.put("e", 0, result(2_000))
    cache.put("large", 0, result(6_000))

    assert [key for key in ("a", "b", "c", "d", "e", "large") if cache.get(key, 0)] == ["a", "c", "d", "e"]
    assert cache.get("a", 1) is None


def run(rows: int, limit: int | None) -> CachedResult:
    """What running a query of so many rows with that LIMIT gives: a first page, and the number of rows if it ended."""
    taken = rows if limit is None else min(rows, limit)
    page = pa.table({"a": pa.array(range(min(taken, PAGE)), pa.int64())})
    return CachedResult(Result((), page, taken <= PAGE, 0.0), taken if taken <= PAGE else None, limit)


LIMITS = st.none() | st.integers(0, 3 * PAGE)


@given(st.integers(0, 3 * PAGE), LIMITS, LIMITS, st.booleans())
def test_another_limit_is_answered_as_a_run_would(rows, before, asked, knows_all):
    kept = run(rows, before)
    if knows_all:  # a temp table tells how many rows there are
        kept = CachedResult(kept.result, rows if before is None else min(rows, before), before)
    found, expected = limited(kept, asked), run(rows, asked)
    if found is None:
        return
    assert found.result.rows.equals(expected.result.rows)
    assert found.result.complete == expected.result.complete
    if found.total_rows is not None:
        assert found.total_rows == (rows if asked is None else min(rows, asked))


@pytest.mark.parametrize(
    ("rows", "before", "asked", "is_told"),
    [
        (12, None, 3, True),  # the digits of a LIMIT that is typed after the query was seen
        (12, None, PAGE, True),
        (12, None, 9, True),  # more than a page: the first page is the same
        (12, 3, 2, True),
        (12, 3, 4, False),
        (12, 3, None, False),
        (2, 3, 9, True),  # there are no more
        (2, 3, None, True),
        (12, 9, None, True),
        (PAGE, PAGE, 9, False),  # whether there are more is not known
    ],
)
def test_which_limits_are_told_by_which(rows, before, asked, is_told):
    cache = ResultCache(1 << 20)
    kept = run(rows, before)
    cache.put("q", 0, kept.result, kept.total_rows, before)
    assert (cache.get("q", 0, asked) is not None) is is_told


def test_what_tells_more_is_kept():
    cache = ResultCache(1 << 20)
    for limit in (None, 3):
        kept = run(12, limit)
        cache.put("q", 0, kept.result, kept.total_rows, limit)
    assert cache.get("q", 0, None) is not None
