"""`speql bench prediction`: measures predictions over queries and prints the figures."""

import asyncio
import json as json_module
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from speql_server.cli.bench_prediction.instances import instances
from speql_server.cli.bench_prediction.measure import Figures, measure_columns, measure_text
from speql_server.cli.chosen_engine import chosen
from speql_server.cli.query_files import read_queries
from speql_server.connecting.connection import open_engine_of
from speql_server.connecting.profile import ConnectionProfile
from speql_speculator.predicting.history import History
from speql_speculator.predicting.tree_hash import TreeHash
from speql_speculator.statements import split_statements
from speql_sql import SpeqlError


def run_bench_prediction(
    paths: Sequence[str],
    *,
    database: str | None,
    connection: str | None = None,
    history: int,
    columns_only: bool,
    json: bool,
) -> int:
    """Measure without history and with ``history`` other instances of each query's template; print; 0.

    Raises :class:`~speql_sql.SpeqlError` for queries that cannot be read and a database that cannot be opened.
    """
    queries = {
        f"{name} {number}": statement.text
        for name, text in read_queries(paths).items()
        for number, statement in enumerate(split_statements(text), start=1)
    }
    if not queries:
        raise SpeqlError("There is no query to measure.", "Name a folder with .sql files, or files.")
    found = asyncio.run(_measure(queries, chosen(database, connection, needed=True), history, columns_only))
    if json:
        sys.stdout.write(json_module.dumps(found) + "\n")
    else:
        _print(found, Console())
    return 0


async def _measure(
    queries: dict[str, str], profile: ConnectionProfile, count: int, columns_only: bool
) -> dict[str, Any]:
    engine = await open_engine_of(profile)
    try:
        catalog = await engine.catalog()

        async def binds(sql: str) -> bool:
            return (await engine.bind(sql)).ok

        past: list[str] = []
        for text in queries.values():
            past += await instances(text, catalog, count, binds)
        found: dict[str, Any] = {"queries": len(queries), "instances": len(past)}
        for name, statements in (("cold", []), ("history", past)):
            if name == "history" and not past:
                continue
            history = History(TreeHash(dialect=catalog.dialect), dialect=catalog.dialect)
            for number, statement in enumerate(statements):
                history.record(statement, catalog, float(number))
            history.neighbours("SELECT")  # loading FAISS is no part of a prediction
            figures = Figures()
            for text in queries.values():
                measure_columns(text, catalog, history, figures)
                if not columns_only:
                    await measure_text(text, catalog, history, binds, figures)
            found[name] = _summary(figures)
    finally:
        await engine.close()
    return found


def _summary(figures: Figures) -> dict[str, Any]:
    return {
        "places": figures.places,
        "share": _ratio(figures.shares, figures.places),
        "shareOfNextFive": _ratio(figures.shares_of_five, figures.places),
        "shareByClause": {
            clause or "none": [count, _ratio(total, count)]
            for clause, (count, total) in sorted(figures.by_clause.items())
        },
        "columnMs": _percentiles(figures.column_seconds),
        "asked": figures.asked,
        "shown": figures.shown,
        "right": figures.right,
        "precision": _ratio(figures.right, figures.shown),
        "precisionBySource": {name: [n, _ratio(ok, n)] for name, (n, ok) in sorted(figures.by_source.items())},
        "nextTokenShare": _ratio(figures.next_tokens_right, figures.asked),
        "characters": figures.characters,
        "acceptedShare": _ratio(figures.characters_accepted, figures.characters),
        "acceptedByWordShare": _ratio(figures.characters_by_word, figures.characters),
        "textMs": _percentiles(figures.text_seconds),
    }


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    return {
        "p50": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000, 2),
    }


def _print(found: dict[str, Any], console: Console) -> None:
    console.print(f"{found['queries']} queries, {found['instances']} other instances of them as history")
    kinds = [kind for kind in ("cold", "history") if kind in found]
    table = Table("", *("without history" if kind == "cold" else "with history" for kind in kinds))
    rows: list[tuple[str, str, str]] = [
        ("places", "places", "d"),
        ("columns used next among the first five", "share", "%"),
        ("the next five columns among the first five", "shareOfNextFive", "%"),
        ("ghost texts shown", "shown", "d"),
        ("of them wholly right", "precision", "%"),
        ("next token of the first candidate right", "nextTokenShare", "%"),
        ("characters accepted in right ghost texts", "acceptedShare", "%"),
        ("characters accepted word by word", "acceptedByWordShare", "%"),
    ]
    for label, key, kind in rows:
        table.add_row(label, *(f"{found[one][key]:.1%}" if kind == "%" else str(found[one][key]) for one in kinds))
    for label, key in (("columns, ms P50 / P99", "columnMs"), ("ghost text, ms P50 / P99", "textMs")):
        table.add_row(label, *(f"{found[one][key]['p50']} / {found[one][key]['p99']}" for one in kinds))
    console.print(table)
    clauses = Table("share by clause", *kinds)
    names = dict.fromkeys(name for kind in kinds for name in found[kind]["shareByClause"])
    for name in names:
        shares = (found[kind]["shareByClause"].get(name, [0, 0.0]) for kind in kinds)
        clauses.add_row(name, *(f"{share:.1%} of {count}" for count, share in shares))
    console.print(clauses)
