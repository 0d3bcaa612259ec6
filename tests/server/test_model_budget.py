"""A budget for a language model is one for all servers that use a connection, also for those that ask at once."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from speql_server.clock import Clock
from speql_server.language_model.room import LanguageModel
from speql_server.language_model.spending_file import SpendingFile
from speql_speculator.language_model.request import Message, Request
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.spending import HOUR, Charge, settled
from speql_sql import Problem

from ..scripted_model import says, scripted_model

NOW = 1_800_000_000.0
REQUEST = Request(size="small", messages=(Message("user", "SELEC 1"),), most_tokens=50)


def reservation(request: str, tokens: int = 100, at: float = NOW) -> Charge:
    return Charge(at=at, model="m", input_tokens=tokens, output_tokens=0, reserved=True, request=request)


def test_what_another_server_has_reserved_is_as_good_as_spent(tmp_path: Path) -> None:
    here, there = SpendingFile(tmp_path, "db"), SpendingFile(tmp_path, "db")
    settings = LanguageModelSettings(tokens_per_hour=150)
    assert here.reserve(reservation("1"), settings, NOW) is None
    refused = there.reserve(reservation("2"), settings, NOW)
    assert refused is not None
    assert refused.code == "language-model-budget"
    there.add(settled(reservation("2")))
    here.add(Charge(at=NOW, model="m", input_tokens=30, output_tokens=0, request="1"))
    assert there.reserve(reservation("3"), settings, NOW) is None
    totals = there.read(NOW).totals(NOW, HOUR)
    assert (totals.requests, totals.tokens) == (2, 130)


def test_of_many_that_reserve_at_once_as_many_may_ask_as_there_is_room_for(tmp_path: Path) -> None:
    settings = LanguageModelSettings(tokens_per_hour=350)
    together = threading.Barrier(16)

    def reserve(number: int) -> Problem | None:
        file = SpendingFile(tmp_path, "db")
        together.wait()
        return file.reserve(reservation(str(number)), settings, NOW)

    with ThreadPoolExecutor(16) as executor:
        answers = [*executor.map(reserve, range(16))]
    assert answers.count(None) == 3


def test_a_reservation_of_the_day_before_counts(tmp_path: Path) -> None:
    midnight = NOW - NOW % 86_400
    settings = LanguageModelSettings(tokens_per_hour=150)
    here, there = SpendingFile(tmp_path, "db"), SpendingFile(tmp_path, "db")
    assert here.reserve(reservation("1", at=midnight - 1), settings, midnight) is None
    assert there.reserve(reservation("2", at=midnight + 1), settings, midnight + 1) is not None


async def test_two_servers_do_not_ask_for_more_than_the_budget(tmp_path: Path) -> None:
    gate = asyncio.Event()
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    async with scripted_model(says("SELECT 1", gate=gate, usage=usage)) as server:
        settings = LanguageModelSettings(
            enabled=True, profile="ollama", base_url=server.base_url, tokens_per_hour=80, debounce_seconds=0.0
        )
        models = [LanguageModel(settings, "db", Clock(), folder=tmp_path, today=lambda: NOW) for _ in range(2)]
        try:
            first = asyncio.ensure_future(models[0].ask(REQUEST))
            await server.until(lambda server: len(server.asked) == 1)
            second = await models[1].ask(REQUEST)
            assert second.problem is not None
            assert (second.problem.code, second.sent) == ("language-model-budget", False)
            gate.set()
            assert (await first).text == "SELECT 1"
            await models[0].elsewhere(lambda: None)
            assert (await models[1].ask(replace(REQUEST, most_tokens=60))).problem is None
        finally:
            for model in models:
                await model.close()
    charges = SpendingFile(tmp_path, "db").read(NOW).charges
    assert [(one.tokens, one.reserved) for one in charges] == [(4, False), (4, False)]
