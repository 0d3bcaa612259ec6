"""What the preview panel shows besides rows: places of SELECTs, both texts, the base tables of jobs, what was saved."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlglot import exp, parse_one

from speql_scheduler.matching.units import units_of
from speql_server import protocol
from speql_server.analysis import Analysis
from speql_server.client import ServerAnswerError
from speql_server.lsp.positions import LineIndex
from speql_speculator.repair import Repair
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import Statement
from speql_sql import Catalog, Span

NESTED = """WITH late AS (
  SELECT carrier, dep_delay FROM (SELECT * FROM flights) AS f WHERE dep_delay > 30
)
SELECT carrier, count(*) AS n FROM late GROUP BY carrier"""


async def test_every_part_of_the_breadcrumb_has_a_place_that_leads_back_to_it(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(NESTED)
    await editor.rows()
    editor.put_cursor(NESTED.index("* FROM flights"))
    inner = await editor.rows(lambda message: len(message.breadcrumb) == 3)
    assert inner.breadcrumb == ["main", "CTE late", "derived table f"]
    assert len(inner.places) == 3
    for depth, place in enumerate(inner.places, start=1):
        editor.forget()
        editor.client.notify("speql/cursor", {"uri": editor.uri, "position": msgspec.to_builtins(place)})
        shown = await editor.rows()
        assert shown.breadcrumb == inner.breadcrumb[:depth]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3",
        "SELECT a FROM (SELECT 1 AS a UNION SELECT 2) AS u WHERE a IN (SELECT max(b) FROM (SELECT 3 AS b) AS v)",
        "WITH x AS (SELECT 1 AS a), y AS (SELECT a FROM x) SELECT * FROM y",
    ],
)
def test_places_are_inside_their_select_alone(text: str) -> None:
    query = parse_one(text, dialect="duckdb")
    assert isinstance(query, exp.Query)
    units = units_of(text, query)
    repaired = Repair(typed=text, sql=text, edits=(), confidence=1.0, problems=(), query=query, cursor=0)
    statement = Statement(Span(5, 5 + len(text)), text)
    snapshot = Snapshot("file:///q.sql", 1, f"-- x\n{text}", 0)
    analysis = Analysis(snapshot, Catalog(), LineIndex(snapshot.text), (statement,), statement, repaired, units=units)
    places = {unit.path: analysis.place_in(unit.path) for unit in units if not unit.correlated}
    found = {path: place for path, place in places.items() if place is not None}
    assert len(found) >= len(places) - 1, "only a set operation without a gap of its own has no place"
    assert ("main", "no such") not in found
    assert analysis.place_in(("main", "no such")) is None


async def test_the_pieces_are_the_typed_and_the_executed_text(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    text = "SELECT carier, count(*) AS n FROM flights WHERE (dep_delay > 10"
    editor.open()
    editor.type(text)
    preview = await editor.rows(lambda message: bool(message.edits))
    assert "".join(piece.typed for piece in preview.pieces) == text
    executed = "".join(piece.executed for piece in preview.pieces)
    assert "carrier" in executed
    assert executed.count("(") == executed.count(")")
    edited = [piece.edit for piece in preview.pieces if piece.edit is not None]
    assert edited == list(range(len(preview.edits)))
    for piece in preview.pieces:
        if piece.edit is None:
            assert piece.typed == piece.executed
        else:
            assert (piece.typed, piece.executed) == (
                preview.edits[piece.edit].old_text,
                preview.edits[piece.edit].new_text,
            )


async def test_the_rest_of_a_word_is_predicted_a_closed_parenthesis_is_not(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open()
    editor.type("SELECT max(dep_delay FROM flig")
    preview = await editor.rows(lambda message: len(message.edits) > 1)
    assert {edit.code: edit.predicted for edit in preview.edits} == {"closed": False, "name-completed": True}


async def test_accepting_leaves_the_rest_of_the_word_at_the_cursor_to_the_ghost_text(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    written: list[list[str]] = []

    def apply(params: Any) -> dict[str, Any]:
        written.append([edit["newText"] for edit in params["edit"]["documentChanges"][0]["edits"]])
        return {"applied": True}

    editor.client.answers["workspace/applyEdit"] = apply
    editor.open()
    editor.type("SELECT max(dep_delay FROM flig")
    assert (await editor.command("speql.acceptRepair", editor.uri, editor.version))["applied"]
    assert written == [[")"]]
    editor.replace(0, len(editor.text), "")
    editor.type("SELECT max(dep_delay) FROM flig")
    refused = await editor.command("speql.acceptRepair", editor.uri, editor.version)
    assert "Tab" in refused["reason"]
    editor.replace(len(editor.text), len(editor.text), " WHERE id > 3")
    left = await editor.rows(lambda message: bool(message.edits))
    assert not any(edit.predicted for edit in left.edits)


async def test_jobs_name_the_base_tables_that_they_read(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT name, count(*) AS n FROM flights JOIN airlines USING (carrier) GROUP BY name")
    preview = await editor.rows()
    graph = msgspec.convert(
        await editor.client.wait_for("speql/jobs", lambda jobs: any(node["state"] == "done" for node in jobs["nodes"])),
        protocol.Jobs,
    )
    names = {table.name.rsplit(".")[-1]: table for table in graph.tables}
    assert set(names) == {"flights", "airlines"}
    assert names["flights"].rows == 5_000
    shown = next(node for node in graph.nodes if node.kind == "preview")
    assert set(shown.tables) == {table.name for table in graph.tables}
    assert preview.timings.direct is not None
    assert preview.timings.direct > 0


async def test_the_columns_of_the_select_at_the_cursor_are_told_before_its_rows(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(NESTED)
    await editor.rows()
    told = msgspec.convert(await editor.command("speql.columns", {"uri": editor.uri}), protocol.Columns)
    assert [(column.name, column.type) for column in told.columns] == [("carrier", "VARCHAR"), ("n", "BIGINT")]
    editor.put_cursor(NESTED.index("dep_delay FROM"))
    await editor.rows(lambda message: len(message.breadcrumb) == 2)
    told = msgspec.convert(await editor.command("speql.columns", {"uri": editor.uri}), protocol.Columns)
    assert [column.name for column in told.columns] == ["carrier", "dep_delay"]
    editor.replace(0, len(editor.text), "")
    await editor.preview(lambda message: message.outcome == "nothing")
    assert await editor.command("speql.columns", {"uri": editor.uri}) == {"columns": []}
    with pytest.raises(ServerAnswerError, match="is not open"):
        await editor.command("speql.columns", {"uri": "file:///nowhere.sql"})


async def test_a_sample_that_cannot_be_is_refused_with_the_reason(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT count(DISTINCT carrier) AS n FROM flights")
    await editor.rows()
    answer = msgspec.convert(await editor.command("speql.sample", {"uri": editor.uri}), protocol.Sampled)
    assert not answer.shown
    assert answer.reason == "The exact rows are there."
    editor.replace(0, len(editor.text), "")
    await editor.preview(lambda message: message.outcome == "nothing")
    answer = msgspec.convert(await editor.command("speql.sample", {"uri": editor.uri}), protocol.Sampled)
    assert answer.reason == "There is no preview to estimate."


async def test_what_a_submit_has_saved_is_counted(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT carrier, count(*) AS n FROM flights GROUP BY carrier ORDER BY carrier")
    await editor.rows(lambda message: "exact" in message.states)
    answer = await editor.submit()
    assert "cached" in answer.states
    assert answer.timings.direct is not None
    status = await editor.client.wait_for(
        "speql/status", lambda one: (one["budget"]["secondsSaved"] or 0) > 0 or one["budget"]["secondsSaved"] == 0
    )
    assert status["budget"]["secondsSaved"] is not None
