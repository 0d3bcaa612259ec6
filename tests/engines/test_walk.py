"""A walk over an engine's promises tells which are not kept. That all are kept is asked by the contract."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from speql_engines import DuckDBEngine, EngineError, Estimate, SpeculationHeldError
from speql_engines.walk import Finding, walk


class Changed:
    """A real engine, but for one method."""

    def __init__(self, engine: DuckDBEngine, **methods: Callable[..., Any]) -> None:
        self._engine = engine
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._engine, name)


async def found(engine: Any, most_seconds: float = 60.0) -> dict[str, Finding]:
    return {one.step: one async for one in walk(engine, cancel_after=0.01, most_seconds=most_seconds)}


async def test_a_warehouse_that_is_suspended_is_no_fault(engine: DuckDBEngine) -> None:
    async def held(*_: object) -> None:
        raise SpeculationHeldError("The warehouse is suspended.")

    steps = await found(Changed(engine, execute=held))

    assert steps["query"].right is None
    assert "suspended" in steps["query"].found
    assert "Start it yourself" in steps["query"].remedy
    assert steps["estimate"].right
    assert not [one for one in steps.values() if one.right is False]


async def test_an_error_is_told_and_the_walk_goes_on(engine: DuckDBEngine) -> None:
    async def fails(_: str) -> Estimate:
        raise EngineError("There is no plan. [42501]", "Ask for one.")

    steps = await found(Changed(engine, estimate=fails))

    assert steps["estimate"] == Finding("estimate", False, "There is no plan. [42501]", "Ask for one.")
    assert steps["temp table"].right
    assert steps["cancel"].right


async def test_a_table_that_asks_for_a_condition_is_passed_over(engine: DuckDBEngine) -> None:
    async def asks(sql: str) -> Estimate:
        if "big" in sql:
            raise EngineError("Cannot query over table big without a filter.")
        return await engine.estimate(sql)

    estimate = (await found(Changed(engine, estimate=asks)))["estimate"]

    assert estimate.right
    assert "1,000 rows of sales" in estimate.found


async def test_a_cancel_that_does_not_reach_the_server_is_seen(engine: DuckDBEngine) -> None:
    over = asyncio.Event()

    async def goes_on(sql: str, max_rows: int | None = None) -> object:
        if "CROSS JOIN" not in sql:
            return await engine.execute(sql, max_rows)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            asyncio.get_running_loop().call_later(0.02, over.set)
            await over.wait()
            raise
        return None

    steps = await found(Changed(engine, execute=goes_on), most_seconds=0.02)

    assert steps["cancel"].right is False
    assert "went on" in steps["cancel"].remedy


async def test_a_temp_table_that_stays_is_seen(engine: DuckDBEngine) -> None:
    async def stays(_: str) -> None:
        return None

    assert (await found(Changed(engine, drop_temp_table=stays)))["temp table"].right is False


@pytest.mark.parametrize("answer", ["SELECT 41 AS answer", "SELECT 42.5 AS answer"])
async def test_a_wrong_answer_is_seen(engine: DuckDBEngine, answer: str) -> None:
    async def wrong(sql: str, max_rows: int | None = None) -> object:
        return await engine.execute(sql.replace("SELECT 42 AS answer", answer), max_rows)

    assert (await found(Changed(engine, execute=wrong)))["query"].right is False
