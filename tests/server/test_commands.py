"""Submit, cancel and accept the repair, over real stdio."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.cli.serve import _without_traceback_of_the_client
from speql_server.client import ServerAnswerError

Direct = Callable[[str], list[tuple[Any, ...]]]

SLOW = "SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c WHERE a.range + b.range * c.range = 7"


async def test_a_submit_has_the_rows_of_a_direct_run(start: Any, flights: Path, direct: Direct) -> None:
    query = "SELECT carrier, count(*) AS n, max(dep_delay) AS worst FROM flights GROUP BY carrier ORDER BY carrier"
    editor = await start("--database", flights)
    editor.open(query)
    answer = await editor.submit()
    assert answer.purpose == "submit"
    assert answer.outcome == "rows"
    assert answer.rows == [list(row) for row in direct(query)]
    assert answer.total_rows == 3
    assert "exact" in answer.states
    assert answer.timings.total is not None
    shown = await editor.preview(lambda message: message.purpose == "submit")
    assert shown.rows == answer.rows


async def test_a_submit_takes_the_statement_at_the_position(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT 1 AS one;\nSELECT 2 AS two")
    assert (await editor.submit(3)).rows == [[1]]
    assert (await editor.submit(len(editor.text))).rows == [[2]]


async def test_broken_text_is_refused_and_the_repair_offered(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open()
    editor.type("SELECT name FROM airlines WHERE (carrier = 'AA'")
    await editor.rows()
    refused = await editor.submit()
    assert refused.outcome == "failed"
    assert refused.edits
    assert "not-submitted" in [problem.code for problem in refused.problems]
    assert any("speql.acceptRepair" in problem.hint for problem in refused.problems)


async def test_accepting_the_repair_changes_the_text(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)

    def apply(params: Any) -> dict[str, Any]:
        (change,) = params["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": editor.uri, "version": editor.version}
        text = editor.text
        for edit in reversed(change["edits"]):
            start_at, end_at = (edit["range"][edge]["character"] for edge in ("start", "end"))
            text = text[:start_at] + edit["newText"] + text[end_at:]
        editor.replace(0, len(editor.text), text)
        return {"applied": True}

    editor.client.answers["workspace/applyEdit"] = apply
    editor.open()
    editor.type("SELECT name FROM airlines WHERE (carrier = 'AA'")
    await editor.rows()
    assert await editor.command("speql.acceptRepair", editor.uri, editor.version) == {"applied": True, "reason": ""}
    assert editor.text == "SELECT name FROM airlines WHERE (carrier = 'AA')"
    assert (await editor.submit()).rows == [["American"]]
    await editor.rows(lambda message: not message.edits)
    again = await editor.command("speql.acceptRepair", editor.uri, editor.version)
    assert again["applied"] is False
    assert "nothing to repair" in again["reason"]


async def test_a_repair_of_an_older_text_is_refused(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open()
    editor.type("SELECT (name FROM airlines")
    await editor.preview()
    older = editor.version
    editor.type(" ")
    answer = await editor.command("speql.acceptRepair", editor.uri, older)
    assert answer["applied"] is False
    assert "changed" in answer["reason"]


async def test_cancel_stops_a_submit(start: Any, flights: Path) -> None:
    editor = await start("--database", flights, options={"speculate": False})
    editor.open(SLOW)
    _, pending = editor.client.send_request(
        "workspace/executeCommand", {"command": "speql.submit", "arguments": [editor.uri]}
    )
    await editor.client.wait_for("speql/jobs", lambda jobs: any(node["state"] == "running" for node in jobs["nodes"]))
    assert await editor.command("speql.cancel", editor.uri) == {"documents": 1}
    answer = await asyncio.wait_for(pending, 10)
    assert [problem["code"] for problem in answer["problems"]] == ["cancelled"]


async def test_taking_the_request_back_stops_a_submit(start: Any, flights: Path) -> None:
    editor = await start("--database", flights, options={"speculate": False})
    editor.open(SLOW)
    number, pending = editor.client.send_request(
        "workspace/executeCommand", {"command": "speql.submit", "arguments": [editor.uri]}
    )
    await editor.client.wait_for("speql/jobs", lambda jobs: any(node["state"] == "running" for node in jobs["nodes"]))
    editor.client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(ServerAnswerError, match="cancel"):
        await asyncio.wait_for(pending, 10)
    editor.replace(0, len(editor.text), "SELECT 1 AS x")
    assert (await editor.submit()).rows == [[1]]


async def test_a_statement_that_is_not_a_query_never_runs_while_typing(
    start: Any, flights: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(flights, tmp_path / "copy.duckdb"))
    editor = await start("--database", copy, "--writable")
    editor.open()
    editor.type("DELETE FROM flights; ")
    editor.type("DROP TABLE airlines")
    preview = await editor.preview(lambda message: message.outcome == "nothing")
    assert "not-a-query" in [problem.code for problem in preview.problems]
    (*_, diagnostic) = await editor.diagnostics(lambda found: len(found) == 2)
    assert diagnostic["severity"] == 3
    assert diagnostic["code"] == "not-a-query"
    editor.replace(
        0, len(editor.text), "SELECT (SELECT count(*) FROM flights) AS f, (SELECT count(*) FROM airlines) AS a"
    )
    assert (await editor.submit()).rows == [[5000, 4]]
    editor.replace(0, len(editor.text), "DROP TABLE airlines")
    dropped = await editor.submit()
    assert dropped.outcome == "rows", dropped.problems
    await editor.client.stop()
    with duckdb.connect(str(copy)) as connection:
        assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("flights",)]


async def test_a_write_on_a_read_only_connection_is_refused(start: Any, flights: Path, direct: Direct) -> None:
    editor = await start("--database", flights)
    editor.open("DELETE FROM flights")
    answer = await editor.submit()
    assert answer.outcome == "failed"
    assert answer.problems[0].message
    assert direct("SELECT count(*) FROM flights") == [(5000,)]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [("speql.submit", []), ("speql.submit", [3]), ("speql.submit", ["file:///closed.sql"]), ("speql.nothing", [])],
)
async def test_wrong_arguments_are_told(start: Any, command: str, arguments: list[Any]) -> None:
    editor = await start()
    with pytest.raises(ServerAnswerError):
        await editor.client.request("workspace/executeCommand", {"command": command, "arguments": arguments})


async def test_a_long_submit_does_not_keep_the_next_text_from_its_preview(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(SLOW)
    _, submitted = editor.client.send_request(
        "workspace/executeCommand", {"command": "speql.submit", "arguments": [editor.uri]}
    )
    await editor.client.wait_for(
        "speql/jobs",
        lambda jobs: any(node["kind"] == "submit" and node["state"] == "running" for node in jobs["nodes"]),
    )
    editor.replace(0, len(editor.text), "SELECT name FROM airlines ORDER BY name")
    assert len((await editor.rows()).rows) == 4
    assert not submitted.done()
    await editor.command("speql.cancel", editor.uri)
    assert (await submitted)["outcome"] == "nothing"


def test_a_mistake_of_the_client_is_one_line_in_the_log() -> None:
    error = JsonRpcInvalidParams("file:///x.sql is not open.")
    record = logging.LogRecord("pygls", logging.ERROR, "", 0, "Failed: %r", ("4",), (type(error), error, None))
    assert _without_traceback_of_the_client(record)
    assert logging.Formatter("%(message)s").format(record) == "Failed: '4' file:///x.sql is not open."
