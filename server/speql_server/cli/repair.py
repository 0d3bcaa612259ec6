"""`speql repair`: unfinished SQL in, a query that runs out."""

import asyncio
import time

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from speql_server.cli.chosen_engine import open_chosen
from speql_server.cli.read_sql import read_sql
from speql_speculator.repair import Repair, repair
from speql_speculator.statements import Statement, split_statements, statement_at
from speql_sql import Catalog, Problem, Span


def repair_command(
    sql: str, *, cursor: int | None, database: str | None, json: bool, connection: str | None = None
) -> int:
    """Repair the statement at ``cursor`` (default: the end); 0 if there is a query to run, else 1."""
    text = read_sql(sql)
    catalog = asyncio.run(read_catalog(database, connection)) if database or connection else Catalog()
    repaired, offset, elapsed = repair_at(text, catalog, cursor)
    if json:
        typer.echo(msgspec.json.encode(repair_as_json(repaired, offset, elapsed)))
    else:
        _print(repaired, Console())
    return 0 if repaired.sql is not None else 1


def repair_at(text: str, catalog: Catalog, cursor: int | None) -> tuple[Repair, int, float]:
    """The repair of the statement at ``cursor`` (None: the end), where it is in the text, and its milliseconds."""
    place = len(text) if cursor is None else min(cursor, len(text))
    started = time.perf_counter()
    statement = statement_at(split_statements(text, catalog.dialect), place) or Statement(Span(0, len(text)), text)
    inside = min(max(place - statement.span.start, 0), len(statement.text))
    repaired = repair(statement.text, catalog, inside)
    return repaired, statement.span.start, (time.perf_counter() - started) * 1000


async def read_catalog(database: str | None, connection: str | None = None) -> Catalog:
    """The catalog of a database, or of a connection, that is opened for it and closed again."""
    engine = await open_chosen(database, connection)
    try:
        return await engine.catalog()
    finally:
        await engine.close()


def repair_as_json(repaired: Repair, offset: int, milliseconds: float) -> dict[str, object]:
    """A repair as plain values; positions are characters in the whole text, in which the statement is at ``offset``."""
    return {
        "sql": repaired.sql,
        "edits": [
            {
                "start": edit.span.start + offset,
                "end": edit.span.end + offset,
                "newText": edit.new_text,
                "code": edit.code,
                "reason": edit.reason,
            }
            for edit in repaired.edits
        ],
        "confidence": repaired.confidence,
        "problems": [problem_as_json(problem, offset) for problem in repaired.problems],
        "ms": round(milliseconds, 3),
    }


def problem_as_json(problem: Problem, offset: int) -> dict[str, object]:
    """A problem as plain values, its place moved by ``offset``."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "start": problem.span.start + offset if problem.span else None,
        "end": problem.span.end + offset if problem.span else None,
    }


def _print(repaired: Repair, console: Console) -> None:
    if repaired.sql is not None:
        console.print(_diff(repaired), soft_wrap=True)
    for number, edit in enumerate(repaired.edits, 1):
        console.print(Text(f"{number}. {edit.reason}", style="green"), soft_wrap=True)
    for problem in repaired.problems:
        style = {"error": "red", "warning": "yellow"}.get(problem.severity, "dim")
        console.print(Text(f"{problem.severity}: {problem.text}", style=style), soft_wrap=True)
    if repaired.sql is not None and not repaired.edits:
        console.print(Text("Nothing to repair.", style="dim"))


def _diff(repaired: Repair) -> Text:
    """The text with the edits in it. On a terminal by colour; without one, the repaired text alone."""
    shown, position = Text(), 0
    for edit in repaired.edits:
        shown.append(repaired.typed[position : edit.span.start])
        shown.append(edit.new_text, style="green underline")
        position = edit.span.end
    return shown.append(repaired.typed[position:])
