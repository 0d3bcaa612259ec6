"""Questions to an engine in the background: one at a time, each once, and stopped when nobody needs the answer."""

import asyncio
from dataclasses import dataclass, field

import pytest

from speql_engines import ConnectionFailedError, EngineError
from speql_server.engine_answers import EngineAnswers


@dataclass
class Oracle:
    """Answers with the text when the gate is open; what it is asked and what is stopped is written down."""

    asked: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    running: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, text: str) -> str:
        self.asked.append(text)
        self.running += 1
        assert self.running == 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped.append(text)
            raise
        finally:
            self.running -= 1
        if text == "wrong":
            raise EngineError("It does not bind.")
        if text == "lost":
            raise ConnectionFailedError("The file is gone.")
        return text.upper()


async def turns() -> None:
    """Let everything that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_each_is_asked_once_and_one_at_a_time() -> None:
    oracle = Oracle()
    answers = EngineAnswers(oracle.ask)
    waiting = [asyncio.ensure_future(answers.ask(text, "1")) for text in ("a", "b", "a", "wrong", "lost")]
    await turns()
    assert oracle.asked == ["a"]
    assert not answers.is_known("a", "1")
    oracle.gate.set()
    assert await asyncio.gather(*waiting) == ["A", "B", "A", None, None]
    assert oracle.asked == ["a", "b", "wrong", "lost"]
    assert (answers.get("a", "1"), answers.is_known("wrong", "1"), answers.is_known("lost", "1")) == ("A", True, False)
    assert await answers.ask("wrong", "1") is None
    assert await answers.ask("a", "2") == "A", "another version of the catalog is another question"
    assert oracle.asked[4:] == ["a"]


async def test_stale_questions_are_stopped_on_the_engine() -> None:
    oracle = Oracle()
    answers = EngineAnswers(oracle.ask)
    waiting = [asyncio.ensure_future(answers.ask(text, "1")) for text in ("a", "b")]
    await turns()
    answers.cancel()
    assert await asyncio.gather(*waiting) == [None, None]
    assert (oracle.asked, oracle.stopped) == (["a"], ["a"])
    oracle.gate.set()
    assert await answers.ask("a", "1") == "A"


async def test_who_does_not_wait_any_more_stops_the_question() -> None:
    oracle = Oracle()
    answers = EngineAnswers(oracle.ask)
    waiting = asyncio.ensure_future(answers.ask("a", "1"))
    await turns()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert oracle.stopped == ["a"]
