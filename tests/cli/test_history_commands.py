"""`speql history`: list, size and clear, of one database and of all."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speql_server.cli.main import app
from speql_server.history_directory import history_directory
from speql_speculator.predicting.history import History
from speql_speculator.predicting.history_files import HistoryFiles
from speql_speculator.predicting.tree_hash import TreeHash
from speql_sql import Catalog


@pytest.fixture
def databases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two databases with a history each."""
    monkeypatch.setenv("SPEQL_DATA_DIR", str(tmp_path / "data"))
    names = [str(tmp_path / name) for name in ("one.duckdb", "two.duckdb")]
    for at, name in enumerate(names):
        history = History(TreeHash(), HistoryFiles(history_directory("duckdb", name)))
        history.record(f"SELECT column_{at} FROM t", Catalog(), 1_700_000_000.0)
    return names


def run(*arguments: str) -> str:
    found = CliRunner().invoke(app, ["history", *arguments])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_list(databases: list[str]) -> None:
    statements = json.loads(run("list", "--json"))["statements"]
    assert [one["sql"] for one in statements] == ["SELECT column_0 FROM t", "SELECT column_1 FROM t"]
    assert statements[0]["runs"] == 1
    assert statements[0]["lastRun"] == "2023-11-14T22:13:20+00:00"
    assert "column_0" not in run("list", "-d", databases[1])


def test_size(databases: list[str]) -> None:
    found = json.loads(run("size", "--json"))["histories"]
    assert [one["statements"] for one in found] == [1, 1]
    assert all(one["bytes"] > 0 for one in found)
    assert run("size").count("1 statements") == 2


def test_clear_one_and_all(databases: list[str]) -> None:
    assert CliRunner().invoke(app, ["history", "clear", "-d", databases[0]], input="n\n").exit_code == 1
    run("clear", "-d", databases[0], "--yes")
    assert [one["sql"] for one in json.loads(run("list", "--json"))["statements"]] == ["SELECT column_1 FROM t"]
    run("clear", "--yes")
    assert "No history" in run("size")
    assert "No statement" in run("list")
    assert "No history" in run("clear")


def test_the_folder_tells_databases_apart_and_holds_no_secret() -> None:
    left, right = (
        history_directory("postgres", "postgres://me:pw@db/x"),
        history_directory("postgres", "postgres://db/y"),
    )
    assert left != right
    assert "pw" not in left.name
    assert "me" not in left.name
    assert history_directory("duckdb", None) == history_directory("duckdb", ":memory:")
