"""While a query is edited, every preview and every submit is what a direct run gives."""

import pytest

import speql_scheduler
from speql_engines.compare import rows_differ

SESSIONS = {
    "a constant, a predicate, a key and a measure change": [
        "SELECT carrier, origin, sum(delay) AS total FROM flights WHERE delay > 10 GROUP BY carrier, origin",
        "SELECT carrier, origin, sum(delay) AS total FROM flights WHERE delay > 20 GROUP BY carrier, origin",
        "SELECT carrier, sum(delay) AS total FROM flights WHERE delay > 10 GROUP BY carrier",
        "SELECT carrier, avg(delay), count(*) FROM flights WHERE delay > 10 GROUP BY carrier",
        "SELECT origin, sum(delay) AS total FROM flights WHERE delay > 10 AND carrier = 'C3' GROUP BY origin",
        "SELECT sum(delay) AS total FROM flights WHERE delay > 10",
        "SELECT count(*), sum(delay) FROM flights WHERE delay > 10 AND carrier = 'nobody'",
        "SELECT DISTINCT carrier FROM flights WHERE delay > 10",
        "SELECT carrier, origin, sum(delay) AS s FROM flights WHERE delay > 10 GROUP BY ALL HAVING sum(delay) > 9e5",
    ],
    "a query is typed": [
        "SELECT * FROM flights",
        "SELECT carrier FROM flights WHERE delay > 100",
        "SELECT f.carrier, c.name FROM flights AS f, carriers AS c WHERE f.delay > 100",
        "SELECT f.carrier, c.name FROM flights AS f JOIN carriers AS c ON f.carrier = c.carrier WHERE f.delay > 320",
        "SELECT name, count(*) FROM flights JOIN carriers USING (carrier) WHERE delay > 320 GROUP BY name",
        "SELECT c.name, max(f.day) FROM flights AS f JOIN carriers AS c USING (carrier) WHERE f.delay > 320 GROUP BY 1",
    ],
    "common table expressions": [
        "WITH d AS (SELECT day, sum(delay) s FROM flights GROUP BY day) SELECT max(s) FROM d",
        "WITH d AS (SELECT day, sum(id) s FROM flights GROUP BY 1) SELECT a.day FROM d a, d b WHERE a.s < b.s - 9e5",
        "WITH d AS (SELECT day, sum(delay) s FROM flights GROUP BY day) SELECT * FROM d WHERE s IS NULL OR s > 2.7e5",
        "SELECT carrier, n FROM (SELECT carrier, count(*) AS n FROM flights GROUP BY carrier) AS t WHERE n > 5",
        "SELECT count(*) FROM carriers WHERE carrier NOT IN (SELECT carrier FROM flights WHERE delay > 330)",
        "SELECT carrier FROM flights WHERE delay > 338 UNION SELECT carrier FROM carriers",
        "SELECT carrier FROM carriers EXCEPT SELECT carrier FROM flights WHERE delay > 338",
    ],
}


@pytest.mark.parametrize("session", SESSIONS)
async def test_every_answer_is_that_of_a_direct_run(new_desk, session):
    desk = await new_desk(page_rows=50_000, cheap_work=1_000)
    for sql in SESSIONS[session]:
        answer = await desk.typed(sql)
        submitted = await desk.submit(f"SELECT * FROM ({sql}) AS whole")
        again = await desk.submit(sql)
        await desk.scheduler.idle()
        if answer.total_rows is not None and answer.total_rows <= desk.settings.page_rows:
            direct = await desk.engine.real.execute(sql)
            for found in (answer, submitted, again):
                assert found.result.columns == direct.columns, sql
                assert rows_differ(found.result.rows, direct.rows) is None, sql
    assert desk.failures == []
    assert any(answer.served_from for _, answer in desk.previews)


def test_all_names_of_the_room_can_be_imported():
    assert [name for name in speql_scheduler.__all__ if getattr(speql_scheduler, name) is None] == []
    assert set(speql_scheduler.__all__) == set(speql_scheduler._HOMES)
