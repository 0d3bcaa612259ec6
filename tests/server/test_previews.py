"""Typing over real stdio: previews arrive, are of the SELECT under the cursor, and have the rows of a direct run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speql_server import protocol

Direct = Callable[[str], list[tuple[Any, ...]]]

QUERY = """WITH late AS (
  SELECT carrier, avg(dep_delay) AS delay, count(*) AS n
  FROM flights WHERE dep_delay > 30 GROUP BY carrier
)
SELECT a.name, late.n FROM late JOIN airlines a USING (carrier) ORDER BY late.n DESC, a.name LIMIT 2"""


async def test_a_query_typed_character_by_character(start: Any, flights: Path, direct: Direct) -> None:
    editor = await start("--database", flights)
    editor.open()
    for character in QUERY:
        editor.type(character)
    preview = await editor.rows(lambda message: not message.edits and "exact" in message.states)
    assert preview.rows == [list(row) for row in direct(QUERY)]
    assert [column.name for column in preview.columns] == ["name", "n"]
    assert editor.covered(preview.statement) == QUERY
    assert preview.breadcrumb == ["main"]
    assert preview.timings.analysis is not None
    assert preview.timings.total is not None


async def test_every_line_of_an_unfinished_query_has_a_preview(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open()
    for line in ("SELECT carrier, count(*) AS n", "\nFROM flights", "\nWHERE dep_delay > ", "10", "\nGROUP BY carrier"):
        editor.type(line)
        preview = await editor.rows()
        assert preview.columns


async def test_the_cursor_in_a_cte_shows_the_cte(start: Any, flights: Path, direct: Direct) -> None:
    editor = await start("--database", flights)
    editor.open(QUERY)
    await editor.rows()
    editor.put_cursor(QUERY.index("avg"))
    preview = await editor.rows(lambda message: len(message.breadcrumb) > 1)
    expected = direct(
        "SELECT carrier, avg(dep_delay) AS delay, count(*) AS n FROM flights WHERE dep_delay > 30 GROUP BY carrier"
    )
    assert sorted(preview.rows) == [list(row) for row in sorted(expected)]
    assert preview.breadcrumb[-1] == "CTE late"
    assert editor.covered(preview.range).startswith("SELECT carrier, avg")
    assert editor.covered(preview.statement) == QUERY


async def test_the_diff_is_the_repair_and_its_ranges_are_exact(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open()
    editor.type("SELECT '😀' AS face, carrier FROM flights WHERE (dep_delay > 10")
    preview = await editor.rows()
    assert preview.edits
    for edit in preview.edits:
        assert editor.covered(edit.range) == edit.old_text
        assert edit.reason
    assert "predicted" in preview.states
    text = editor.text
    for edit in sorted(preview.edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        place = len(text) if editor.covered(edit.range) == "" else text.index(edit.old_text)
        text = text[:place] + edit.new_text + text[place + len(edit.old_text) :]
    assert text.count("(") == text.count(")")


async def test_a_large_result_has_its_first_page_only(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT range AS i FROM range(100000000)")
    preview = await editor.rows()
    assert len(preview.rows) == 100
    assert not preview.complete


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_positions_are_in_the_negotiated_encoding(start: Any, flights: Path, encoding: str) -> None:
    editor = await start("--database", flights, encodings=[encoding])
    assert editor.encoding == encoding
    editor.open("-- é😀\r\nSELECT '😀e\u0301' AS f, nme FROM airlines")
    diagnostics = await editor.diagnostics(lambda found: bool(found))
    assert editor.covered(diagnostics[0]["range"]) == "nme"
    editor.replace(editor.text.index("nme"), editor.text.index("nme") + 3, "name")
    preview = await editor.rows(lambda message: not message.edits)
    assert editor.covered(preview.statement) == "SELECT '😀e\u0301' AS f, name FROM airlines"
    assert preview.rows[0][0] == "😀e\u0301"


async def test_jobs_and_status_are_well_formed(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(QUERY)
    await editor.rows()
    await editor.submit()
    status = await editor.client.wait_for("speql/status", lambda params: params["connection"]["state"] == "open")
    opened = msgspec.convert(status, protocol.Status)
    assert opened.connection.engine.lower().startswith("duckdb")
    assert opened.connection.tables == 2
    assert opened.budget.bytes_allowed
    jobs = [
        msgspec.convert(one["params"], protocol.Jobs) for one in editor.client.received if one["method"] == "speql/jobs"
    ]
    assert jobs
    for graph in jobs:
        assert graph.uri == editor.uri
        assert {edge.source for edge in graph.edges} | {edge.target for edge in graph.edges} <= {
            node.key for node in graph.nodes
        }
    statuses = [one["params"] for one in editor.client.received if one["method"] == "speql/status"]
    assert {msgspec.convert(one, protocol.Status).speculation.state for one in statuses} >= {"running", "idle"}


async def test_two_documents_do_not_disturb_each_other(start: Any, flights: Path, direct: Direct) -> None:
    first = await start("--database", flights)
    second = await start(on=first.client)
    first.open("SELECT count(*) FROM flights")
    second.open("SELECT name FROM airlines WHERE carrier = 'AA'")
    assert (await first.rows()).rows == [[5000]]
    assert (await second.rows()).rows == [["American"]]
    first.client.notify("textDocument/didClose", {"textDocument": {"uri": first.uri}})
    second.replace(0, len(second.text), "SELECT 41 + 1 AS x")
    assert (await second.rows()).rows == [[42]]


async def test_the_statement_at_the_cursor_is_shown_of_many(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT 1 AS one;\nSELECT 2 AS two;\nSELECT 3 AS three")
    assert (await editor.rows()).rows == [[1]]
    editor.put_cursor(editor.text.index("two"))
    assert (await editor.rows(lambda message: message.rows == [[2]])).columns[0].name == "two"
    editor.put_cursor(len(editor.text))
    assert (await editor.rows(lambda message: message.rows == [[3]])).columns[0].name == "three"
