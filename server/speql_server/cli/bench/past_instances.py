"""The history of somebody who has run other instances of the same queries."""

from collections.abc import Iterable

from speql_engines import Engine
from speql_server.cli.bench.replay import ReplaySettings
from speql_server.cli.bench_prediction.instances import instances
from speql_speculator.predicting.history import History
from speql_speculator.predicting.history_files import HistoryFiles
from speql_speculator.predicting.tree_hash import TreeHash


async def record_instances(queries: Iterable[str], engine: Engine, settings: ReplaySettings) -> None:
    """Record ``settings.history`` other instances of each query, never its own text, in the history's directory."""
    assert settings.history_directory is not None, "there is one where instances are recorded"
    catalog = await engine.catalog()

    async def binds(sql: str) -> bool:
        return (await engine.bind(sql)).ok

    history = History(TreeHash(dialect=catalog.dialect), HistoryFiles(settings.history_directory))
    number = 0
    for text in queries:
        for instance in await instances(text, catalog, settings.history, binds):
            number += 1
            history.record(instance, catalog, float(number))
    history.neighbours("SELECT")
    history.close()
