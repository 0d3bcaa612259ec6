"""`speql bench repair`: repairs unfinished texts, asks the engine whether they bind, and reports the shares."""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence

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
from speql_server.cli.read_sql import read_sql
from speql_server.connecting.connection import open_engine_of
from speql_server.connecting.profile import ConnectionProfile
from speql_server.pauses import keep_pauses_short
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.worth_asking import worth_asking
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import split_statements
from speql_speculator.tokens import tokenize
from speql_sql import Catalog, SpeqlError
from speql_sql.ddl import catalog_of_ddl
from speql_sql.parse import is_dialect, parse_query


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
    schema: str | None = None,
    dialect: str = "duckdb",
) -> int:
    """Repair the unfinished texts of these queries against a database; 0 if no word was lost silently, else 1.

    Or against a ``schema``, a file of DDL in ``dialect``, and then a file may hold several queries. DuckDB is asked to
    bind a result over empty tables; where no engine of that kind is, the parser is asked instead. Raises `SpeqlError`
    for a schema that cannot be read.
    ``random_texts`` is how many texts are cut at random characters, and how many are changed in the middle. ``share``
    of all texts are tried; ``failures`` of those that fail are printed for each cause.
    """
    queries = read_queries(paths, only)
    source = random.Random(seed)
    if schema is not None:
        if database is not None or connection is not None:
            raise SpeqlError("--schema stands for a database.", "Give --schema alone.")
        if dialect == "duckdb":
            statements = _statements(queries, dialect)
            outcomes = asyncio.run(_repair_over_empty(statements, schema, random_texts, share, source))
        else:
            catalog, statements = _declared(schema, dialect), _statements(queries, dialect)
            outcomes = asyncio.run(_repair_texts(statements, catalog, _parser(dialect), random_texts, share, source))
    else:
        profile = chosen(database, connection, needed=True)
        outcomes = asyncio.run(_repair_all(queries, profile, random_texts, share, source))
    asked = "bind" if schema is None or dialect == "duckdb" else "parse"
    if json:
        typer.echo(msgspec.json.encode(shares(outcomes, asked)))
    else:
        print_outcomes(outcomes, Console(), failures, asked)
    return 1 if any(outcome.lost.silently for outcome in outcomes) else 0


async def _repair_over_empty(
    queries: dict[str, str], schema: str, random_texts: int, share: float, source: random.Random
) -> list[Outcome]:
    """What becomes of the texts on a DuckDB in memory with the tables of a schema."""
    engine = await open_engine_of(ConnectionProfile(writable=True))
    try:
        for statement in split_statements(read_sql(schema)):
            try:
                await engine.submit(statement.text)
            except SpeqlError as error:
                raise SpeqlError(f"The schema cannot be read: {error.message}", "Check --dialect.") from error
        return await _repair_on(engine, queries, random_texts, share, source)
    finally:
        await asyncio.shield(engine.close())


async def _repair_all(
    queries: dict[str, str], profile: ConnectionProfile, random_texts: int, share: float, source: random.Random
) -> list[Outcome]:
    engine = await open_engine_of(profile)
    try:
        return await _repair_on(engine, queries, random_texts, share, source)
    finally:
        await asyncio.shield(engine.close())


async def _repair_on(
    engine: Engine, queries: dict[str, str], random_texts: int, share: float, source: random.Random
) -> list[Outcome]:
    async def bind(sql: str) -> str:
        problems = (await engine.bind(sql)).problems
        return problems[0].message.split("\n", 1)[0] if problems else ""

    return await _repair_texts(queries, await engine.catalog(), bind, random_texts, share, source)


def _parser(dialect: str) -> Callable[[str], Awaitable[str]]:
    """Asks the parser instead of an engine."""

    async def parse(sql: str) -> str:
        problem = parse_query(sql, dialect).problem
        return problem.message if problem is not None else ""

    return parse


def _declared(schema: str, dialect: str) -> Catalog:
    if not is_dialect(dialect):
        raise SpeqlError(f"{dialect} is no dialect of SQL that is known.", "Name one as sqlglot does, such as tsql.")
    declared = catalog_of_ddl(read_sql(schema), dialect)
    if declared.problems:
        raise SpeqlError(f"The schema cannot be read: {declared.problems[0].message}.", "Check --dialect.")
    return declared.catalog


def _statements(queries: dict[str, str], dialect: str) -> dict[str, str]:
    return {
        f"{name} {number}": statement.text
        for name, text in queries.items()
        for number, statement in enumerate(split_statements(text, dialect), start=1)
    }


async def _repair_texts(
    queries: dict[str, str],
    catalog: Catalog,
    bind: Callable[[str], Awaitable[str]],
    random_texts: int,
    share: float,
    source: random.Random,
) -> list[Outcome]:
    """What becomes of the texts of these queries; ``bind`` says what is wrong with a result, "" if nothing is."""
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
        await _outcome(text, bind, catalog, analyst, errors)
        for text in track(chosen, "repairing", console=console, disable=not sys.stderr.isatty())
    ]


async def _outcome(
    text: UnfinishedText,
    bind: Callable[[str], Awaitable[str]],
    catalog: Catalog,
    analyst: Analyst,
    errors: dict[str, str],
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
        errors[repaired.sql] = await bind(repaired.sql)
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
