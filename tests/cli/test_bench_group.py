"""`speql bench` is a group, and still the command that it was; `speql bench prediction` on a small database."""

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from speql_server.cli.bench_prediction.instances import instances
from speql_server.cli.bench_prediction.measure import columns_used_next, places_of
from speql_server.cli.main import app
from speql_speculator.predicting.words import read
from speql_sql import Catalog, Column, Table

CATALOG = Catalog(
    (
        Table("sales", tuple(Column(name, "INTEGER") for name in ("customer", "year", "amount", "discount", "month"))),
        Table("customers", (Column("id", "INTEGER"), Column("name", "VARCHAR"), Column("city", "VARCHAR"))),
    )
)
QUERY = """SELECT c.name, sum(s.amount) AS total
FROM sales s
JOIN customers c ON c.id = s.customer
WHERE s.year = 2001
GROUP BY c.name
ORDER BY total DESC"""


@pytest.mark.parametrize("arguments", [["bench"], ["bench", "typing"]])
def test_without_a_name_it_is_the_replay_of_typing(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("SELECT 1")
    missing = str(tmp_path / "none.duckdb")
    found = CliRunner().invoke(app, [*arguments, str(tmp_path), "-d", missing, "--protocols", "dance"])
    assert "dance" in str(found.exception), "the replay's own option was understood"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["bench", "--help"], "prediction"),
        (["bench", "typing", "--help"], "--slowdown"),
        (["bench", "prediction", "--help"], "--history"),
        (["bench", "repair", "--help"], "--random"),
        (["bench", "--slowdown"], "--slowdown"),
    ],
)
def test_help_and_options(arguments: list[str], expected: str) -> None:
    found = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert expected in found.output


async def test_instances_are_other_queries_of_the_same_shape_that_bind() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE sales (customer INT, year INT, amount INT, discount INT, month INT)")
        connection.execute("CREATE TABLE customers (id INT, name VARCHAR, city VARCHAR)")

        async def binds(sql: str) -> bool:
            try:
                connection.execute("EXPLAIN " + sql)
            except duckdb.Error:
                return False
            return True

        found = await instances(QUERY, CATALOG, 8, binds)
        again = await instances(QUERY, CATALOG, 8, binds)
    assert found == again, "the same ones in each run"
    assert len(found) >= 5
    assert len(set(found)) == len(found)
    assert QUERY not in found
    assert all("2001" not in text for text in found), "every constant is another one"
    shape = [word.kind for word in read(QUERY).words]
    assert all([word.kind for word in read(text).words] == shape for text in found)


def test_the_columns_used_next_are_those_up_to_the_next_place() -> None:
    words = read(QUERY).words
    places = places_of(QUERY, words)
    found = [columns_used_next(words, places, at, len(QUERY)) for at in range(len(places))]
    assert found[0] == ["name", "amount"]
    assert ["id", "customer"] in found
    assert found[-1] == ["total"]


def test_predictions_are_measured(tmp_path: Path) -> None:
    database = tmp_path / "shop.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE sales (customer INT, year INT, amount INT, discount INT, month INT)")
        connection.execute("CREATE TABLE customers (id INT, name VARCHAR, city VARCHAR)")
    (tmp_path / "q.sql").write_text(f"{QUERY};\n\nSELECT city, count(*)\nFROM customers\nGROUP BY city;\n")
    arguments = ["bench", "prediction", str(tmp_path / "q.sql"), "-d", str(database)]
    answer = CliRunner().invoke(app, [*arguments, "--history", "2", "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert found["queries"] == 2
    assert found["instances"] >= 2
    assert found["cold"]["places"] == found["history"]["places"] >= 8
    assert found["history"]["share"] > found["cold"]["share"]
    assert 0 < found["history"]["acceptedShare"] <= found["history"]["acceptedByWordShare"] <= 1
    shown = CliRunner().invoke(app, [*arguments, "--columns-only"])
    assert "columns used next among the first five" in shown.output
