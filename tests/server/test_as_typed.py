"""What the engine accepts is shown and submitted as it is typed: the rules repair only what the engine refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Direct = Callable[[str], list[tuple[Any, ...]]]

VALID = [
    "SELECT id FROM flights ORDER BY id LIMIT 1%",
    "SELECT count() FROM flights",
    "SELECT count(*) FROM flights, airlines",
    "SELECT a.*, b.* FROM airlines a, airlines b ORDER BY a.carrier, b.carrier",
    "SELECT carrier FROM airlines ORDER BY #1 DESC LIMIT 1",
    "SELECT s.* FROM (SELECT {'a': 1} AS s)",
    "VALUES (1, 'é😀'), (2, NULL)",
    "values (1), (2), (3) -- all of them",
    "SELECT @(-5) AS a",
    "TABLE airlines",
    "SELECT flights.main.airlines.carrier FROM flights.main.airlines ORDER BY 1",
]

ONLY_THE_ENGINE_READS = [
    *("SELECT 5!", "SELECT [x * 2 for x in [1, 2]] AS l", "SELECT x: 42"),
    *("DESCRIBE airlines", "SUMMARIZE airlines", "SHOW TABLES"),
]


@pytest.mark.parametrize("sql", VALID)
async def test_a_valid_query_is_previewed_and_submitted_as_it_is(
    start: Any, flights: Path, direct: Direct, sql: str
) -> None:
    editor = await start("--database", flights)
    editor.open(sql)
    preview = await editor.rows()
    assert (preview.edits, "predicted" in preview.states) == ([], False)
    expected = [list(row) for row in direct(sql)][:100]
    assert preview.rows == expected
    assert (await editor.submit()).rows == expected


@pytest.mark.parametrize("sql", ONLY_THE_ENGINE_READS)
async def test_what_only_the_engine_can_read_is_submitted(start: Any, flights: Path, direct: Direct, sql: str) -> None:
    editor = await start("--database", flights)
    editor.open(sql)
    shown = await editor.preview()
    assert [(one.code, one.severity) for one in shown.problems if one.code != "loading"] in (
        [],
        [("not-understood", "information")],
    )
    answer = await editor.submit()
    assert (answer.outcome, len(answer.rows)) == ("rows", len(direct(sql)))


async def test_tables_that_nothing_joins_are_not_multiplied_while_typing(start: Any, flights: Path) -> None:
    """Valid, and 125 billion rows: the repair stands, says that it does, and is no exact answer to what was typed."""
    editor = await start("--database", flights)
    editor.open("SELECT count(*) FROM flights a, flights b, flights c")
    preview = await editor.preview()
    assert preview.edits
    assert "predicted" in preview.states or preview.outcome != "rows"


@pytest.mark.parametrize(
    "unfinished", ["SELECT carrier FROM flights WHERE id > 3 ORDE", "SELECT carrier, count(*) FROM flights GROUP"]
)
async def test_a_repair_at_the_end_of_a_query_is_predicted(start: Any, flights: Path, unfinished: str) -> None:
    editor = await start("--database", flights)
    editor.open(unfinished)
    preview = await editor.rows()
    assert preview.edits
    assert "predicted" in preview.states


async def test_a_statement_submitted_right_after_its_last_character_runs(start: Any, tmp_path: Path) -> None:
    """The analysis of the last keystroke comes to nothing that could be speculated; the submit goes on all the same."""
    editor = await start()
    editor.open()
    for statement in ("CREATE TABLE t (i INTEGER)", "INSERT INTO t SELECT i FROM range(300) r(i)"):
        editor.replace(0, len(editor.text), statement)
        answer = await editor.submit()
        assert [problem.message for problem in answer.problems] == []
        assert answer.outcome == "rows"
    editor.replace(0, len(editor.text), "SELECT count(*) FROM t")
    assert (await editor.submit()).rows == [[300]]


@pytest.mark.parametrize(
    "begun",
    [
        "SELECT count(*) FROM flights f JOIN airlines a ON a.carrier",
        "SELECT carrier FROM flights WHERE carrier",
        "SELECT carrier FROM flights WHERE id > 3 AND carrier",
        "SELECT carrier FROM flights WHERE carrier| AND id > 3",
        "SELECT carrier FROM flights WHERE (carrier| OR id > 3) AND id < 9",
        "SELECT carrier, count(*) FROM flights WHERE id > 3 AND carrier| GROUP BY carrier",
    ],
)
async def test_a_condition_that_is_only_begun_is_repaired(start: Any, flights: Path, begun: str) -> None:
    """The engine binds it, and fails when it makes a truth value of a text: nobody means that yet."""
    before, _, after = begun.partition("|")
    word = before.split(" ")[-1].strip("(")
    editor = await start("--database", flights)
    editor.open(before.removesuffix(word) + after)
    editor.replace(len(before) - len(word), len(before) - len(word), word)
    preview = await editor.preview(lambda message: message.outcome != "nothing")
    assert preview.outcome == "rows"
    assert preview.edits
