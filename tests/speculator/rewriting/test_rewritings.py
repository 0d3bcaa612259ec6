"""Rewritings as data: ``|`` is the cursor (two of them: what is selected), then a title and what comes of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from speql_sql import Catalog

from ..conftest import read_catalog
from .database import actions_at, connect, marked, same_result

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rewriting"


def _cases(name: str) -> list[tuple[str, str, str]]:
    """Cases of a file: ``# beginning of the action's title``, the text with its marks, then ``=> result`` if any."""
    found = []
    for block in re.split(r"\n\s*\n", (FIXTURES / name).read_text().strip()):
        head, _, rest = block.partition("\n")
        text, _, expected = rest.partition("\n=> ")
        found.append((text, head.removeprefix("# "), expected))
    return found


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[duckdb.DuckDBPyConnection, Catalog]]:
    connection, catalog = connect()
    yield connection, catalog
    connection.close()


@pytest.mark.parametrize(("text", "title", "expected"), _cases("kept.txt"))
def test_a_rewriting_keeps_the_result(
    database: tuple[duckdb.DuckDBPyConnection, Catalog], text: str, title: str, expected: str
) -> None:
    connection, catalog = database
    plain, span = marked(text)
    connection.execute("EXPLAIN " + plain)
    found = [after for name, (_, after) in actions_at(plain, span, catalog).items() if name.startswith(title)]
    assert found == [expected]
    assert same_result(connection, plain, expected) is None


@pytest.mark.parametrize(("text", "title", "expected"), _cases("mended.txt"))
def test_what_is_missing_is_added(
    database: tuple[duckdb.DuckDBPyConnection, Catalog], text: str, title: str, expected: str
) -> None:
    connection, catalog = database
    plain, span = marked(text)
    found = {name: pair for name, pair in actions_at(plain, span, catalog).items() if name.startswith(title)}
    assert [after for _, after in found.values()] == [expected]
    assert all(action.kind == "quickfix" and action.fixes and not action.same_rows for action, _ in found.values())
    with pytest.raises(duckdb.Error):
        connection.execute(plain)
    connection.execute(expected)


@pytest.mark.parametrize(("text", "title"), [case[:2] for case in _cases("not_offered.txt")])
def test_what_could_change_the_result_is_not_offered(
    database: tuple[duckdb.DuckDBPyConnection, Catalog], text: str, title: str
) -> None:
    plain, span = marked(text)
    assert not [name for name in actions_at(plain, span, database[1]) if name.startswith(title)]


@pytest.mark.parametrize(("text", "title", "expected"), _cases("dialects.txt"))
def test_each_dialect_is_read_as_its_own(
    database: tuple[duckdb.DuckDBPyConnection, Catalog], text: str, title: str, expected: str
) -> None:
    dialect, _, beginning = title.partition(": ")
    plain, span = marked(text)
    actions = actions_at(plain, span, replace(database[1], dialect=dialect))
    found = [after for name, (_, after) in actions.items() if name.startswith(beginning)]
    assert found == ([expected] if expected else [])


def test_places_count_from_the_start_of_the_document(database: tuple[duckdb.DuckDBPyConnection, Catalog]) -> None:
    text = "SELECT 1;\n\nSELECT * FROM a"
    plain, span = text, marked(text.replace("*", "|*"))[1]
    action, after = actions_at(plain, span, database[1])["Expand *"]
    assert after == "SELECT 1;\n\nSELECT k, x, y FROM a"
    assert action.statement.of(plain) == "SELECT * FROM a"


def test_a_long_list_has_a_line_for_each_column() -> None:
    connection = duckdb.connect()
    names = [f"a_rather_long_name_{number}" for number in range(8)]
    connection.execute(f"CREATE TABLE wide ({', '.join(f'{name} INTEGER' for name in names)})")
    text = "SELECT *\nFROM wide"
    (_, after), *_ = [
        pair
        for name, pair in actions_at(text, marked("SELECT |*")[1], read_catalog(connection)).items()
        if "Expand" in name
    ]
    assert after == "SELECT\n    " + ",\n    ".join(names) + "\nFROM wide"
    connection.execute(after)
    connection.close()
