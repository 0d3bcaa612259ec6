"""`speql demo`: types a query, submits it, and compares with the direct run."""

import asyncio
from pathlib import Path
from typing import Literal

from rich.console import Console

from speql_server.cli.demo.dataset import build_demo_database, demo_database_path
from speql_server.cli.demo.demo_query import DemoQuery, demo_query, query_names
from speql_server.cli.demo.json_object import JsonObject
from speql_server.cli.demo.live import LiveScreen
from speql_server.cli.demo.plain import PlainLines
from speql_server.cli.demo.story import tell
from speql_server.cli.demo.watcher import Watcher

Style = Literal["live", "plain", "json"]
_WATCHERS: dict[Style, type[Watcher]] = {"live": LiveScreen, "plain": PlainLines, "json": JsonObject}


def run_demo(*, query: str, speed: float, style: Style, database: str | None) -> int:
    """Load the data if it is not there, then show the main job; 0 if the rows of every submit were right, else 1.

    Raises :class:`~speql_sql.SpeqlError` for an unknown query, a database that cannot be opened, missing data.
    """
    chosen = demo_query(query)
    with _WATCHERS[style]() as watcher:
        path = Path(database) if database else demo_database_path()
        if not database and not path.exists():
            build_demo_database(path, watcher.loading)
        watcher.started(chosen, database or "")
        report = asyncio.run(tell(chosen, str(path), speed, watcher))
        watcher.finished(report)
    return 0 if report.rows_equal else 1


def list_demo_queries() -> None:
    """Print the names of the demo's queries and the questions they answer."""
    queries: list[DemoQuery] = [demo_query(name) for name in query_names()]
    for query in queries:
        Console().print(f"[bold]{query.name:8}[/] {query.question}", soft_wrap=True)
