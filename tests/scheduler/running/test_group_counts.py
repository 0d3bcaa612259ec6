"""The groups of a query, told from a sample of real tables."""

import statistics
from pathlib import Path

import duckdb
import pytest
from sqlglot import parse_one

from speql_engines import Engine, open_engine
from speql_scheduler.running import group_counts
from speql_scheduler.running.group_counts import GroupCounts, estimated_groups
from speql_scheduler.running.wanted import WantedUnit, WantedUnits

ROWS = 2_000_000


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is what is counted, not how fast this machine is."""
    monkeypatch.setattr(group_counts, "LONGEST_SECONDS", 60.0)


@pytest.fixture
async def engine(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = tmp_path / "groups.duckdb"
    with duckdb.connect(str(database)) as making:
        making.execute(
            "CREATE TABLE facts AS "
            f"SELECT i AS id, hash(i) % 50 AS few, hash(i + 7) % 700_000 AS many FROM range({ROWS}) t(i)"
        )
    opened = await open_engine(str(database))
    yield opened
    await opened.close()


async def unit_of(engine: Engine, sql: str) -> WantedUnit:
    return WantedUnits().of(parse_one(sql, dialect="duckdb"), await engine.catalog())[-1]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "groups"), [("few", 50), ("many", 700_000), ("id", ROWS), ("few, id", ROWS), ("few, many % 2", 100)]
)
async def test_groups_are_told_within_a_quarter(engine: Engine, keys: str, groups: int) -> None:
    unit = await unit_of(engine, f"SELECT {keys}, sum(id) AS total FROM facts GROUP BY {keys}")
    # A sample is of whole blocks, so now and then one is a third too small.
    counted = statistics.median([await GroupCounts(engine).of(unit) or 0 for _ in range(5)])
    assert 0.75 * groups <= counted <= 1.25 * groups


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT few, sum(id) AS total FROM facts GROUP BY ROLLUP (few, many)",
        "SELECT id, many FROM facts",
        "SELECT few, sum(id) AS total FROM facts WHERE id < 1000 GROUP BY few",
    ],
)
async def test_what_a_sample_cannot_tell(engine: Engine, sql: str) -> None:
    assert await GroupCounts(engine).of(await unit_of(engine, sql)) is None


@pytest.mark.parametrize(("rows", "groups", "expected"), [(1_000, 900, None), (10_000, 10_000, 1_000_000)])
def test_few_rows_say_nothing_and_all_different_ones_much(rows: int, groups: int, expected: int | None) -> None:
    assert estimated_groups(rows, groups, 0.01) == expected
