"""`speql bench lsp`: types queries into a real server over stdio, asks as editors do, and reports how long it took."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from speql_server.cli.bench.rhythm import human
from speql_server.cli.bench_lsp.long_document import LongDocument, measure_long_document
from speql_server.cli.bench_lsp.moments import asked_after
from speql_server.cli.bench_lsp.records import Answered, figures_of, print_figures, print_slowest
from speql_server.cli.bench_lsp.soak import Held, soak
from speql_server.cli.bench_lsp.timed_editor import TimedClient, TimedEditor, debugged, start_server
from speql_server.cli.chosen_engine import chosen
from speql_server.cli.query_files import read_queries
from speql_sql import SpeqlError

_SLOWEST = 20
_KEY_SECONDS = 0.2
_PREVIEW_SECONDS = 10.0


def run_bench_lsp(
    paths: Sequence[str],
    *,
    database: str | None,
    connection: str | None = None,
    only: Sequence[str] = (),
    speed: float = 4.0,
    synthetic_lines: int = 0,
    keystrokes: int = 200,
    soak_edits: int = 0,
    rows: bool = False,
    json: bool = False,
) -> int:
    """Measure; 0 if every request had an answer, else 1.

    ``speed`` is how many times as fast as a person is typed. With ``synthetic_lines`` so many ``keystrokes`` are typed
    in the middle of a document of that length, with ``soak_edits`` so many edits are made in one document.
    """
    queries = read_queries(paths, only) if paths else {}
    if connection is not None:
        chosen(database, connection)  # told here, and not by a server that goes on without it
    arguments = [*(["--database", database] if database else []), *(["--connection", connection] if connection else [])]
    if synthetic_lines:
        documents = asyncio.run(
            measure_long_document(list(queries.values()), arguments, synthetic_lines, keystrokes, _KEY_SECONDS / speed)
        )
        _tell_long(documents, rows, json)
        return _status(record for document in documents for record in document.records)
    if soak_edits:
        held, records = asyncio.run(soak(list(queries.values()), arguments, soak_edits, min(500, soak_edits)))
        _tell_held(held, records, json)
        return _status(records)
    if not queries:
        raise SpeqlError("There is nothing to type.", "Name a folder with .sql files, or give --synthetic-lines.")
    report, records = asyncio.run(_type_all(queries, arguments, speed))
    if json:
        typer.echo(msgspec.json.encode(report))
    else:
        _tell(report, records, rows)
    return _status(records)


async def _type_all(
    queries: dict[str, str], arguments: Sequence[str], speed: float
) -> tuple[dict[str, Any], list[Answered]]:
    client = await start_server(arguments)
    records: list[Answered] = []
    loops: dict[str, dict[str, Any]] = {}
    try:
        began = (await debugged(client))["cpuSeconds"]
        console = Console(stderr=True)
        for name, text in track(queries.items(), "typing", console=console, disable=not sys.stderr.isatty()):
            await _type(client, name, text, speed, records)
            loops[name] = (await debugged(client))["loop"]
        cpu = (await debugged(client))["cpuSeconds"] - began
    finally:
        await client.stop()
    count = sum(len(text) for text in queries.values())
    report = {
        "queries": len(queries),
        "keystrokes": count,
        "speed": speed,
        "methods": figures_of(records),
        "loop": _worst(loops),
        "cpuMsPerKeystroke": round(cpu * 1000 / count, 2),
    }
    return report, records


async def _type(client: TimedClient, name: str, text: str, speed: float, records: list[Answered]) -> None:
    editor = TimedEditor(client, f"file:///{name}.sql", name, records)
    editor.open()
    for key in human(text, name):
        editor.replace(len(editor.text), len(editor.text), key.text[len(editor.text) :])
        for method in asked_after(editor.text):
            behind_word = method in ("hover", "definition", "documentHighlight")
            editor.ask(method, _last_word(editor.text) if behind_word else len(editor.text))
        await asyncio.sleep(key.pause / speed)
    await editor.answered()
    await editor.previewed(_PREVIEW_SECONDS)
    editor.close()


def _last_word(text: str) -> int:
    """A place in the last word of a text."""
    return max(len(text.rstrip()) - 1, 0)


def _worst(loops: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Of all queries the longest pauses, and how many were too long."""
    return {
        kind: {
            "longestMs": max((loop[kind]["longestMs"] for loop in loops.values()), default=0.0),
            "p99Ms": max((loop[kind]["p99Ms"] for loop in loops.values()), default=0.0),
            "long": sum(loop[kind]["long"] for loop in loops.values()),
        }
        for kind in ("late", "own", "garbage")
    }


def _status(records: Any) -> int:
    return 1 if any(record.outcome == "failed" for record in records) else 0


def _tell(report: dict[str, Any], records: Sequence[Answered], rows: bool) -> None:
    console = Console()
    title = f"{report['keystrokes']:,} keystrokes of {report['queries']} queries, {report['speed']:g} x human speed"
    print_figures(title, report["methods"], console)
    _tell_loop(report["loop"], console)
    console.print(f"CPU of the server: {report['cpuMsPerKeystroke']} ms a keystroke")
    if rows:
        print_slowest(records, _SLOWEST, console)


def _tell_loop(loop: dict[str, Any], console: Console) -> None:
    told = {"late": "event loop not free", "own": "its own work at a stretch", "garbage": "a collection of garbage"}
    for kind, words in told.items():
        one = loop[kind]
        console.print(
            f"{words}: longest {one['longestMs']:.1f} ms, P99 {one['p99Ms']:.1f} ms, {one['long']:,} over 10 ms"
        )


def _tell_long(documents: Sequence[LongDocument], rows: bool, json: bool) -> None:
    if json:
        plain = [
            {
                "lines": one.lines,
                "characters": one.characters,
                "keystrokes": one.keystrokes,
                "cpuMsPerKeystroke": one.cpu_milliseconds,
                "loop": one.loop,
                "methods": figures_of(one.records),
            }
            for one in documents
        ]
        typer.echo(msgspec.json.encode({"documents": plain}))
        return
    console = Console()
    for one in documents:
        title = f"{one.keystrokes:,} keystrokes in the middle of {one.lines:,} lines, {one.characters:,} characters"
        print_figures(title, figures_of(one.records), console)
        _tell_loop(one.loop, console)
        console.print(f"CPU of the server: {one.cpu_milliseconds} ms a keystroke\n")
        if rows:
            print_slowest(one.records, _SLOWEST, console)


def _tell_held(held: Sequence[Held], records: Sequence[Answered], json: bool) -> None:
    first, last = held[0], held[-1]
    if json:
        typer.echo(msgspec.json.encode({"held": [asdict(one) for one in held], "methods": figures_of(records)}))
        return
    console = Console()
    table = Table(title="held when nothing runs", title_justify="left")
    for name in ("edits", "resident MB", "objects", "tasks", "threads", "temp tables", "documents"):
        table.add_column(name, justify="right")
    for one in held:
        resident = "" if one.resident_bytes is None else f"{one.resident_bytes / 2**20:.1f}"
        counts = (one.objects, one.tasks, one.threads, one.temp_tables, one.documents)
        table.add_row(f"{one.edits:,}", resident, *(f"{count:,}" for count in counts))
    console.print(table)
    if first.resident_bytes and last.resident_bytes and last.edits > first.edits:
        grown = (last.resident_bytes - first.resident_bytes) / 2**20
        console.print(f"since the first row: {grown:+.1f} MB in {last.edits - first.edits:,} edits")
    print_figures("answers meanwhile", figures_of(records), console)
