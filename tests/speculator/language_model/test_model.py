"""Budgets and pauses: what an endpoint that fails costs, and when nothing is asked any more."""

import asyncio
from typing import Any

import pytest

from speql_speculator.language_model.model import Model
from speql_speculator.language_model.request import Message, Request
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.spending import Charge, Spending
from speql_sql import Problem
from speql_sql.secret import Secret

from ...scripted_model import Reply, says
from .conftest import FakeClock, endpoint

REQUEST = Request(size="small", messages=(Message("user", "SELEC 1"),), most_tokens=50)
LIMITED = Reply(status=429, body="{}", headers=(("retry-after", "3"),))


async def test_a_rate_limit_is_kept_as_long_as_the_endpoint_says(open_room: Any) -> None:
    async with open_room(LIMITED, says("SELECT 1")) as room:
        assert (await room.model.ask(REQUEST)).text == "SELECT 1"
        assert room.clock.slept == [3.0]


async def test_a_date_to_come_back_at_is_counted_by_the_endpoints_clock(open_room: Any) -> None:
    dates = (("date", "Fri, 01 Jan 2027 10:00:00 GMT"), ("retry-after", "Fri, 01 Jan 2027 10:00:04 GMT"))
    async with open_room(Reply(status=429, body="{}", headers=dates), says("SELECT 1")) as room:
        assert (await room.model.ask(REQUEST)).text == "SELECT 1"
        assert room.clock.slept == [4.0]


async def test_a_long_rate_limit_pauses_the_model(open_room: Any) -> None:
    async with open_room(Reply(status=429, body="{}", headers=(("retry-after", "120"),)), says("SELECT 1")) as room:
        assert (await room.model.ask(REQUEST)).problem.code == "language-model-paused"
        assert "120 s" in room.model.paused().text
        assert room.clock.slept == []
        room.clock.seconds += 121
        assert room.model.paused() is None
        assert (await room.model.ask(REQUEST)).text == "SELECT 1"


async def test_waiting_without_a_hint_grows(open_room: Any) -> None:
    limited = Reply(status=429, body="{}")
    async with open_room(limited, limited, says("SELECT 1")) as room:
        assert (await room.model.ask(REQUEST)).text == "SELECT 1"
        assert room.clock.slept == [1.0, 2.0]


async def test_a_dead_endpoint_is_left_alone_for_longer_each_time(open_room: Any) -> None:
    async with open_room(Reply(status=503, body="{}")) as room:
        assert (await room.model.ask(REQUEST)).problem.code == "language-model-failed"
        assert len(room.server.asked) == 3
        assert (await room.model.ask(REQUEST)).problem.code == "language-model-paused"
        assert len(room.server.asked) == 3
        room.clock.seconds += 31
        await room.model.ask(REQUEST)
        assert len(room.server.asked) == 4
        room.clock.seconds += 31
        await room.model.ask(REQUEST)
        assert len(room.server.asked) == 4


async def test_a_key_that_is_not_taken_is_not_tried_all_the_time(open_room: Any) -> None:
    async with open_room(Reply(status=401, body="{}")) as room:
        await room.model.ask(REQUEST)
        assert (await room.model.ask(REQUEST)).problem.code == "language-model-paused"
        assert len(room.server.asked) == 1


async def test_past_the_budget_nothing_is_sent(open_room: Any) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}
    settings = {"input_price": 1000.0, "output_price": 1000.0, "dollars_per_hour": 1.02, "dollars_per_day": 9.0}
    async with open_room(says("SELECT 1", usage=usage), **settings) as room:
        assert (await room.model.ask(REQUEST)).problem is None
        refused = await room.model.ask(REQUEST)
        assert (refused.problem.code, refused.sent) == ("language-model-budget", False)
        assert "asked again from" in refused.problem.hint
        assert room.model.paused().code == "language-model-budget"
        assert len(room.server.asked) == 1
        room.clock.seconds += 3_601
        assert room.model.paused() is None
        assert (await room.model.ask(REQUEST)).problem is None


async def test_what_is_under_way_is_as_good_as_spent(open_room: Any) -> None:
    gate = asyncio.Event()
    async with open_room(says("SELECT 1", gate=gate), tokens_per_hour=80) as room:
        first = asyncio.ensure_future(room.model.ask(REQUEST))
        await room.server.until(lambda server: len(server.asked) == 1)
        assert (await room.model.ask(REQUEST)).problem.code == "language-model-budget"
        gate.set()
        assert (await first).text == "SELECT 1"


async def test_a_request_that_is_cancelled_while_it_reserves_gives_that_back() -> None:
    reserved, charged = asyncio.get_running_loop().create_future(), list[Charge]()

    async def reserve(charge: Charge) -> Problem | None:
        reserved.set_result(charge)
        await asyncio.Event().wait()
        return None

    settings, clock = LanguageModelSettings(profile="ollama"), FakeClock()
    model = Model(
        endpoint(settings), Secret(""), settings,
        now=clock.now, sleep=clock.sleep, today=clock.now, charged=charged.append, reserve=reserve,
    )  # fmt: skip
    asking = asyncio.ensure_future(model.ask(REQUEST))
    charge = await reserved
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert Spending.of([charge], clock.now()).charges == (charge,)
    assert Spending.of([charge, *charged], clock.now()).charges == ()
    assert model.spending.charges == ()


@pytest.mark.parametrize("profile", ["ollama", "llama.cpp", "vllm"])
async def test_a_token_of_ones_own_machine_costs_nothing_but_counts(open_room: Any, profile: str) -> None:
    async with open_room(says("SELECT 1"), profile=profile, dollars_per_hour=0.0) as room:
        assert (await room.model.ask(REQUEST)).problem is None
        totals = room.model.spending.totals(room.clock.now(), 3600)
        assert totals.dollars == 0
        assert totals.tokens > 0
