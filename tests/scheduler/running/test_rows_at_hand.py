"""What temp tables know of the number of rows: only what is proved, and without any work of the engine's."""

import pytest
import sqlglot

SUMMARY = "SELECT carrier, origin, sum(delay) AS delay FROM flights WHERE delay > 10 GROUP BY carrier, origin"

CASES = [
    (SUMMARY, True),
    ("SELECT sum(delay) AS s, origin, carrier FROM flights WHERE delay > 10 GROUP BY origin, carrier", True),
    ("SELECT carrier, sum(delay) AS delay FROM flights WHERE delay > 10 GROUP BY carrier", False),
    (f"{SUMMARY} HAVING sum(delay) > 100", False),
    (f"SELECT DISTINCT delay FROM ({SUMMARY}) AS s", False),
    (f"SELECT carrier FROM ({SUMMARY}) AS s WHERE origin < 'A5'", False),
    (f"SELECT carrier FROM ({SUMMARY}) AS s LIMIT 5", False),
    ("SELECT carrier, origin, sum(delay) AS delay FROM flights WHERE delay > 11 GROUP BY carrier, origin", False),
    ("SELECT carrier, random() AS r FROM flights", False),
    ("SELECT nope FROM flights", False),
]


@pytest.mark.parametrize(("sql", "known"), CASES, ids=[case[0][:60] for case in CASES])
async def test_rows_are_told_if_a_table_has_just_these(desk, sql, known):
    await desk.typed(SUMMARY)
    assert len(desk.engine.created) == 1
    executed, uses = list(desk.engine.executed), [stored.uses for stored in desk.store._tables.values()]

    rows = await desk.scheduler.rows_at_hand(sqlglot.parse_one(sql, read="duckdb"), desk.catalog)

    assert rows == (len(await desk.direct(sql)) if known else None)
    assert desk.engine.executed == executed
    assert [stored.uses for stored in desk.store._tables.values()] == uses


async def test_nothing_is_told_of_stale_tables(desk):
    await desk.typed(SUMMARY)
    desk.store.invalidate("stale: the base data changed")
    query = sqlglot.parse_one(SUMMARY, read="duckdb")
    assert await desk.scheduler.rows_at_hand(query, desk.catalog) is None
