"""`speql history`: look at, count and delete what is kept of the statements that were run."""

import json as json_module
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    # Importing numpy takes longer than most commands: not before a command needs it.
    from speql_speculator.predicting.history import History

app = typer.Typer(
    help="The statements that you have run, which predictions are made from. They are kept on this machine only.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Database = Annotated[
    str | None,
    typer.Option("--database", "-d", metavar="FILE", help="The history of this database. Without it: all histories."),
]
Connection = Annotated[
    str | None,
    typer.Option("--connection", metavar="NAME", help="The history of this connection; see `speql connections`."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@app.command("list")
def list_command(
    database: Database = None,
    connection: Connection = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="So many of each, the last run first.")] = 20,
    json: Json = False,
) -> None:
    """Print the statements, how often each was run and when last (UTC)."""
    found = []
    for directory in _directories(database, connection):
        for statement in _history(directory).statements()[:count]:
            last = datetime.fromtimestamp(statement.last_run, UTC).isoformat(timespec="seconds")
            found.append({"history": directory.name, "runs": statement.runs, "lastRun": last, "sql": statement.text})
    if json:
        typer.echo(json_module.dumps({"statements": found}, ensure_ascii=False))
        return
    for one in found:
        typer.echo(f"-- {one['history']}: run {one['runs']} times, last {one['lastRun']}\n{one['sql']};\n")
    if not found:
        typer.echo("No statement is kept.")


@app.command("size")
def size_command(database: Database = None, connection: Connection = None, json: Json = False) -> None:
    """Print where each history is, how many statements it has and how many bytes."""
    from speql_server.history_directory import histories_directory
    from speql_speculator.predicting.history_files import HistoryFiles

    found: list[dict[str, str | int]] = []
    for directory in _directories(database, connection):
        history = _history(directory)
        found.append(
            {
                "history": str(directory),
                "statements": len(history.statements()),
                "bytes": HistoryFiles(directory).size(),
                "problem": history.problem,
            }
        )
    if json:
        typer.echo(json_module.dumps({"histories": found}))
        return
    for one in found:
        typer.echo(f"{one['history']}: {one['statements']} statements, {one['bytes']} bytes")
        if one["problem"]:
            typer.echo(f"  {one['problem']}")
    if not found:
        typer.echo(f"No history is kept in {histories_directory()}.")


@app.command("clear")
def clear_command(
    database: Database = None,
    connection: Connection = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete the history of a database, or all of it. A server that is running notices at its next look."""
    from speql_speculator.predicting.history_files import HistoryFiles

    directories = _directories(database, connection)
    if not directories:
        typer.echo("No history is kept.")
        return
    names = ", ".join(directory.name for directory in directories)
    if not yes and not typer.confirm(f"Delete the history of {names}?"):
        raise typer.Exit(1)
    for directory in directories:
        HistoryFiles(directory).clear()
        shutil.rmtree(directory, ignore_errors=True)
    typer.echo(f"Deleted: {names}.")


def _directories(database: str | None, connection: str | None) -> list[Path]:
    """The folders of the histories that are meant and are there."""
    from speql_server.history_directory import histories_directory, history_directory

    parent = histories_directory()
    if database is not None or connection is not None:
        from speql_server.cli.chosen_engine import chosen

        # Of any engine: which one it is, only opening it would tell.
        meant = history_directory("*", chosen(database, connection).database)
        return sorted(path for path in parent.glob(meant.name) if path.is_dir())
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


def _history(directory: Path) -> "History":
    from speql_speculator.predicting.history import History
    from speql_speculator.predicting.history_files import HistoryFiles
    from speql_speculator.predicting.tree_hash import TreeHash

    history = History(TreeHash(), HistoryFiles(directory))
    history.refresh()
    return history
