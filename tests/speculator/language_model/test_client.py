"""One request over real sockets: whatever the endpoint does comes back as a value, and the socket is closed."""

import asyncio
import gzip
import logging
from dataclasses import replace
from typing import Any

import pytest

from speql_speculator.language_model.bounded_answer import MOST_BYTES
from speql_speculator.language_model.request import Completion, Message, Request
from speql_speculator.language_model.usage import Usage

from ...scripted_model import Reply, says
from .conftest import KEY

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
REQUEST = Request(size="small", messages=(Message("system", "Mend SQL."), Message("user", "SELEC 1")), most_tokens=50)
USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16, "prompt_tokens_details": {"cached_tokens": 8}}


def code(completion: Completion) -> str:
    assert completion.problem is not None
    return completion.problem.code.removeprefix("language-model-")


async def test_an_answer_is_streamed_and_its_usage_reported(open_room: Any) -> None:
    async with open_room(says("SELECT 1 AS one_long_enough_for_pieces", usage=USAGE)) as room:
        completion = await room.model.ask(REQUEST)
    assert completion.text == "SELECT 1 AS one_long_enough_for_pieces"
    assert (completion.problem, completion.usage) == (None, Usage(11, 5, 8))
    body = room.server.asked[0].body
    assert (body["stream"], body["model"], body["max_completion_tokens"]) == (True, "gpt-4.1-mini", 50)
    assert body["stream_options"] == {"include_usage": True}
    assert room.server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(("model", "names"), [("gpt-5-mini", False), ("o4-mini", False), ("gpt-4.1-mini", True)])
async def test_models_that_think_first_get_nothing_that_they_refuse(open_room: Any, model: str, names: bool) -> None:
    async with open_room(says("SELECT 1"), small_model=model) as room:
        await room.model.ask(replace(REQUEST, stop=(";",)))
    assert [name in room.server.asked[0].body for name in ("temperature", "stop")] == [names, names]


async def test_what_the_endpoint_does_not_report_is_estimated_and_marked(open_room: Any) -> None:
    async with open_room(says("SELECT 1")) as room:
        completion = await room.model.ask(REQUEST)
        assert completion.usage.estimated
        assert completion.usage.input_tokens >= 5
        assert not room.model.spending.totals(room.clock.now(), 3600).exact


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "rejected"),
        (401, "refused"),
        (403, "refused"),
        (404, "unknown-model"),
        (422, "rejected"),
        (307, "rejected"),
    ],
)
async def test_a_status_that_lasts_is_not_tried_again(open_room: Any, status: int, expected: str) -> None:
    async with open_room(
        Reply(status=status, body='{"error": {"message": "no"}}', headers=(("location", "/x"),))
    ) as room:
        assert code(await room.model.ask(REQUEST)) == expected
        assert len(room.server.asked) == 1
        assert room.model.spending.charges == ()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (says("SELECT", breaks_off=True), "truncated"),
        (says("SELECT", finish=None), "truncated"),
        (says("SELECT", finish="length"), "truncated"),
        (says("SELECT", finish="content_filter"), "withheld"),
        (says("SELECT 1 " * 400), "truncated"),
        (Reply(status=200, body="<html>Please log in</html>"), "truncated"),
        (
            Reply(raw=STREAM + b"data: {nonsense\n\n"),
            "malformed",
        ),
        (
            Reply(raw=STREAM + b'data: [1, "x"]\n\n'),
            "malformed",
        ),
        (Reply(raw=STREAM + b"data: " + b"[" * 100_000 + b"\n\n"), "malformed"),
        (Reply(raw=STREAM + b"data: " + b" " * MOST_BYTES), "malformed"),
        (
            Reply(raw=STREAM[:-2] + b"content-encoding: gzip\r\n\r\n" + gzip.compress(b"data: {}\n\n" * 100_000)),
            "malformed",
        ),
        (
            Reply(raw=STREAM.replace(b"200", b"500")[:-2] + b"content-encoding: gzip\r\n\r\n" + gzip.compress(b"no")),
            "malformed",
        ),
        (Reply(raw=STREAM + b'data: {"choices": [], "usage": {"prompt_tokens": 1e999}}\n\n'), "malformed"),
        (
            Reply(raw=STREAM + b'data: {"error": {"message": "overloaded"}}\n\n'),
            "failed",
        ),
    ],
)
async def test_a_bad_answer_is_a_problem(open_room: Any, reply: Reply, expected: str) -> None:
    async with open_room(reply) as room:
        assert code(await room.model.ask(REQUEST)) == expected


async def test_a_usage_that_is_no_usage_does_not_fill_the_purse(open_room: Any) -> None:
    usage = {"prompt_tokens": -5000, "completion_tokens": 3, "total_tokens": 1}
    async with open_room(says("SELECT 1", usage=usage)) as room:
        assert (await room.model.ask(REQUEST)).usage == Usage(0, 3)


async def test_a_usage_that_no_model_has_is_cut(open_room: Any) -> None:
    usage = {"prompt_tokens": 10**400, "completion_tokens": 3, "total_tokens": 1}
    async with open_room(says("SELECT 1", usage=usage), profile="openai") as room:
        assert (await room.model.ask(REQUEST)).usage == Usage(100_000_000, 3)
        (charge,) = room.model.spending.charges
        assert 0 <= charge.dollars < float("inf")


async def test_half_a_character_does_not_get_in(open_room: Any) -> None:
    async with open_room(Reply(("\ud83d", "\ude00 ", "\ud83d!"))) as room:
        assert (await room.model.ask(REQUEST)).text == "\U0001f600 \ufffd!"


async def test_nobody_there(open_room: Any) -> None:
    async with open_room(base_url="http://127.0.0.1:1/v1") as room:
        completion = await room.model.ask(REQUEST)
        assert code(completion) in ("unreachable", "paused")
        assert room.model.spending.charges == ()


async def test_a_slow_answer_ends_at_the_time_out(open_room: Any) -> None:
    gate = asyncio.Event()
    async with open_room(says("SELECT 1 AS x", gate=gate, gate_after=1), timeout_seconds=0.3) as room:
        assert code(await room.model.ask(REQUEST)) == "timeout"
        await room.server.until(lambda server: server.closed_by_client == 1)
        assert room.model.spending.charges[0].estimated


async def test_cancelling_closes_the_connection_and_counts_what_was_used(open_room: Any) -> None:
    gate = asyncio.Event()
    async with open_room(says("SELECT 1 AS x", gate=gate, gate_after=1)) as room:
        task = asyncio.ensure_future(room.model.ask(REQUEST))
        await room.server.until(lambda server: len(server.asked) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await room.server.until(lambda server: server.closed_by_client == 1)
        assert room.model.spending.charges[0].estimated


async def test_the_key_is_in_one_header_and_nowhere_else(
    open_room: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-provider")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: for somebody else")
    caplog.set_level(logging.DEBUG)
    refused = Reply(status=401, body=f'{{"error": {{"message": "Incorrect key: {KEY}"}}}}')
    async with open_room(refused) as room:
        completion = await room.model.ask(REQUEST)
        told = f"{completion} {room.model!r} {vars(room.model)} {room.model.paused()} {caplog.text}"
        assert KEY not in told
        headers = room.server.asked[0].headers
        assert headers.pop("authorization") == f"Bearer {KEY}"
        assert KEY not in str(headers)
        assert not {"openai-organization", "x-secret"} & set(headers)
        assert not [name for name in headers if name.startswith("x-stainless")]


async def test_raw_tokens_and_suffix_go_to_completions(open_room: Any) -> None:
    async with open_room(says("carrier"), profile="ollama") as room:
        request = Request(size="small", prompt="SELECT ", suffix=" FROM flights", most_tokens=9, stop=(";",))
        assert (await room.model.ask(request)).text == "carrier"
        asked = room.server.asked[0]
        assert asked.path == "/v1/completions"
        assert (asked.body["prompt"], asked.body["suffix"], asked.body["stop"]) == ("SELECT ", " FROM flights", [";"])


async def test_reachable_asks_for_no_more_than_the_list_of_models(open_room: Any) -> None:
    async with open_room() as room:
        assert await room.model.reachable() is None
        assert [asked.path for asked in room.server.asked] == ["/v1/models"]
