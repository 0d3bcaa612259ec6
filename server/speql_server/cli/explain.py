"""`speql explain`: what would be computed for a query, what would be reused, and why not."""

import asyncio
from dataclasses import asdict, dataclass

import msgspec
import typer
from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from speql_engines import Engine
from speql_scheduler.matching.rewrite import Rewrite
from speql_scheduler.running.explanation import Explanation, UnitExplanation
from speql_scheduler.running.scheduler import Scheduler
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Store
from speql_server.cli.chosen_engine import open_chosen
from speql_server.cli.read_sql import read_sql
from speql_server.cli.repair import problem_as_json
from speql_speculator.repair import Repair, repair
from speql_speculator.statements import split_statements
from speql_speculator.superset import superset
from speql_sql import Problem


@dataclass(frozen=True)
class _Explained:
    """A statement's repair, and what the scheduler would do for it; None if there is nothing to run."""

    repaired: Repair
    explanation: Explanation | None
    problems: tuple[Problem, ...]


def explain_command(sql: str, *, database: str | None, json: bool, connection: str | None = None) -> int:
    """Explain the last statement of the text; 0 if there is a query to explain, else 1."""
    explained = asyncio.run(_explain(read_sql(sql), database, connection))
    if json:
        typer.echo(msgspec.json.encode(_as_json(explained)))
    else:
        _print(explained, Console())
    return 0 if explained.explanation is not None else 1


async def _explain(text: str, database: str | None, connection: str | None) -> _Explained:
    engine = await open_chosen(database, connection)
    try:
        catalog = await engine.catalog()
        statements = split_statements(text, catalog.dialect)
        repaired = repair(statements[-1].text if statements else "", catalog)
        if repaired.query is None or repaired.sql is None:
            return _Explained(repaired, None, repaired.problems)
        binding = await engine.bind(repaired.sql)
        if binding.problems:
            return _Explained(repaired, None, (*repaired.problems, *binding.problems))
        scheduler = _scheduler(engine)
        try:
            larger = superset(repaired.query, catalog)
            explanation = await scheduler.explain(repaired.query, larger, catalog)
        finally:
            await scheduler.close()
        return _Explained(repaired, explanation, (*repaired.problems, *explanation.problems))
    finally:
        await engine.close()


def _scheduler(engine: Engine) -> Scheduler:
    """A scheduler that nobody listens to: explaining runs nothing."""
    settings = SchedulerSettings()
    store = Store(engine, settings.byte_budget)
    return Scheduler(engine, store, settings, lambda *_: None, lambda *_: None, lambda _: None)


def _as_json(explained: _Explained) -> dict[str, object]:
    explanation = explained.explanation
    value: dict[str, object] = {
        "repaired": explained.repaired.sql,
        "edits": [edit.reason for edit in explained.repaired.edits],
        "problems": [problem_as_json(problem, 0) for problem in explained.problems],
    }
    if explanation is not None:
        value |= {
            "units": [_unit_as_json(unit) for unit in explanation.units],
            "served": {
                "sql": explanation.planned.sql or explanation.direct_sql,
                "uses": explanation.planned.uses,
                "tempTablesAlone": explanation.planned.temp_only,
            },
            "decisions": [asdict(decision) for decision in explanation.planned.decisions],
        }
    return value


def _unit_as_json(unit: UnitExplanation) -> dict[str, object]:
    return {
        "path": unit.path,
        "tempTable": unit.name,
        "create": unit.create,
        "reason": unit.reason,
        "estimate": asdict(unit.estimate) if unit.estimate else None,
        "sql": unit.sql,
    }


def _print(explained: _Explained, console: Console) -> None:
    for edit in explained.repaired.edits:
        console.print(Text(f"repair: {edit.reason}", style="green"), soft_wrap=True)
    for problem in explained.problems:
        style = "red" if problem.severity == "error" else "yellow"
        console.print(Text(f"{problem.severity}: {problem.text}", style=style), soft_wrap=True)
    explanation = explained.explanation
    if explanation is None:
        console.print("Nothing to compute.")
        return
    console.print(Text("What would be computed while you type", style="bold"))
    for unit in explanation.units:
        glyph, style = ("✓", "green") if unit.create else ("○", "dim")
        name = f" as {unit.name}" if unit.create else ""
        console.print(Text(f"  {glyph} {' › '.join(unit.path)}{name}: {unit.reason}", style=style), soft_wrap=True)
        if unit.create:
            _print_sql(unit.sql, console)
    console.print(Text("\nWhat the finished query would be served from", style="bold"))
    _print_served(explanation.planned, explanation.direct_sql, console)


def _print_served(planned: Rewrite, direct_sql: str, console: Console) -> None:
    if planned.sql is None:
        console.print("  base tables, as it is written", soft_wrap=True)
    else:
        alone = "temp tables alone" if planned.temp_only else "temp tables and base tables"
        console.print(f"  {alone}: {', '.join(planned.uses)}", soft_wrap=True)
    _print_sql(planned.sql or direct_sql, console)
    for decision in planned.decisions:
        glyph, style = ("✓", "green") if decision.used else ("✗", "dim")
        compensation = f"; on top: {decision.compensation}" if decision.compensation else ""
        line = f"  {glyph} {' › '.join(decision.path)} from {decision.view}: {decision.reason}{compensation}"
        console.print(Text(line, style=style), soft_wrap=True)


def _print_sql(sql: str, console: Console) -> None:
    syntax = Syntax(sql, "sql", theme="ansi_dark", background_color="default", word_wrap=True)
    console.print(Padding(syntax, (0, 0, 0, 6)))
