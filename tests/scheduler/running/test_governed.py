"""The scheduler on an engine behind a governor: what is held back is told, forgotten, and tried when it may be."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from speql_engines import DuckDBEngine
from speql_engines.asked import asked_for
from speql_engines.governed.governed_engine import GovernedEngine
from speql_engines.governed.governor import Governor
from speql_engines.governed.ledger import Ledger
from speql_engines.governed.ledger_writer import LedgerWriter
from speql_engines.governed.settings import Limit, SpeculationSettings

from .conftest import Desk, GatedEngine, parse

QUERY = "SELECT carrier, count(*) AS n FROM flights WHERE delay > 30 GROUP BY carrier"
NESTED = f"SELECT max(n) FROM ({QUERY}) AS busy"
UNLIMITED = SpeculationSettings()
SPENT = SpeculationSettings(per_day=Limit(seconds=0.0))


@pytest.fixture
async def governed(engine: DuckDBEngine, tmp_path: Path) -> AsyncIterator[GovernedEngine]:
    """A real engine that notes what reaches it, behind a governor."""
    writer = LedgerWriter(Ledger(tmp_path / "spending.sqlite"))
    governor = Governor(engine.info, "flights", UNLIMITED, writer)
    yield GovernedEngine(GatedEngine(engine), governor)  # type: ignore[arg-type]
    await governor.close()


@pytest.fixture
async def desk(new_desk: Callable[..., Awaitable[Desk]], governed: GovernedEngine) -> Desk:
    return await new_desk(on=governed)


def ran(governed: GovernedEngine) -> list[str]:
    """What was run ahead on the engine itself."""
    inner = governed.engine
    assert isinstance(inner, GatedEngine)
    return [*inner.executed, *inner.created]


async def test_what_is_held_back_is_told_and_runs_when_it_may(desk: Desk, governed: GovernedEngine) -> None:
    governed.governor.change(SPENT)
    assert await desk.typed(QUERY) is None
    assert ran(governed) == []
    (problem,) = {problem for _, problem in desk.failures}
    assert (problem.code, problem.severity) == ("preview-held", "information")
    assert not desk.store.refusals, "nothing is remembered as a failure"
    assert {job.state for job in desk.graphs[-1].jobs} <= {"greyed"}

    answer = await desk.submit(QUERY)
    with asked_for():
        assert desk.rows(answer.result) == await desk.direct(QUERY)

    # Other text, and then the same text again: it was not the query that failed.
    await desk.typed(NESTED)
    before = ran(governed)
    governed.governor.change(UNLIMITED)
    answer_ahead = await desk.typed(NESTED)
    assert answer_ahead is not None
    assert ran(governed) != before


async def test_the_same_text_is_previewed_once_it_may_be(desk: Desk, governed: GovernedEngine) -> None:
    governed.governor.change(SPENT)
    assert await desk.typed(QUERY) is None
    governed.governor.change(UNLIMITED)
    assert await desk.typed(QUERY) is not None


@pytest.mark.parametrize("mode", ["off", "free"])
async def test_nothing_is_run_ahead_in_these_modes_and_a_submit_is(
    desk: Desk, governed: GovernedEngine, mode: str
) -> None:
    governed.governor.change(SpeculationSettings(mode=mode))  # type: ignore[arg-type]
    assert await desk.typed(QUERY) is None
    assert ran(governed) == []
    assert (await desk.submit(QUERY)).result.rows.num_rows > 0


async def test_pages_and_samples_that_are_asked_for_run_whatever_is_spent(desk: Desk, governed: GovernedEngine) -> None:
    governed.governor.change(SPENT)
    results, catalog = desk.scheduler.results, desk.catalog
    name = results.name(QUERY, parse(QUERY), catalog)
    async with results.reading(name) as held:
        assert held.table.rows == 12
        assert len(await results.profile(held, [0, 1])) == 2
    desk.type(QUERY)
    assert await desk.scheduler.sample() == ""
    assert [answer.states for _, answer in desk.previews] == [("sample",)]


async def test_what_an_answer_was_made_of_is_used_and_the_rest_is_wasted(desk: Desk, governed: GovernedEngine) -> None:
    shown = await desk.typed(NESTED, preview=QUERY)
    assert shown is not None
    spending = governed.governor.spending
    assert (spending.ahead.seconds or 0) > 0
    assert spending.used.seconds == 0.0
    governed.governor.use(shown.result.statement)
    used = spending.used.seconds or 0
    assert used > 0
    answer = await desk.submit(NESTED)
    if answer.temp_only:
        governed.governor.use(answer.result.statement)
        assert (spending.used.seconds or 0) >= used
    cached = await desk.submit(NESTED)
    assert "cached" in cached.states
    assert cached.result.statement == answer.result.statement, "a result from the cache is booked where it was made"
