"""Queries as people write them on each engine: accepted as they are, and repaired wherever they are cut or broken."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlglot import exp

from speql_server.cli.bench_repair.lost_words import lost_words
from speql_server.cli.bench_repair.unfinished_texts import UnfinishedText, cuts
from speql_server.cli.query_files import read_queries
from speql_speculator.repair import repair
from speql_speculator.statements import split_statements
from speql_speculator.tokens import tokenize
from speql_sql import Catalog
from speql_sql.ddl import catalog_of_ddl
from speql_sql.parse import parse_query

FIXTURES = Path(__file__).parent.parent / "fixtures" / "repair" / "dialects"
DIALECTS = ["bigquery", "postgres", "redshift", "snowflake", "spark", "tsql"]
MOST_MILLISECONDS = 60


def queries(dialect: str) -> Iterator[tuple[str, str]]:
    """The names and texts of the queries of a dialect; the name is the comment above each."""
    for text in read_queries([str(FIXTURES / f"queries_{dialect}.sql")]).values():
        for statement in split_statements(text, dialect):
            heading = text[: statement.span.start].rstrip().rpartition("\n")[2]
            yield heading.removeprefix("-- "), statement.text


def catalog(dialect: str) -> Catalog:
    declared = catalog_of_ddl((FIXTURES / f"schema_{dialect}.sql").read_text(), dialect)
    assert not declared.problems
    return declared.catalog


def deletions(name: str, query: str, dialect: str) -> Iterator[UnfinishedText]:
    """The query without each of its tokens, the cursor at that place."""
    for token in tokenize(query, dialect):
        text = query[: token.start] + query[token.end :]
        yield UnfinishedText("edit", "token deleted", name, text, token.start)


def names_a_table(text: UnfinishedText, known: Catalog) -> bool:
    """Whether a table is named behind FROM, by a word that is not being typed."""
    tokens = tokenize(text.text, known.dialect)
    first = next((index for index, token in enumerate(tokens) if token.upper == "FROM"), len(tokens))
    return any(
        token.kind in ("word", "quoted")
        and not token.start <= text.cursor <= token.end
        and known.named(token.name.rpartition(".")[2])
        for token in tokens[first:]
    )


def unrepaired(dialect: str) -> set[tuple[str, int]]:
    """Names of queries and places of cursors of the texts that are known to have no repair."""
    lines = [line.split(maxsplit=3) for line in (FIXTURES / "unrepaired.txt").read_text().splitlines()]
    return {(name, int(place)) for found, name, place, _ in lines if found == dialect}


def test_there_are_queries() -> None:
    assert all(12 <= len(dict(queries(dialect))) <= 15 for dialect in DIALECTS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whole_queries_stay(dialect: str) -> None:
    known = catalog(dialect)
    for name, text in queries(dialect):
        for cursor in (None, len(text), len(text) + 1, 0):
            result = repair(text, known, cursor)
            assert (result.sql, result.edits, result.problems) == (text, (), ()), name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_unfinished_texts_are_repaired(dialect: str) -> None:
    known = catalog(dialect)
    lost: list[str] = []
    broken: list[str] = []
    nothing: set[tuple[str, int]] = set()
    milliseconds: list[float] = []
    for name, query in queries(dialect):
        for number, text in enumerate([*cuts(name, query, dialect), *deletions(name, query, dialect)]):
            began = time.thread_time()
            result = repair(text.text, known, text.cursor)
            milliseconds.append((time.thread_time() - began) * 1000)
            if result.sql is None:
                assert result.problems, text
                if names_a_table(text, known):
                    nothing.add((name, text.cursor))
                continue
            # Asking the parser again takes as long as all of the repair: every tenth text is.
            if not isinstance(result.query, exp.Query) or (
                number % 10 == 0 and parse_query(result.sql, dialect).problem
            ):
                broken.append(f"{name} at {text.cursor}: {result.sql}")
            if silently := lost_words(result, text.cursor, dialect).silently:
                lost.append(f"{name} at {text.cursor}: {silently} in {result.sql}")
    assert not lost, "\n".join(lost)
    assert not broken, "\n".join(broken)
    assert nothing == unrepaired(dialect)
    milliseconds.sort()
    assert milliseconds[len(milliseconds) * 99 // 100] < MOST_MILLISECONDS


def cases() -> Iterator[tuple[str, str, str]]:
    """Dialects, texts with ``▮`` at the cursor, and what they are repaired to."""
    for block in (FIXTURES / "cases.txt").read_text().strip().split("\n\n"):
        dialect, typed, expected = block.split("\n")
        yield dialect.removeprefix("# "), typed, expected.removeprefix("=> ")


@pytest.mark.parametrize(("dialect", "typed", "expected"), [*cases()])
def test_case(dialect: str, typed: str, expected: str) -> None:
    result = repair(typed.replace("▮", ""), catalog(dialect), typed.index("▮"))
    assert result.sql is not None
    assert " ".join(result.sql.split()) == expected
    assert parse_query(result.sql, dialect).query is not None


@pytest.fixture
def bind(postgres_server: str, postgres_database: Callable[[], str]) -> Iterator[Callable[[str], str]]:
    """Asks a PostgreSQL that has the schema what is wrong with a query: empty if it binds."""
    with psycopg.connect(postgres_database(), autocommit=True) as connection:
        connection.execute((FIXTURES / "schema_postgres.sql").read_bytes())

        def ask(sql: str) -> str:
            try:
                connection.execute(b"EXPLAIN " + sql.encode())
            except psycopg.Error as error:
                return str(error).partition("\n")[0]
            return ""

        yield ask


def test_repairs_bind_on_postgres(bind: Callable[[str], str]) -> None:
    known = catalog("postgres")
    failures: list[str] = []
    tried = 0
    for name, query in queries("postgres"):
        assert bind(query) == "", name
        for text in cuts(name, query, "postgres"):
            result = repair(text.text, known, text.cursor)
            if result.sql is not None:
                tried += 1
                error = bind(result.sql)
                failures += [f"{name} at {text.cursor}: {error}"] if error else []
    assert tried > 800
    assert len(failures) <= tried // 20, "\n".join(failures)
