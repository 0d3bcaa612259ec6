"""Neovim's own language client against the server: a client that we did not write, with edits of its own making."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

NEOVIM = shutil.which("nvim")
SCRIPT = Path(__file__).with_name("neovim.lua")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if NEOVIM is None:
        pytest.skip("Neovim is not installed (Debian: apt-get install neovim)")
    folder = tmp_path_factory.mktemp("neovim")
    database, written = folder / "flights.duckdb", folder / "answers"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE flights (carrier VARCHAR, origin VARCHAR)")
        connection.execute("INSERT INTO flights VALUES ('AA', 'JFK'), ('AA', 'LGA'), ('UA', 'JFK')")
    environment = {
        **os.environ,
        "SPEQL_COMMAND": f"{sys.executable} -m speql_server --database {database}",
        "SPEQL_ANSWERS": str(written),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_STATE_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
    }
    command = [NEOVIM, "--headless", "-u", "NONE", "-n", "-c", f"luafile {SCRIPT}"]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert written.exists(), done.stderr
    found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    assert not found.get("problem"), found["problem"]
    return found


def test_previews(answers: dict[str, Any]) -> None:
    assert answers["capabilities"] == {"completion": True, "hover": True}
    assert sorted(answers["preview"]["rows"]) == [["AA", 2], ["UA", 1]]


def test_hover_definition_and_symbols(answers: dict[str, Any]) -> None:
    assert "VARCHAR" in answers["hover"]["contents"]["value"]
    place = answers["definition"]["range"]["start"]
    assert (place["line"], place["character"]) == (2, 13)
    assert answers["symbols"][0]["name"].startswith("SELECT f.carrier")


def test_completion_after_an_edit(answers: dict[str, Any]) -> None:
    found = answers["completion"]
    items = found["items"] if isinstance(found, dict) else found
    assert [item["label"] for item in items] == ["carrier", "origin"]


def test_diagnostics_come_and_go(answers: dict[str, Any]) -> None:
    (problem,) = answers["diagnostics"]
    assert "no_such_column" in problem["message"]
    assert problem["line"] == 2
    assert answers["left"] == 0
    assert answers["text"].splitlines()[2] == "FROM flights f WHERE f.origin = '😀'"


def test_the_server_ends_when_it_is_told_to(answers: dict[str, Any]) -> None:
    assert answers["stopped"] is True
