import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SCHEMA = """
CREATE TABLE airlines (carrier VARCHAR PRIMARY KEY, name VARCHAR NOT NULL);
CREATE TABLE flights (carrier VARCHAR NOT NULL, origin VARCHAR NOT NULL, delay INTEGER);
INSERT INTO airlines VALUES ('AA', 'American'), ('UA', 'United'), ('ZZ', 'Nobody');
INSERT INTO flights
    SELECT ['AA', 'UA'][1 + i % 2], ['EWR', 'JFK', 'LGA'][1 + i % 3], CASE WHEN i % 7 > 0 THEN i % 50 END
    FROM range(5000) r(i);
"""


@pytest.fixture(scope="session")
def small_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "small.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(SCHEMA)
    return path


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The user's environment, with a cache directory of the test's own."""
    return {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")), "COLUMNS": "120", "NO_COLOR": "1"}


@pytest.fixture(scope="session")
def speql(environment: dict[str, str]) -> Run:
    """Run the command as a user does, in a process of its own."""

    def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "speql_server.cli.entry", *arguments]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=120, env=environment, check=False
        )

    return run
