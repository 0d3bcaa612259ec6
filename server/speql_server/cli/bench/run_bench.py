"""`speql bench`: replays typing and reports what it cost and whether it was right."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from speql_engines.connections import open_engine
from speql_server.cli.bench.commit import measured_commit
from speql_server.cli.bench.past_instances import record_instances
from speql_server.cli.bench.records import Protocol, ReplayRecord, Setting
from speql_server.cli.bench.replay import ReplaySettings, replay
from speql_server.cli.bench.results import Results
from speql_server.cli.bench.summary import print_summary
from speql_server.cli.bench.virtual_time import VirtualTimeLoop, run_in_virtual_time
from speql_server.cli.query_files import read_queries
from speql_server.pauses import keep_pauses_short
from speql_sql import SpeqlError

PROTOCOLS: tuple[Protocol, ...] = ("lines", "human", "edits")


def run_bench(
    paths: Sequence[str],
    *,
    database: str,
    protocols: Sequence[Protocol],
    only: Sequence[str],
    settings: ReplaySettings,
    results: Path,
    fresh: bool,
) -> int:
    """Replay every query that is not yet among the results, and print the summary; 0 if no result was wrong, else 1.

    Raises :class:`~speql_sql.SpeqlError` for queries that cannot be read, a database that cannot be opened, and
    results of another setting.
    """
    queries = read_queries(paths, only)
    unknown = [protocol for protocol in protocols if protocol not in PROTOCOLS]
    if unknown:
        raise SpeqlError(f"There is no protocol {unknown[0]}.", f"Take some of {', '.join(PROTOCOLS)}.")
    records = run_in_virtual_time(
        lambda loop: _replay_all(loop, queries, database, protocols, settings, results, fresh), settings.slowdown
    )
    print_summary(records, Console())
    wrong = [r for r in records if r.previews_wrong or any(submit.difference for submit in r.submits)]
    return 1 if wrong else 0


async def _replay_all(
    loop: VirtualTimeLoop,
    queries: dict[str, str],
    database: str,
    protocols: Sequence[Protocol],
    settings: ReplaySettings,
    path: Path,
    fresh: bool,
) -> list[ReplayRecord]:
    engine = await open_engine(database, own_process=True)
    try:
        catalog = await engine.catalog()
        keep_pauses_short()
        setting = Setting(
            database=Path(database).name,
            engine=f"{engine.info.engine} {engine.info.version}",
            slowdown=settings.slowdown,
            threads=os.cpu_count() or 1,
            rows=sum(table.row_count or 0 for table in catalog.tables),
            direct_runs=settings.direct_runs,
            version=version("speql"),
            hidden_lines=settings.hidden_lines,
            history=settings.history,
        )
        results = Results(path, setting, fresh=fresh)
        if settings.history:
            settings = replace(settings, history_directory=Path(mkdtemp(prefix="speql-bench-history-")))
            with loop.stopped():
                await record_instances(queries.values(), engine, settings)
        columns = (
            TextColumn("{task.description:12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("", total=len(queries))
            for name, text in queries.items():
                progress.update(task, description=name)
                missing = [protocol for protocol in protocols if not results.has(name, protocol)]
                if missing:
                    for record in await replay(loop, engine, name, text, missing, settings):
                        results.add(msgspec.structs.replace(record, commit=measured_commit()))
                        if not sys.stderr.isatty():
                            print(_line(record), file=sys.stderr, flush=True)  # noqa: T201 - progress of a command
                progress.advance(task)
        return [record for record in results.records if record.query in queries and record.protocol in protocols]
    finally:
        if settings.history_directory is not None:
            rmtree(settings.history_directory, ignore_errors=True)
        await asyncio.shield(engine.close())


def _line(record: ReplayRecord) -> str:
    submits = " ".join(
        f"{s.moment} {s.submit_ms:.0f}/{s.direct_ms:.0f}{'' if s.temp_only else '*'}{' WRONG' if s.difference else ''}"
        for s in record.submits
    )
    work = record.queries_ms / record.direct_ms if record.direct_ms else 0
    wrong = f" {len(record.previews_wrong)} WRONG PREVIEWS" if record.previews_wrong else ""
    end = f"work {work:.1f}x, {record.real_seconds:.0f} s{wrong} {record.failure}"
    return f"{record.query} {record.protocol:5} {submits} {end}"
