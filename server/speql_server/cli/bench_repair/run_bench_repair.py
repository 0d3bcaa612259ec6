"""`speql bench repair`: repairs unfinished texts, asks the engine whether they bind, and reports the shares."""

import asyncio
import random
import sys
from collections.abc import Iterable, Sequence

import msgspec
import typer
from rich.console import Console
from rich.progress import track

from speql_engines import Engine
from speql_server.analysis import Analyst
from speql_server.cli.bench_repair.lost_words import lost_words
from speql_server.cli.bench_repair.outcomes import Outcome, print_outcomes, shares
from speql_server.cli.bench_repair.unfinished_texts import UnfinishedText, cuts, random_cuts, random_edits
from speql_server.cli.chosen_engine import chosen
from speql_server.cli.query_files import read_queries
from speql_server.connecting.connection import open_engine_of
from speql_server.connecting.profile import ConnectionProfile
from speql_server.pauses import keep_pauses_short
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.worth_asking import worth_asking
from speql_speculator.snapshot import Snapshot
from speql_speculator.tokens import tokenize
from speql_sql import Catalog


def run_bench_repair(
    paths: Sequence[str],
    *,
    database: str | None,
    connection: str | None = None,
    only: Sequence[str],
    random_texts: int,
    share: float,
    seed: int,
    failures: int,
    json: bool,
) -> int:
    """Repair the unfinished texts of these queries against a database; 0 if no word was lost silently, else 1.

    ``random_texts`` is how many texts are cut at random characters, and how many are changed in the middle. ``share``
    of all texts are tried; ``failures`` of those that fail are printed for each cause.
    """
    queries = read_queries(paths, only)
    outcomes = asyncio.run(
        _repair_all(queries, chosen(database, connection, needed=True), random_texts, share, random.Random(seed))
    )
    if json:
        typer.echo(msgspec.json.encode(shares(outcomes)))
    else:
        print_outcomes(outcomes, Console(), failures)
    return 1 if any(outcome.lost.silently for outcome in outcomes) else 0


async def _repair_all(
    queries: dict[str, str], profile: ConnectionProfile, random_texts: int, share: float, source: random.Random
) -> list[Outcome]:
    engine = await open_engine_of(profile)
    try:
        catalog = await engine.catalog()
        keep_pauses_short()
        texts: Iterable[UnfinishedText] = [
            *(text for name, query in queries.items() for text in cuts(name, query, catalog.dialect)),
            *random_cuts(queries, random_texts, source),
            *random_edits(queries, random_texts, catalog.dialect, source),
        ]
        chosen = [text for text in texts if source.random() < share]
        console = Console(stderr=True)
        analyst = Analyst(document_limit=2_000_000, statement_limit=200_000)
        errors: dict[str, str] = {}
        return [
            await _outcome(text, engine, catalog, analyst, errors)
            for text in track(chosen, "repairing", console=console, disable=not sys.stderr.isatty())
        ]
    finally:
        await asyncio.shield(engine.close())


async def _outcome(
    text: UnfinishedText, engine: Engine, catalog: Catalog, analyst: Analyst, errors: dict[str, str]
) -> Outcome:
    """What becomes of a text. The time is that of the whole analysis, from text to units and superset query."""
    analysis = analyst.analyse(Snapshot("", 0, text.text, text.cursor), catalog)
    repaired, statement = analysis.repair, analysis.statement
    milliseconds = analysis.seconds * 1000
    split = len(analysis.statements) > 1
    if repaired is None or repaired.sql is None or statement is None:
        codes = ", ".join(problem.code for problem in analysis.problems)
        wanted = _names_something(text, catalog)
        error = f"nothing to run: {codes}" if wanted else ""
        asks = repaired is not None and worth_asking(repaired, LanguageModelSettings().ask_below) == "yes"
        return Outcome(text, None, milliseconds, error, empty=not wanted, split=split, asks=asks)
    if repaired.sql not in errors:
        problems = (await engine.bind(repaired.sql)).problems
        errors[repaired.sql] = problems[0].message.split("\n", 1)[0] if problems else ""
    lost = lost_words(repaired, max(text.cursor - statement.span.start, 0), catalog.dialect)
    error = errors[repaired.sql]
    verdict = worth_asking(repaired, LanguageModelSettings().ask_below, catalog.dialect)
    asks = verdict == "yes" or (verdict == "if-unbound" and bool(error))
    return Outcome(text, repaired.sql, milliseconds, error, lost, split=split, asks=asks)


def _names_something(text: UnfinishedText, catalog: Catalog) -> bool:
    """Whether a text names a column, or behind FROM a table, as a whole word that is not the one at the cursor."""
    behind_from = False
    for token in tokenize(text.text, catalog.dialect):
        behind_from = behind_from or token.upper == "FROM"
        if token.kind not in ("word", "quoted") or token.start <= text.cursor <= token.end:
            continue
        name = token.name.lower()
        if name in catalog.tables_by_column or (behind_from and catalog.find(name) is not None):
            return True
    return False
