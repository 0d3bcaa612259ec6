"""The predictor of a connection: nobody waits for a history that is slow."""

import threading
from pathlib import Path
from typing import Any, cast

from speql_engines import Engine, EngineInfo
from speql_server.prediction import NOTHING_PREDICTED, Predictor
from speql_speculator.completing.completion import NO_SCORES
from speql_sql import Catalog, Column, Table

CATALOG = Catalog((Table("t", (Column("a", "INTEGER"), Column("b", "INTEGER"))),))


class _Engine:
    info = EngineInfo("DuckDB", "2", "label", False, "duckdb")


def predictor(directory: Path | None) -> Predictor:
    return Predictor(cast(Engine, _Engine()), directory, now=lambda: 1_700_000_000.0)


async def test_what_was_recorded_is_predicted(tmp_path: Path) -> None:
    one = predictor(tmp_path)
    one.record("SELECT a FROM t WHERE b > 3", CATALOG)
    await one.close()
    again = predictor(tmp_path)
    found: Any = NOTHING_PREDICTED
    while found is NOTHING_PREDICTED:  # the history is being loaded
        found = await again.predicted("SELECT a FROM t WHERE ", None, CATALOG)
    assert found.columns[0].name == "b"
    await again.close()


async def test_nobody_waits_for_a_slow_history(tmp_path: Path) -> None:
    one = predictor(tmp_path)
    free = threading.Event()
    one._thread.submit(free.wait)
    assert await one.predicted("SELECT a FROM t", None, CATALOG) is NOTHING_PREDICTED
    assert await one.name_scores("SELECT a FROM t", 15, CATALOG) == NO_SCORES
    free.set()
    await one.close()


async def test_without_a_directory_nothing_is_kept() -> None:
    one = predictor(None)
    one.record("SELECT a FROM t WHERE b > 3", CATALOG)
    assert await one.predicted("SELECT a FROM t WHERE ", None, CATALOG) is NOTHING_PREDICTED
    await one.close()
