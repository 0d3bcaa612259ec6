"""The benchmark: its clock, its edits, its figures, and a replay of a small query on a real database."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from speql_engines.connections import open_engine
from speql_server.cli.bench.commit import measured_commit
from speql_server.cli.bench.edits import explorations
from speql_server.cli.bench.metered_engine import Call, Meter
from speql_server.cli.bench.records import ReplayRecord, Setting, SubmitRecord
from speql_server.cli.bench.report_page import write_report
from speql_server.cli.bench.results import Results, read_results
from speql_server.cli.bench.rhythm import honest_moment, human, revealed
from speql_server.cli.bench.summary import figures, percentile
from speql_server.cli.bench.virtual_time import VirtualTimeLoop, run_in_virtual_time
from speql_server.cli.main import app
from speql_sql import SpeqlError

QUERY = """SELECT c.name, sum(s.amount) AS total
FROM sales AS s, customers AS c
WHERE s.customer = c.id
  AND c.country = 'CH'
  AND s.year = 2001
GROUP BY c.name
ORDER BY total DESC, c.name
LIMIT 10"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("""
            CREATE TABLE customers AS SELECT i AS id, 'name ' || i AS name, ['CH', 'DE', 'FR'][1 + i % 3] AS country,
              'street ' || (i % 7) AS street FROM range(90) r(i)""")
        connection.execute("""
            CREATE TABLE sales AS SELECT (i % 90) AS customer, 2000 + (i % 4) AS year, (i * 31 % 1000)::INTEGER
              AS amount, (i % 12)::INTEGER AS month FROM range(1200000) r(i)""")
    return path


def test_pauses_cost_no_real_time_and_are_there_on_the_clock() -> None:
    async def pause(loop: VirtualTimeLoop) -> float:
        began = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - began

    began = time.perf_counter()
    assert run_in_virtual_time(pause) == pytest.approx(3600, abs=5)
    assert time.perf_counter() - began < 60


def test_the_clock_goes_on_while_a_thread_or_a_statement_works() -> None:
    async def work(loop: VirtualTimeLoop) -> list[str]:
        order: list[str] = []
        loop.call_later(3600, order.append, "timer")
        with ThreadPoolExecutor(1) as threads:
            await loop.run_in_executor(threads, lambda: order.append("thread"))
        with loop.statement():
            await asyncio.sleep(0)
            order.append("statement")
        await asyncio.sleep(3601)
        return order

    assert run_in_virtual_time(work) == ["thread", "statement", "timer"]


def test_a_slower_engine_takes_more_of_the_clock_and_looking_takes_nothing() -> None:
    async def work(loop: VirtualTimeLoop) -> tuple[float, float]:
        with ThreadPoolExecutor(1) as threads, loop.statement():
            real, began = time.perf_counter(), loop.time()
            await loop.run_in_executor(threads, sum, range(3_000_000))
            slowed = (loop.time() - began) / (time.perf_counter() - real)
        began = loop.time()
        with loop.stopped(), ThreadPoolExecutor(1) as threads:
            await loop.run_in_executor(threads, sum, range(3_000_000))
            looked = loop.time() - began
        return slowed, looked

    slowed, looked = run_in_virtual_time(work, slowdown=50)
    assert slowed == pytest.approx(50, rel=0.2)
    assert looked < 1e-3


def test_overlapping_calls_are_busy_once() -> None:
    meter = Meter([Call("create", 0, 10), Call("execute", 5, 12), Call("bind", 20, 21)])
    assert meter.busy_seconds() == 13
    assert meter.busy_seconds("create", "execute") == 12
    assert meter.busy_seconds("create", until=4) == 4
    assert meter.work_over_time(0, 20, "create")[9] == 10_000


def test_a_person_types_every_character_with_pauses_at_line_ends() -> None:
    strokes = list(human(QUERY, "q"))
    assert strokes[-1].text == QUERY
    at_ends = [stroke.pause for stroke in strokes if stroke.text.endswith("\n")]
    assert len(at_ends) == QUERY.count("\n")
    assert min(at_ends) > 1.2
    assert {stroke.pause for stroke in strokes if not stroke.text.endswith("\n")} == {0.2}
    assert [stroke.pause for stroke in human(QUERY, "q")] == [stroke.pause for stroke in strokes]
    assert [stroke.pause for stroke in human(QUERY, "p")] != [stroke.pause for stroke in strokes]


def test_the_honest_moment_is_the_line_before_order_by() -> None:
    prefixes = revealed(QUERY)
    moment = honest_moment(prefixes, "duckdb")
    assert moment is not None
    assert prefixes[moment].endswith("GROUP BY c.name")
    assert len(revealed("\n".join(["SELECT 1"] * 50))) == 21


async def test_edits_change_one_thing_each_and_bind(database: Path) -> None:
    engine = await open_engine(str(database))
    try:
        found = [edit async for edit in explorations(QUERY, engine, await engine.catalog(), "q")]
        assert [edit.name for edit in found] == ["constant", "predicate", "measure or key"]
        texts = [QUERY, *(edit.versions[-1] for edit in found)]
        assert all(edit.versions[0] == before for edit, before in zip(found, texts, strict=False))
        assert len(set(texts)) == 4
        assert len(texts[2].split("\n")) == len(QUERY.split("\n")) + 1
        for text in texts:
            assert (await engine.bind(text)).ok
    finally:
        await engine.close()


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 2.5), (0.9, 3.7), (1.0, 4.0)])
def test_percentiles_are_interpolated(share: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == pytest.approx(value)


def test_figures_count_what_is_wrong_and_what_is_late() -> None:
    right = _submit("final", submit_ms=10, direct_ms=100)
    wrong = _submit("constant", submit_ms=300, direct_ms=100, difference="a row is missing", temp_only=False)
    records = [
        ReplayRecord(query="a", protocol="human", submits=[right], queries_ms=200, after_submit_ms=50, direct_ms=100),
        ReplayRecord(query="a", protocol="edits", submits=[wrong], queries_ms=900, direct_ms=100, previews_wrong=["x"]),
    ]
    found = {figure.name: figure for figure in figures(records)}
    assert (found["wrong results"].value, found["wrong results"].reached) == ("2 of 2 submits and 0 previews", False)
    assert found["human: submit"].reached
    assert found["edits: submit"].reached is False
    assert found["human: speculative work over direct work"].reached
    assert "0.5x of it after the submit" in found["human: speculative work over direct work"].value
    assert found["edits: speculative work over direct work"].reached is False
    assert found["in total: speculative work over direct work"].value.startswith("5.5x (1.1 / 0.2 s)")
    assert found["final query served from temp tables alone"].reached


def test_results_are_resumed_but_not_those_of_another_setting(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    record = ReplayRecord(query="a", protocol="human")
    Results(path, _setting(1.0)).add(record)
    with path.open("ab") as file:
        file.write(b'{"query": "b", "prot')  # the process was killed
    again = Results(path, _setting(1.0))
    assert again.has("a", "human")
    assert not again.has("b", "human")
    again.add(ReplayRecord(query="b", protocol="human"))
    assert [each.query for each in read_results(path)[1]] == ["a", "b"]
    with pytest.raises(SpeqlError, match="another setting"):
        Results(path, _setting(2.0))


def test_a_replay_compares_every_result_and_reports(database: Path, tmp_path: Path) -> None:
    queries, results, page = tmp_path / "queries", tmp_path / "results.jsonl", tmp_path / "page.md"
    queries.mkdir()
    (queries / "top.sql").write_text(QUERY)
    arguments = ["bench", str(queries), "-d", str(database), "--results", str(results), "--direct-runs", "1"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    _, records = read_results(results)
    assert [record.protocol for record in records] == ["lines", "human", "edits"]
    assert all(submit.by_added is not None for record in records for submit in record.submits)
    assert [submit.moment for submit in records[0].submits] == ["honest", "final"]
    assert [submit.moment for submit in records[2].submits] == ["constant", "predicate", "measure or key"]
    assert not any(submit.difference or submit.uncompared for record in records for submit in record.submits)
    assert not any(record.previews_wrong or record.failure for record in records)
    assert records[1].keystrokes > 150
    assert json.loads(results.read_text().splitlines()[0])["database"] == "shop.duckdb"

    write_report([results], page)
    text = page.read_text()
    if commit := measured_commit():
        assert {record.commit for record in records} == {commit}
        assert f"`{commit}` (lines: 1), `{commit}` (human: 1), `{commit}` (edits: 1)." in text
    assert "| wrong results | 0 of 6 submits" in text
    for line in text.splitlines():
        if line.startswith("!["):
            assert (tmp_path / line.rsplit("(", 1)[1].rstrip(")")).stat().st_size > 1000


def test_no_preview_need_be_compared(database: Path, tmp_path: Path) -> None:
    query, results = tmp_path / "top.sql", tmp_path / "results.jsonl"
    query.write_text(QUERY)
    arguments = ["bench", str(query), "-d", str(database), "--results", str(results), "--protocols", "human"]
    run = CliRunner().invoke(app, [*arguments, "--direct-runs", "1", "--compared-previews", "0"])
    assert run.exit_code == 0, run.output
    (record,) = read_results(results)[1]
    assert (record.previews_compared, record.failure) == (0, "")


def _submit(
    moment: str, *, submit_ms: float, direct_ms: float, difference: str = "", temp_only: bool = True
) -> SubmitRecord:
    return SubmitRecord(
        moment=moment,
        submit_ms=submit_ms,
        executed_ms=1.0,
        direct_ms=direct_ms,
        served=True,
        temp_only=temp_only,
        cached=False,
        difference=difference,
    )


def _setting(slowdown: float) -> Setting:
    return Setting(
        database="x.duckdb", engine="DuckDB", slowdown=slowdown, threads=2, rows=1, direct_runs=1, version="0"
    )
