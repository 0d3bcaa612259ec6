import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from IPython.core.interactiveshell import InteractiveShell

from speql_notebook.answer_view import AnswerView, cell_text
from speql_notebook.cell_error import CellError
from speql_notebook.ran import Ran
from speql_server.protocol import Column, Preview, Timings

QUERIES = {
    "grouped": "SELECT store, count(*) AS n, sum(price) AS total FROM sales GROUP BY store ORDER BY store",
    "with NULLs": "SELECT id, item FROM sales WHERE id < 9 ORDER BY id",
    "CTE": "WITH dear AS (SELECT * FROM sales WHERE price > 100) SELECT max(id), min(item) FROM dear",
    "no rows": "SELECT id FROM sales WHERE id < 0",
    "no final semicolon, comment": "-- the first\nSELECT 1 AS one",
}


def run(shell: InteractiveShell, cell: str, line: str = "") -> AnswerView:
    result = shell.run_cell(f"%%speql {line}\n{cell}")
    result.raise_error()
    assert isinstance(result.result, AnswerView)
    return result.result


def error_of(shell: InteractiveShell, cell: str, line: str = "") -> CellError:
    error = shell.run_cell(f"%%speql {line}\n{cell}").error_in_exec
    assert isinstance(error, CellError)
    return error


@pytest.mark.parametrize("sql", QUERIES.values(), ids=QUERIES)
def test_rows_are_those_of_a_direct_run(shell: InteractiveShell, database: Path, sql: str) -> None:
    view = run(shell, sql, f"--database {database}")
    with duckdb.connect(str(database), read_only=True) as direct:
        expected = [list(row) for row in direct.sql(sql).fetchall()]
    assert view.preview.rows == expected
    assert view.preview.complete
    assert "exact" in view.preview.states


def test_the_database_stays_for_the_next_cells(shell: InteractiveShell, database: Path) -> None:
    run(shell, "SELECT 1", f"--database {database}")
    view = run(shell, "SELECT count(*) FROM sales")
    assert view.preview.rows == [[250]]
    assert "shop.duckdb" in view.facts()[-1]


def test_a_long_result_shows_its_first_rows(shell: InteractiveShell, database: Path) -> None:
    view = run(shell, "SELECT * FROM sales ORDER BY id", f"--database {database}")
    assert len(view.preview.rows) == 100
    assert view.facts()[1].startswith("first 100")


def test_every_statement_of_a_cell_is_run_in_memory(shell: InteractiveShell) -> None:
    view = run(shell, "CREATE TABLE t AS SELECT 5 AS five;\nINSERT INTO t VALUES (6);\nSELECT * FROM t ORDER BY five;")
    assert view.preview.rows == [[5], [6]]


def test_a_file_is_read_only_until_it_is_asked_for(shell: InteractiveShell, database: Path) -> None:
    error = error_of(shell, "DELETE FROM sales WHERE id >= 100", f"--database {database}")
    assert "--writable" in str(error)
    run(shell, "DELETE FROM sales WHERE id >= 100", f"--database {database} --writable")
    assert run(shell, "SELECT count(*) FROM sales").preview.rows == [[100]]


def test_unfinished_sql_is_refused_with_the_repaired_text(
    shell: InteractiveShell, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = error_of(shell, "SELECT id FROM sales WHERE id IN (1, 2", f"--database {database}")
    assert "SELECT id FROM sales WHERE id IN (1, 2)" in str(error)
    shown = capsys.readouterr()
    assert "It was not run. Repaired, it would be:" in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("cell", "line", "message"),
    [
        ("SELECT no_such_column FROM sales", "--database shop.duckdb", "no_such_column"),
        ("SELECT error('told you')", "--database shop.duckdb", "told you"),
        ("SELECT 1", "--database no/such/file.duckdb", "file.duckdb"),
        ("-- nothing here", "", "no SQL statement"),
    ],
)
def test_what_fails_is_a_message(
    shell: InteractiveShell, database: Path, capsys: pytest.CaptureFixture[str], cell: str, line: str, message: str
) -> None:
    assert message in str(error_of(shell, cell, line))
    shown = capsys.readouterr()
    assert message in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


def test_a_database_that_cannot_be_opened_does_not_stay(shell: InteractiveShell) -> None:
    error_of(shell, "SELECT 1", "--database no/such/file.duckdb")
    assert run(shell, "SELECT 1").preview.rows == [[1]]


def test_wrong_options_are_a_usage_error(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    result = shell.run_cell("%%speql --databse x\nSELECT 1")
    assert type(result.error_in_exec).__name__ == "UsageError"
    assert "%%speql [--database FILE | --connection NAME] [--writable]" in capsys.readouterr().err


def test_unloading_takes_the_magic_and_its_threads_away(shell: InteractiveShell) -> None:
    run(shell, "SELECT 1")
    assert any(thread.name.startswith("speql-notebook") for thread in threading.enumerate())
    shell.run_line_magic("unload_ext", "speql")
    assert "speql" not in shell.magics_manager.magics["cell"]
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("speql")]
    shell.run_line_magic("load_ext", "speql")
    assert run(shell, "SELECT 2").preview.rows == [[2]]


def test_an_interpreter_that_exits_leaves_nothing(database: Path, tmp_path: Path) -> None:
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\n"
        "shell.run_line_magic('load_ext', 'speql')\n"
        f"shell.run_cell('%%speql --database {database}\\nSELECT store, sum(price) FROM sales GROUP BY store')\n"
    )
    cache = tmp_path / "cache"
    cache.mkdir()
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "XDG_CACHE_HOME": str(cache)}
    environment["TMPDIR"] = str(cache)
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "sum(price)" in ended.stdout
    assert not [path for path in cache.rglob("*") if path.is_file()]
    with duckdb.connect(str(database)) as writer:  # nobody holds a lock
        writer.sql("DROP TABLE sales")


def view_of(rows: list[list[int | str | float | bool | None]], types: list[str]) -> AnswerView:
    columns = [Column(name=f"<c{at}>", type=type_) for at, type_ in enumerate(types)]
    preview = Preview(
        uri="",
        version=1,
        purpose="submit",
        outcome="rows",
        states=["exact"],
        columns=columns,
        rows=rows,
        complete=True,
        served_from=["a", "b"],
        temp_only=True,
        timings=Timings(total=4.2),
    )
    return AnswerView(Ran("SELECT 1", preview, "<shop>"))


def test_html_is_escaped() -> None:
    html = view_of([["<img src=x onerror=alert(1)>"], [None]], ["VARCHAR"])._repr_html_()
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "&lt;c0&gt;" in html
    assert "&lt;shop&gt;" in html
    assert '<td class="null">NULL</td>' in html
    assert "<img" not in html


def test_plain_text_has_the_facts() -> None:
    text = repr(view_of([[1, "[red]x[/red]"], [None, ""]], ["INTEGER", "VARCHAR"]))
    head, rule, *lines = text.splitlines()
    assert head.split() == ["<c0>", "<c1>"]
    assert set(rule) <= {"─", " "}
    assert [line.split() for line in lines[:2]] == [["1", "[red]x[/red]"], ["NULL", "''"]]
    assert lines[2:] == ["exact · 2 rows · 4 ms · served from 2 temp tables · <shop>"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, "NULL"), (True, "true"), (False, "false"), (5, "5"), (5.0, "5.0"), (1e16, "1e+16"), ("", "''"), ("x", "x")],
)
def test_cells_are_written_as_duckdb_writes_them(cell: int | float | str | bool | None, text: str) -> None:
    assert cell_text(cell) == text
