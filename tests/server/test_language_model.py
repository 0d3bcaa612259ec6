"""A session with a language model that does what the test says: real server, real sockets, no model."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speql_server import protocol
from speql_server.cli.language_model_check import language_model_check

from ..scripted_model import Asked, Reply, edits, says, scripted_model

MISSPELT = "SELEC carrier FROM airlines ORDER BY carrier"
MENDED = edits(("SELEC ", "SELECT "), usage={"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930})
CARRIERS = [["AA"], ["B6"], ["UA"], ["ZZ"]]


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is spent is written where no other test reads it, and no key of this machine's is seen."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def options(base_url: str, **changes: Any) -> dict[str, Any]:
    settings = {"enabled": True, "profile": "llama.cpp", "baseUrl": base_url, "debounceSeconds": 0.01, **changes}
    return {"languageModel": settings}


async def status(editor: Any, holds: Any) -> protocol.LanguageModel:
    """The first status whose language model is as wanted."""
    found = await editor.client.wait_for(
        "speql/status", lambda params: holds(msgspec.convert(params, protocol.Status).language_model)
    )
    return msgspec.convert(found, protocol.Status).language_model


async def test_what_rules_cannot_mend_is_mended_and_previewed(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED) as model:
        editor = await start("--database", flights, options=options(model.base_url))
        editor.open(MISSPELT)
        preview = await editor.rows()
        assert preview.rows == CARRIERS
        assert "predicted" in preview.states
        assert [(edit.old_text, edit.new_text, edit.code) for edit in preview.edits] == [
            ("SELEC", "SELECT", "language-model")
        ]
        accepted: list[Any] = []
        editor.client.answers["workspace/applyEdit"] = lambda params: accepted.append(params) or {"applied": True}
        await editor.command("speql.acceptRepair", editor.uri, editor.version)
        assert accepted[0]["edit"]["documentChanges"][0]["edits"][0]["newText"] == "SELECT"
        shown = await status(editor, lambda one: one.tokens_hour > 0 and one.state == "idle")
        assert (shown.tokens_hour, shown.tokens_day, shown.profile) == (930, 930, "llama.cpp")
        assert len(model.asked) == 1


async def test_a_patch_that_worked_serves_the_texts_that_follow(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED, Reply(status=500)) as model:
        editor = await start("--database", flights, options=options(model.base_url))
        editor.open("SELEC carrier FROM airlines")
        await editor.rows()
        editor.type(" WHERE carrier = 'AA'")
        preview = await editor.rows(lambda message: message.rows == [["AA"]])
        assert [edit.code for edit in preview.edits] == ["language-model"]
        assert len(model.asked) == 1


async def test_off_by_default_no_connection_is_made(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED) as model:
        settings = options(model.base_url)
        settings["languageModel"].pop("enabled")
        editor = await start("--database", flights, options=settings)
        editor.open(MISSPELT)
        assert (await editor.preview()).outcome != "rows"
        editor.replace(0, len(editor.text), "SELECT count(*) FROM airlines")
        await editor.rows()
        assert (model.connections, model.asked) == (0, [])
        found = await editor.client.wait_for("speql/status", lambda params: params["connection"]["state"] == "open")
        assert found["languageModel"]["state"] == "off"


async def test_consent_is_for_the_connections_that_are_named(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED) as model:
        editor = await start("--database", flights, options=options(model.base_url, connections=["another"]))
        editor.open(MISSPELT)
        assert (await editor.preview()).outcome != "rows"
        assert model.connections == 0


async def test_keys_are_answered_while_the_model_hangs_and_what_is_stale_is_cancelled(
    start: Any, flights: Path
) -> None:
    gate = asyncio.Event()
    async with scripted_model(says("never", gate=gate)) as model:
        editor = await start("--database", flights, options=options(model.base_url))
        editor.open(MISSPELT)
        await model.until(lambda one: len(one.asked) == 1)
        editor.replace(0, len("SELEC"), "SELECT")
        assert (await editor.rows()).rows == CARRIERS
        await model.until(lambda one: one.closed_by_client == 1)
        spent = await status(editor, lambda one: one.tokens_hour > 0)
        assert not spent.exact


async def test_a_spent_budget_leaves_the_rules_and_says_so(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED) as model:
        settings = options(model.base_url, inputPrice=1000.0, outputPrice=1000.0, dollarsPerHour=1.5)
        editor = await start("--database", flights, options=settings)
        editor.open(MISSPELT)
        await editor.rows()
        editor.replace(0, len(editor.text), "SELEC name FROM airlines, flights WHER id = 1")
        paused = await status(editor, lambda one: one.state == "paused")
        assert "budget" in paused.reason
        assert "asked again from" in paused.reason
        assert paused.dollars_hour == pytest.approx(0.93)
        editor.replace(0, len(editor.text), "SELECT name FROM airlines WHERE (carrier = 'AA'")
        assert (await editor.rows()).rows == [["American"]]
        assert len(model.asked) == 1


async def test_a_budget_holds_over_sessions(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED) as model:
        settings = options(model.base_url, inputPrice=1000.0, outputPrice=1000.0, dollarsPerHour=1.5)
        first = await start("--database", flights, options=settings)
        first.open(MISSPELT)
        await first.rows()
        await first.client.stop()
        second = await start("--database", flights, options=settings)
        second.open(MISSPELT)
        paused = await status(second, lambda one: one.state == "paused")
        assert paused.dollars_hour == pytest.approx(0.93)
        assert len(model.asked) == 1


async def test_a_hostile_answer_changes_nothing(start: Any, flights: Path) -> None:
    hostile = says("```sql\nDROP TABLE airlines\n```")
    async with scripted_model(hostile) as model:
        editor = await start("--database", flights, "--writable", options=options(model.base_url))
        editor.open(MISSPELT)
        await model.until(lambda one: len(one.asked) == 4)
        editor.replace(0, len(editor.text), "SELECT count(*) FROM airlines")
        assert (await editor.rows()).rows == [[4]]


async def test_what_leaves_has_neither_literals_nor_rows(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED) as model:
        editor = await start("--database", flights, options=options(model.base_url))
        editor.open("SELEC carrier FROM flights WHERE origin = 'Geheimnis' AND dep_delay > 4711 -- Bob is paid 99")
        await editor.preview(lambda message: bool(message.edits))
        content = json.dumps(model.asked[0].body)
        assert "carrier" in content
        assert not [word for word in ("Geheimnis", "4711", "Bob", "American", "JetBlue") if word in content]


async def test_a_missing_key_is_told_in_the_status(start: Any, flights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    editor = await start("--database", flights, options={"languageModel": {"enabled": True}})
    editor.open(MISSPELT)
    paused = await status(editor, lambda one: one.state == "paused")
    assert "OPENAI_API_KEY" in paused.reason


async def test_a_key_in_the_settings_is_refused_and_not_repeated(start: Any, flights: Path) -> None:
    editor = await start("--database", flights, options={"languageModel": {"enabled": True, "apiKey": "sk-secret"}})
    shown = await editor.client.wait_for("window/showMessage", lambda params: "key" in params["message"])
    assert "sk-secret" not in json.dumps(shown)


async def test_the_doctor_says_whether_the_model_answers() -> None:
    async with scripted_model() as model:
        check = await asyncio.to_thread(language_model_check, "ollama", model.base_url)
        assert (check.status, [one.path for one in model.asked]) == ("ok", ["/v1/models"])
    gone = await asyncio.to_thread(language_model_check, "ollama", "http://127.0.0.1:1/v1")
    assert gone.status == "missing"
    assert "cannot be reached" in gone.found
    assert language_model_check(None, None).status == "optional"
    assert "clippy" in language_model_check("clippy", None).found


def vectors(asked: Asked) -> Reply:
    """Two numbers for each text: whether it groups, and 1."""
    texts = asked.body["input"]
    data = [{"object": "embedding", "index": i, "embedding": ["GROUP" in t, 1.0]} for i, t in enumerate(texts)]
    used = {"prompt_tokens": 7, "total_tokens": 7}
    return Reply(body=json.dumps({"object": "list", "data": data, "model": "m", "usage": used}))


EMBEDDING = {"embeddingModel": "vectors", "embeddingDimensions": 2}


async def test_past_statements_are_found_by_the_endpoints_vectors(start: Any, flights: Path) -> None:
    async with scripted_model(vectors) as model:
        editor = await start("--database", flights, options=options(model.base_url, **EMBEDDING))
        editor.open("SELECT carrier FROM airlines WHERE carrier <> 'secret' GROUP BY carrier")
        await editor.rows()
        await editor.submit()
        await model.until(lambda seen: any("GROUP" in one.text for one in seen.asked))
        assert {one.path for one in model.asked} == {"/v1/embeddings"}
        assert "secret" not in model.sent
        assert all(one.body["model"] == "vectors" for one in model.asked)
        shown = await status(editor, lambda one: one.tokens_hour > 0)
        assert shown.tokens_hour % 7 == 0


async def test_an_endpoint_without_vectors_stops_nothing(start: Any, flights: Path) -> None:
    async with scripted_model(Reply(status=500)) as model:
        editor = await start("--database", flights, options=options(model.base_url, **EMBEDDING))
        editor.open("SELECT carrier FROM airlines ORDER BY carrier")
        assert (await editor.rows()).rows == CARRIERS
        await editor.submit()
        await model.until(lambda seen: bool(seen.asked))
        editor.replace(len(editor.text) - 7, len(editor.text), "1")
        assert (await editor.rows()).rows == CARRIERS


async def test_vectors_of_unknown_length_are_told(start: Any, flights: Path) -> None:
    async with scripted_model(vectors) as model:
        editor = await start("--database", flights, options=options(model.base_url, embeddingModel="vectors"))
        editor.open("SELECT carrier FROM airlines ORDER BY carrier")
        assert (await editor.rows()).rows == CARRIERS
        assert "embeddingDimensions" in (await status(editor, lambda one: one.state == "paused")).reason
        assert model.connections == 0


async def test_similar_past_statements_go_with_the_question_without_their_literals(start: Any, flights: Path) -> None:
    async with scripted_model(MENDED) as model:
        editor = await start("--database", flights, options=options(model.base_url))
        editor.open("SELECT carrier, 'secret' AS past_name FROM airlines ORDER BY carrier")
        await editor.rows()
        await editor.submit()
        editor.replace(0, len(editor.text), MISSPELT)
        await model.until(lambda seen: bool(seen.asked))
        assert "past_name" in model.sent
        assert "secret" not in model.sent


CONTINUATION = says(" WHERE carrier = 'AA'", usage={"prompt_tokens": 90, "completion_tokens": 9, "total_tokens": 99})


async def ghost(editor: Any) -> list[Any]:
    params = {
        "textDocument": {"uri": editor.uri},
        "position": editor.position(len(editor.text)),
        "context": {"triggerKind": 2},
    }
    found = await editor.client.request("textDocument/inlineCompletion", params)
    return [item["insertText"] for item in found["items"]]


@pytest.mark.parametrize(("switch", "shown"), [({"ghostText": True}, 1), ({}, 0)])
async def test_ghost_text_of_the_model_where_rules_know_nothing(
    start: Any, flights: Path, switch: dict[str, Any], shown: int
) -> None:
    async with scripted_model(CONTINUATION) as model:
        editor = await start("--database", flights, options=options(model.base_url, **switch))
        editor.open("SELECT carrier, name FROM airline")
        editor.type("s")
        await editor.rows()
        assert len(await ghost(editor)) == shown == len(model.asked)
