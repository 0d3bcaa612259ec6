"""Ghost text by a model: what is asked, and what is shown of the answer."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from speql_speculator.language_model.fill_in_the_middle import fill_in_the_middle
from speql_speculator.language_model.ladder import Question
from speql_speculator.language_model.request import Completion, Request
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql import Problem

from .conftest import endpoint

Binds = Callable[[str], Awaitable[bool]]


@pytest.fixture
def filled(schemas: dict[str, Any], binds: Binds) -> Callable[..., Awaitable[tuple[str | None, list[Request]]]]:
    async def run(
        text: str, answer: str, profile: str = "llama.cpp", problem: Problem | None = None
    ) -> tuple[str | None, list[Request]]:
        asked: list[Request] = []

        async def ask(request: Request) -> Completion:
            asked.append(request)
            return Completion(answer, problem=problem)

        settings = LanguageModelSettings(enabled=True, profile=profile)
        before, _, after = text.partition("|")
        question = Question(before + after, len(before), schemas["flights"].catalog)
        return await fill_in_the_middle(question, settings, endpoint(settings), ask, binds), asked

    return run


@pytest.mark.parametrize("profile", ["llama.cpp", "ollama", "openai"])
async def test_a_continuation_that_binds_is_shown(filled: Any, profile: str) -> None:
    shown, asked = await filled("SELECT carrier, avg(| FROM flights GROUP BY carrier", "dep_delay)", profile)
    assert shown == "dep_delay)"
    assert len(asked) == 1


async def test_a_good_beginning_of_a_bad_answer_is_shown(filled: Any) -> None:
    shown, _ = await filled("SELECT carrier |", "FROM flights\nWHERE no_such_column = 1")
    assert shown == "FROM flights"


async def test_what_the_text_has_already_is_not_repeated(filled: Any) -> None:
    assert (await filled("SELECT carrier| FROM flights", "SELECT carrier, origin FROM flights"))[0] == ", origin"


async def test_what_does_not_bind_is_not_shown(filled: Any) -> None:
    assert (await filled("SELECT carrier FROM flights WHERE |", "no_such = 1"))[0] is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("origin = dest -- and so on", "origin = dest"),
        ("origin = dest /* and", "origin = dest"),
        ("origin = dest OR 'X", "origin = dest"),
    ],
)
async def test_what_stands_behind_the_cursor_is_not_swallowed(filled: Any, answer: str, expected: str) -> None:
    assert (await filled("SELECT carrier FROM flights WHERE | AND carrier = 'UA'", answer))[0] == expected


async def test_literals_stay_here_and_come_back(filled: Any) -> None:
    text = "SELECT carrier FROM flights WHERE origin = 'JFK' AND |"
    shown, asked = await filled(text, "dest <> 'text_1'")
    assert shown == "dest <> 'JFK'"
    assert "JFK" not in asked[0].text


@pytest.mark.parametrize("text", ["SELECT carrier FROM flights WHERE origin = 'J|FK'", "SELECT 1 -- by ca|rrier"])
async def test_nothing_is_asked_inside_literals_and_comments(filled: Any, text: str) -> None:
    assert await filled(text, "x") == (None, [])


async def test_a_problem_shows_nothing(filled: Any) -> None:
    problem = Problem("language-model-paused", "Paused")
    assert (await filled("SELECT carrier |", "FROM flights", problem=problem))[0] is None
