"""A preview that was stopped speaks against those that only join more to it."""

import pytest
from sqlglot import parse_one

from speql_scheduler.running.shape import shape_of

STOPPED = "SELECT f.carrier, sum(f.delay) AS n FROM flights f JOIN small s ON f.id = s.a GROUP BY f.carrier"
MORE = STOPPED.replace(" GROUP", " JOIN carriers c ON c.carrier = f.carrier GROUP")
FILTERED = MORE.replace(" GROUP", " WHERE f.distance = 13 GROUP")


@pytest.fixture
async def stopped_desk(new_desk):
    """One whose preview of STOPPED was given up; no temp table comes of it."""
    desk = await new_desk(overrun=0.0, hopeless_seconds=0.0)
    desk.engine.fail_create = lambda sql: True
    desk.engine.execute_gate.clear()
    await desk.typed(STOPPED)
    desk.engine.execute_gate.set()
    assert [problem.code for _, problem in desk.failures] == ["preview-too-slow"]
    desk.failures.clear()
    return desk


async def test_the_same_with_more_joins_is_not_run(stopped_desk):
    assert await stopped_desk.typed(MORE) is None
    ((_, problem),) = stopped_desk.failures
    assert (problem.code, problem.hint) == ("preview-held", "Add a condition, or submit the query to see its rows.")
    assert not stopped_desk.engine.executed


@pytest.mark.parametrize("sql", [FILTERED, "SELECT carrier, sum(delay) AS n FROM flights GROUP BY carrier"])
async def test_with_another_condition_or_fewer_joins_it_is(stopped_desk, sql):
    answer = await stopped_desk.typed(sql)
    assert stopped_desk.rows(answer.result) == await stopped_desk.direct(sql)


async def test_a_submit_shows_that_it_can_be_run(stopped_desk):
    assert stopped_desk.rows((await stopped_desk.submit(MORE)).result) == await stopped_desk.direct(MORE)
    again = MORE.replace("sum", "max")
    answer = await stopped_desk.typed(again)
    assert stopped_desk.rows(answer.result) == await stopped_desk.direct(again)


@pytest.mark.parametrize(
    ("sql", "other", "extends"),
    [
        (MORE, STOPPED, True),
        (STOPPED, STOPPED, True),
        (STOPPED, MORE, False),
        (FILTERED, MORE, False),
        (FILTERED, FILTERED.replace("13", "14"), True),
        ("SELECT 'x' AS x, count(*) FROM a, a AS b LIMIT 3", "SELECT count(*) FROM a, a AS b", True),
        ("SELECT count(*) FROM a, b", "SELECT count(*) FROM a, a AS b", False),
        ("SELECT count(*) FROM a HAVING count(*) > 2", "SELECT count(*) FROM a", False),
        ("SELECT count(*) FROM (SELECT 1 FROM a, b WHERE a.x = 2) q", "SELECT count(*) FROM a, b", False),
        ("SELECT x FROM a", "SELECT x FROM a", False),
    ],
)
def test_what_extends_what(sql, other, extends):
    shape, stopped = (shape_of(parse_one(text, dialect="duckdb")) for text in (sql, other))
    assert shape.extends(stopped) is extends
