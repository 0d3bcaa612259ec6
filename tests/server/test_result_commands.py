"""Pages, statistics, charts and files of a result, explanations, pausing: over real stdio."""

import base64
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import openpyxl
import pyarrow as pa
import pytest

from speql_server import protocol
from speql_server.client import ServerAnswerError

QUERY = "SELECT id, carrier, dep_delay, day FROM flights ORDER BY id"


async def submitted(start: Any, flights: Path, query: str = QUERY) -> tuple[Any, str]:
    editor = await start("--database", flights)
    editor.open(query)
    answer = await editor.submit()
    assert answer.outcome == "rows"
    return editor, answer.result


async def rows(editor: Any, result: str, **asked: Any) -> protocol.Rows:
    params = {"uri": editor.uri, "result": result, **asked}
    return msgspec.convert(await editor.client.request("speql/rows", params), protocol.Rows)


async def test_a_result_is_paged_to_its_end(start: Any, flights: Path, direct: Any) -> None:
    editor, result = await submitted(start, flights)
    whole = [[row[0], row[1], row[2], str(row[3])] for row in direct(QUERY)]
    found: list[list[Any]] = []
    while len(found) < len(whole):
        page = await rows(editor, result, offset=len(found), count=1_999)
        assert (page.total_rows, page.all_rows, page.offset) == (5_000, 5_000, len(found))
        found += page.rows
    assert found == whole


async def test_a_preview_is_paged_and_filtered(start: Any, flights: Path, direct: Any) -> None:
    editor = await start("--database", flights)
    editor.open()
    editor.type(QUERY)
    preview = await editor.rows(lambda message: len(message.rows) == 100)
    page = await rows(
        editor,
        preview.result,
        filters=[{"column": 1, "operator": "=", "values": ["UA"]}],
        orders=[{"column": 0, "descending": True}],
        count=3,
    )
    expected = direct("SELECT id FROM flights WHERE carrier = 'UA' ORDER BY id DESC LIMIT 3")
    assert [row[0] for row in page.rows] == [row[0] for row in expected]
    assert page.total_rows == direct("SELECT count(*) FROM flights WHERE carrier = 'UA'")[0][0]


async def test_a_page_as_arrow(start: Any, flights: Path) -> None:
    editor, result = await submitted(start, flights, "SELECT 2::HUGEINT ** 3 AS a, 'x' AS a")
    page = await rows(editor, result, format="arrow")
    with pa.ipc.open_stream(base64.b64decode(page.arrow)) as stream:
        assert stream.read_all().column(1).to_pylist() == ["x"]
    assert page.rows == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"result": "r999"}, "no longer known"),
        ({"offset": -1}, "no such page"),
        ({"count": 1_000_000}, "no such page"),
        ({"filters": [{"column": 9, "operator": "is null"}]}, "no column 9"),
        ({"filters": [{"column": 0, "operator": "="}]}, "takes 1"),
        ({"filters": [{"column": 3, "operator": "=", "values": ["soon"]}]}, "soon"),
        ({"orders": [{"column": 4}]}, "no column 4"),
        ({"format": "xml"}, "format"),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_words(
    start: Any, flights: Path, asked: dict[str, Any], told: str
) -> None:
    editor, result = await submitted(start, flights)
    with pytest.raises(ServerAnswerError, match=told):
        await rows(editor, **{"result": result, **asked})


async def test_statistics_of_columns(start: Any, flights: Path, direct: Any) -> None:
    editor, result = await submitted(start, flights)
    answer = await editor.command("speql.profile", {"uri": editor.uri, "result": result})
    profile = msgspec.convert(answer, protocol.Profile)
    by_name = {column.name: column for column in profile.columns}
    low, high, mean, nulls = direct(
        "SELECT min(dep_delay), max(dep_delay), avg(dep_delay), count(*) - count(dep_delay) FROM flights"
    )[0]
    delay = by_name["dep_delay"]
    assert (delay.low, delay.high, delay.nulls) == (low, high, nulls)
    assert delay.mean == pytest.approx(mean)
    assert delay.histogram is not None
    assert sum(delay.histogram.counts) == 5_000 - nulls
    assert by_name["day"].low == "2013-01-01"
    counts = {value.value: value.count for value in by_name["carrier"].frequent}
    assert counts == dict(direct("SELECT carrier, count(*) FROM flights GROUP BY 1"))


async def test_a_chart_has_its_data(start: Any, flights: Path, direct: Any) -> None:
    editor, result = await submitted(start, flights)
    asked = {"uri": editor.uri, "result": result}
    proposed = msgspec.convert(await editor.command("speql.chart", asked), protocol.Chart)
    assert (proposed.mark, proposed.x, proposed.y, proposed.colour) == ("line", 3, 2, 1)
    assert [(one.mark, one.x, one.binned) for one in proposed.proposals] == [
        ("line", 3, False),
        ("bar", 1, False),
        ("bar", 2, True),
        ("point", 0, False),
    ]
    chosen = {**asked, "mark": "bar", "x": 1, "y": 2, "aggregate": "mean"}
    chart = msgspec.convert(await editor.command("speql.chart", chosen), protocol.Chart)
    values = chart.specification["data"]["values"]
    expected = dict(direct("SELECT carrier, avg(dep_delay) FROM flights GROUP BY 1"))
    assert {value["x"]: value["y"] for value in values} == pytest.approx(expected)
    assert chart.specification["encoding"]["y"]["title"] == "mean of dep_delay"
    with pytest.raises(ServerAnswerError, match="needs a column"):
        await editor.command("speql.chart", {**asked, "x": 1, "aggregate": "sum"})


async def test_a_result_is_exported_as_it_is_arranged(start: Any, flights: Path, tmp_path: Path) -> None:
    editor, result = await submitted(start, flights)
    path = tmp_path / "out.parquet"
    asked = {
        "uri": editor.uri,
        "result": result,
        "path": path.as_uri(),
        "format": "parquet",
        "filters": [{"column": 1, "operator": "=", "values": ["AA"]}],
        "orders": [{"column": 0, "descending": True}],
    }
    exported = msgspec.convert(await editor.command("speql.export", asked), protocol.Exported)
    found = duckdb.sql(f"SELECT * FROM '{path}'").fetchall()
    with duckdb.connect(str(flights), read_only=True) as connection:
        query = f"SELECT * FROM ({QUERY}) WHERE carrier = 'AA' ORDER BY id DESC"
        assert found == connection.execute(query).fetchall()
    assert (exported.rows, exported.bytes, exported.path) == (len(found), path.stat().st_size, str(path))
    with pytest.raises(ServerAnswerError, match="there already"):
        await editor.command("speql.export", asked)
    with pytest.raises(ServerAnswerError, match="absolute"):
        await editor.command("speql.export", {**asked, "path": "out.csv"})


async def test_a_result_is_exported_to_excel_and_json(start: Any, flights: Path, tmp_path: Path, direct: Any) -> None:
    editor, result = await submitted(start, flights)
    asked = {"uri": editor.uri, "result": result, "filters": [{"column": 0, "operator": "<", "values": ["5"]}]}
    path = tmp_path / "out.xlsx"
    await editor.command("speql.export", {**asked, "path": str(path), "format": "xlsx"})
    book = openpyxl.load_workbook(path)
    rows = [tuple(cell.value for cell in row) for row in book.active.iter_rows()]
    book.close()
    expected = direct(f"SELECT * FROM ({QUERY}) WHERE id < 5")
    assert rows[0] == ("id", "carrier", "dep_delay", "day")
    assert [(*row[:3], row[3].date()) for row in rows[1:]] == expected
    path = tmp_path / "out.json"
    await editor.command("speql.export", {**asked, "path": str(path), "format": "json"})
    assert duckdb.sql(f"SELECT * FROM '{path}'").fetchall() == expected


async def test_what_a_sheet_does_not_take_is_told_before_anything_is_written(
    start: Any, flights: Path, tmp_path: Path
) -> None:
    editor, result = await submitted(start, flights, "SELECT a.id FROM flights a, range(300) r")
    asked = {"uri": editor.uri, "result": result, "path": str(tmp_path / "out.xlsx"), "format": "xlsx"}
    with pytest.raises(ServerAnswerError, match=r"1,500,000 rows.*Filter the rows, or export to CSV or Parquet"):
        await editor.command("speql.export", asked)
    assert not sheets(tmp_path)


def sheets(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if "xlsx" in file.name]


async def test_a_result_of_another_server_is_not_mistaken_for_one_of_this(start: Any, flights: Path) -> None:
    _, earlier = await submitted(start, flights)
    editor, result = await submitted(start, flights, "SELECT 1 AS one")
    assert earlier != result
    with pytest.raises(ServerAnswerError, match="no longer known"):
        await rows(editor, earlier)


async def test_an_explanation_names_what_would_be_made(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT 1;\nSELECT carrier, max(dep_delay) FROM flights GROUP BY carrier ORDER BY")
    answer = await editor.command("speql.explain", editor.uri, editor.position(len(editor.text)))
    explained = msgspec.convert(answer, protocol.Explained)
    assert "GROUP BY" in explained.repaired
    assert explained.units[0].path
    assert all(unit.reason for unit in explained.units)
    assert explained.sql


async def test_nothing_is_speculated_while_paused(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open()
    assert await editor.command("speql.pause", True) == {"paused": True}
    status = await editor.client.wait_for("speql/status", lambda one: "by you" in one["speculation"]["reason"])
    assert "speql.pause" in status["speculation"]["reason"]
    editor.replace(0, 0, "SELECT count(*) AS n FROM flights")
    assert (await editor.submit()).rows == [[5_000]]
    previews = [one["params"] for one in editor.client.received if one["method"] == "speql/preview"]
    assert not any(preview["purpose"] == "preview" and preview["rows"] for preview in previews)
    assert await editor.command("speql.pause") == {"paused": False}
    assert (await editor.rows(lambda message: message.purpose == "preview")).rows == [[5_000]]
    with pytest.raises(ServerAnswerError, match=r"speql\.pause takes"):
        await editor.command("speql.pause", "now")
