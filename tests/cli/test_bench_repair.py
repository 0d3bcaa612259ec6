"""`speql bench repair` on a small database: what it counts, and that a word that is lost is counted."""

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from speql_server.cli.bench_repair.lost_words import lost_words
from speql_server.cli.main import app
from speql_speculator.edits import Edit
from speql_speculator.repair import Repair
from speql_sql import Problem, Span

QUERY = """SELECT c.name, sum(s.amount) AS total
FROM sales s
JOIN customers c ON c.id = s.customer_id
WHERE s.year = 2001
GROUP BY c.name
"""


def test_the_shares_of_a_small_query(tmp_path: Path) -> None:
    database, query = tmp_path / "shop.duckdb", tmp_path / "totals.sql"
    query.write_text(QUERY)
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR)")
        connection.execute("CREATE TABLE sales (customer_id INTEGER, year INTEGER, amount INTEGER)")
    arguments = ["bench", "repair", str(query), "-d", str(database), "--random", "100", "--json"]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    shares = json.loads(found.stdout.strip().splitlines()[-1])
    assert set(shares) == {"line", "token", "character", "edit"}
    assert shares["line"]["texts"] == 5
    assert shares["character"]["texts"] == shares["edit"]["texts"] == 100
    assert shares["line"]["bind, %"] == 100.0
    assert shares["edit"]["bind, %"] > 90
    assert all(kind["words lost silently"] == 0 for kind in shares.values())


TEXT = "SELECT a, b FROM t WHERE c = 1 AND d"


@pytest.mark.parametrize(
    ("gone", "code", "problem", "silently", "told"),
    [
        ("AND d", "unfinished", "", 0, 0),  # at the cursor
        (", b", "unfinished", "", 2, 0),
        (", b", "unknown-column", "unknown-column", 0, 2),
        ("b", "name-corrected", "", 0, 0),
    ],
)
def test_words_that_are_lost(gone: str, code: str, problem: str, silently: int, told: int) -> None:
    span = Span(TEXT.index(gone), TEXT.index(gone) + len(gone))
    problems = (Problem(problem, "It is not there", span),) if problem else ()
    repaired = Repair(TEXT, "", (Edit(span, "", "", code),), problems=problems)
    lost = lost_words(repaired, len(TEXT))
    assert (len(lost.silently), len(lost.told)) == (silently, told)


def test_a_schema_stands_for_an_engine(tmp_path: Path) -> None:
    schema, queries = tmp_path / "schema.sql", tmp_path / "queries.sql"
    schema.write_text("CREATE TABLE dbo.Orders (OrderID INT PRIMARY KEY, [Ship City] NVARCHAR(50))")
    queries.write_text(
        "SELECT TOP 5 [Ship City] FROM Orders WITH (NOLOCK);\nSELECT OrderID FROM Orders WHERE OrderID = @ID;\n"
    )
    arguments = ["bench", "repair", str(queries), "--schema", str(schema), "--dialect", "tsql", "--random", "50"]
    found = CliRunner().invoke(app, [*arguments, "--json"])
    assert found.exit_code == 0, found.output
    shares = json.loads(found.stdout.strip().splitlines()[-1])
    assert shares["line"]["texts"] == 2
    assert shares["token"]["parse, %"] == 100.0


def test_duckdb_binds_over_the_tables_of_a_schema(tmp_path: Path) -> None:
    schema, queries = tmp_path / "schema.sql", tmp_path / "queries.sql"
    schema.write_text("CREATE TABLE t (a INTEGER, b INTEGER[]);")
    queries.write_text("SELECT a FROM t WHERE a > 1;\nSELECT a.b FROM t;\n")
    found = CliRunner().invoke(
        app, ["bench", "repair", str(queries), "--schema", str(schema), "--random", "0", "--json"]
    )
    shares = json.loads(found.stdout.strip().splitlines()[-1])
    assert shares["line"]["bind, %"] == 100.0
    schema.write_text("CREATE TABLE t (a NOTHING)")
    refused = CliRunner().invoke(app, ["bench", "repair", str(queries), "--schema", str(schema)])
    assert refused.exit_code != 0
    assert "The schema cannot be read" in " ".join((refused.output + str(refused.exception)).split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dialect", "esperanto"], "no dialect of SQL that is known"),
        (["--dialect", "tsql", "--database", "shop.duckdb"], "--schema stands for a database"),
    ],
)
def test_a_schema_that_cannot_be_used(arguments: list[str], message: str, tmp_path: Path) -> None:
    schema, queries = tmp_path / "schema.sql", tmp_path / "queries.sql"
    schema.write_text("CREATE TABLE t (a INT)")
    queries.write_text("SELECT a FROM t")
    found = CliRunner().invoke(app, ["bench", "repair", str(queries), "--schema", str(schema), *arguments])
    assert found.exit_code != 0
    assert message in " ".join((found.output + str(found.exception)).split())
