"""Notebook documents over a real server: cells of SQL and of Python, and what each sees of those before it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from speql_server.client import Client

from .conftest import Editor, Start

NOTEBOOK = "file:///book.ipynb"
CAPABILITIES = {"notebookDocument": {"synchronization": {"dynamicRegistration": True}}}


@dataclass
class Book:
    """A notebook in an editor."""

    client: Client
    editors: list[Editor] = field(default_factory=list)
    version: int = 1
    made: int = 0

    def cell(self, language: str, text: str) -> tuple[Editor, dict[str, Any], dict[str, Any]]:
        self.made += 1
        editor = Editor(self.client, f"vscode-notebook-cell:/book.ipynb#{self.made}", "utf-16", text, 1)
        document = {"uri": editor.uri, "languageId": language, "version": 1, "text": text}
        return editor, {"kind": 2, "document": editor.uri}, document

    def open(self, *cells: tuple[str, str]) -> list[Editor]:
        made = [self.cell(*cell) for cell in cells]
        self.editors = [editor for editor, _, _ in made]
        notebook = {
            "uri": NOTEBOOK,
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [cell for _, cell, _ in made],
        }
        params = {"notebookDocument": notebook, "cellTextDocuments": [document for _, _, document in made]}
        self.client.notify("notebookDocument/didOpen", params)
        return self.editors

    def change(self, **cells: Any) -> None:
        self.version += 1
        identifier = {"uri": NOTEBOOK, "version": self.version}
        self.client.notify("notebookDocument/didChange", {"notebookDocument": identifier, "change": {"cells": cells}})

    def type(self, editor: Editor, start: int, end: int, text: str) -> None:
        place = editor.range(start, end)
        editor.text = editor.text[:start] + text + editor.text[end:]
        editor.version += 1
        document = {"uri": editor.uri, "version": editor.version}
        self.change(textContent=[{"document": document, "changes": [{"range": place, "text": text}]}])

    def insert(self, at: int, language: str, text: str) -> Editor:
        editor, cell, document = self.cell(language, text)
        self.editors.insert(at, editor)
        self.change(structure={"array": {"start": at, "deleteCount": 0, "cells": [cell]}, "didOpen": [document]})
        return editor

    def delete(self, at: int) -> None:
        editor = self.editors.pop(at)
        array = {"start": at, "deleteCount": 1}
        self.change(structure={"array": array, "didClose": [{"uri": editor.uri}]})

    def move_first_to_end(self) -> None:
        """As editors tell it: one splice over all the cells, none opened or closed."""
        self.editors.append(self.editors.pop(0))
        cells = [{"kind": 2, "document": editor.uri} for editor in self.editors]
        self.change(structure={"array": {"start": 0, "deleteCount": len(cells), "cells": cells}})


async def book(start: Start, flights: Path) -> Book:
    editor = await start("--database", flights, handshake=False)
    capabilities = await editor.client.initialize(capabilities=CAPABILITIES)
    languages = [one["language"] for one in capabilities["notebookDocumentSync"]["notebookSelector"][0]["cells"]]
    assert languages == ["sql", "python"]
    return Book(editor.client)


CELLS = [
    ("sql", "SELECT count(*) FROM airlines", "SELECT count(*) FROM airlines"),
    ("python", "%%sql --save counted mine <<\nSELECT count(*)\nFROM airlines", "SELECT count(*)\nFROM airlines"),
    ("python", "x = 1\nrows = %sql SELECT count(*) FROM airlines", "SELECT count(*) FROM airlines"),
    ("python", "%%duckdb\nSELECT count(*) FROM airlines", "SELECT count(*) FROM airlines"),
    ("python", "%%bigquery frame --project here\nSELECT count(*) FROM airlines", "SELECT count(*) FROM airlines"),
    ("python", "%%speql --database f.duckdb\nSELECT count(*) FROM airlines", "SELECT count(*) FROM airlines"),
    ("python", '# first\nmo.sql(f"""SELECT count(*) FROM airlines""")', "SELECT count(*) FROM airlines"),
]


@pytest.mark.parametrize(("language", "text", "statement"), CELLS)
async def test_a_cell_has_a_preview(start: Start, flights: Path, language: str, text: str, statement: str) -> None:
    (cell,) = (await book(start, flights)).open((language, text))
    shown = await cell.rows()
    assert shown.rows == [[4]]
    assert cell.covered(shown.statement) == statement


async def test_a_cell_is_edited_and_completed(start: Start, flights: Path) -> None:
    notebook = await book(start, flights)
    _, cell = notebook.open(("python", "print(1)"), ("python", "%%sql\nSELECT count(*) FROM air"))
    assert await cell.complete(len(cell.text)) == ["airlines"]
    notebook.type(cell, len(cell.text), len(cell.text), "lines")
    assert (await cell.rows()).rows == [[4]]


async def test_later_cells_know_what_earlier_ones_would_make(start: Start, flights: Path) -> None:
    notebook = await book(start, flights)
    _, _, _, cell = notebook.open(
        ("sql", "CREATE TABLE early AS SELECT carrier AS code, 1 AS one FROM flights"),
        ("python", "%%sql --save named\nSELECT code AS inner_code FROM early"),
        ("python", "frame = duckdb.sql('SELECT inner_code AS outer_code FROM named')"),
        ("sql", "SELECT  FROM frame"),
    )
    await cell.preview()  # the database is open: before, completion knows only what the last session kept
    assert (await cell.complete(7))[:1] == ["outer_code"]
    found = await cell.diagnostics(lambda some: bool(some) and some[0]["code"] == "not-run-yet")
    assert [one["severity"] for one in found] == [3]
    notebook.type(cell, 7, 7, "outr_code")
    shown = await cell.preview(lambda message: bool(message.edits))
    assert [edit.new_text for edit in shown.edits] == ["outer_code"]


async def test_a_variable_of_an_earlier_cell_is_no_unknown_table(start: Start, flights: Path) -> None:
    notebook = await book(start, flights)
    _, cell, other = notebook.open(
        ("python", "import pandas as pd\n\nlate = pd.read_csv('late.csv')"),
        ("python", "%%sql\nSELECT * FROM late"),
        ("python", "%%sql\nSELECT * FROM lste"),
    )
    found = await cell.diagnostics(lambda some: bool(some) and some[0]["code"] == "host-variable")
    assert [one["severity"] for one in found] == [3]
    assert await other.diagnostics(lambda some: any(one["code"] == "unknown-table" for one in some))


async def test_the_order_of_the_cells_counts(start: Start, flights: Path) -> None:
    notebook = await book(start, flights)
    made, cell = notebook.open(("sql", "CREATE VIEW early AS SELECT 1 AS one"), ("sql", "SELECT  FROM early"))
    assert "one" in await cell.complete(7)
    notebook.move_first_to_end()
    assert "one" not in await cell.complete(7)
    notebook.move_first_to_end()
    assert "one" in await cell.complete(7)
    notebook.type(made, len(made.text) - 3, len(made.text), "two")
    assert "two" in await cell.complete(7)
    notebook.delete(0)
    assert await cell.complete(7) == [] or "two" not in await cell.complete(7)
    notebook.insert(0, "python", "early = duckdb.sql('SELECT 3 AS three')")
    assert "three" in await cell.complete(7)


async def test_a_cell_that_is_no_code_makes_nothing(start: Start, flights: Path) -> None:
    notebook = await book(start, flights)
    made, cell = notebook.open(("sql", "CREATE VIEW early AS SELECT 1 AS one"), ("sql", "SELECT  FROM early"))
    assert "one" in await cell.complete(7)
    notebook.change(data=[{"kind": 1, "document": made.uri}])
    assert "one" not in await cell.complete(7)


async def test_what_an_earlier_cell_made_is_there_once_it_is_submitted(start: Start) -> None:
    editor = await start(handshake=False)
    await editor.client.initialize(capabilities=CAPABILITIES)
    makes = ("sql", "CREATE TABLE early AS SELECT 42 AS one")
    made, cell = Book(editor.client).open(makes, ("sql", "SELECT one FROM early"))
    await cell.diagnostics(lambda some: bool(some) and some[0]["code"] == "not-run-yet")
    shown = await cell.preview()
    assert (shown.outcome, [problem.code for problem in shown.problems]) == ("nothing", ["not-run-yet"])
    cell.forget()
    await made.submit(0)
    assert (await cell.rows()).rows == [[42]]


async def test_saved_and_closed_cells_are_gone(start: Start, flights: Path) -> None:
    notebook = await book(start, flights)
    cells = [*notebook.open(("sql", "SELECT 1"), ("sql", "SELECT 2"))]
    await cells[1].rows()
    notebook.client.notify("notebookDocument/didSave", {"notebookDocument": {"uri": NOTEBOOK}})
    notebook.delete(0)
    identifiers = [{"uri": cells[1].uri}]
    params = {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": identifiers}
    notebook.client.notify("notebookDocument/didClose", params)
    with pytest.raises(Exception, match="not open"):
        await cells[1].submit()
