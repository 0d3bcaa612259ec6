"""The repaired text that a cell shows is what the repair's own code makes of it."""

from pathlib import Path

import duckdb
import pytest
from IPython.core.interactiveshell import InteractiveShell

from speql_notebook.cell_error import repaired_text
from speql_server.protocol import Edit, Position, Range


def edit(start: int, end: int, new_text: str) -> Edit:
    ends = (Position(line=0, character=at) for at in (start, end))
    first, last = ends
    return Edit(range=Range(start=first, end=last), old_text="", new_text=new_text, reason="", code="")


@pytest.mark.parametrize(
    ("edits", "repaired"),
    [
        ([edit(8, 8, "1"), edit(8, 8, ", 2")], "SELECT (1, 2 FROM t"),
        ([edit(7, 7, "sum"), edit(7, 8, "[")], "SELECT sum[ FROM t"),
        ([edit(7, 7, "a"), edit(7, 7, "b"), edit(7, 8, ""), edit(15, 15, " WHERE c")], "SELECT ab FROM t WHERE c"),
        ([], "SELECT ( FROM t"),
    ],
)
def test_edits_that_begin_at_one_place_stay_in_their_order(edits: list[Edit], repaired: str) -> None:
    assert repaired_text("SELECT ( FROM t", edits) == repaired


@pytest.mark.parametrize(
    "unfinished",
    [
        "SELECT id FROM sales WHERE id IN (1, 2",
        "SELECT store, sum(price FROM sales",
        "SELECT store, count(*) FROM sales WHERE item LIKE 'item 1%' AND (price > 3 GROUP BY",
        "SELECT sum(price), store FROM sales s WHERE s.",
        "WITH a AS (SELECT id FROM sales WHERE (id",
    ],
)
def test_what_is_shown_runs(shell: InteractiveShell, database: Path, unfinished: str) -> None:
    error = shell.run_cell(f"%%speql --database {database}\n{unfinished}").error_in_exec
    shown = str(error).partition("Repaired, it would be:\n\n")[2].partition("\n\n")[0]
    assert shown, str(error)
    with duckdb.connect(str(database), read_only=True) as direct:
        direct.execute(shown).fetchall()
