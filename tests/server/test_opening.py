"""How the server opens a database of its own."""

from typing import Any, cast

import duckdb

from speql_server.connecting.opening import Opening
from speql_server.connecting.profile import ConnectionProfile
from speql_server.settings import ServerSettings


async def test_a_released_file_stays_in_memory_since_the_process_is_the_servers_own(tmp_path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sales AS SELECT range AS id FROM range(10)")

    async def run(_: str, work: Any) -> Any:
        return await work

    nothing = cast("Any", None)
    opening = Opening(None, nothing, nothing, lambda *_: None, lambda: None, cast("Any", run))
    opened = await opening.open(ConnectionProfile("shop", database=str(path)), ServerSettings(), lambda _: None)
    engine: Any = opened.connection.engine
    while not hasattr(engine, "_connection"):
        engine = engine.engine
    try:
        await engine.execute("SELECT sum(id) FROM sales")
        engine._connection.release_file()
        assert (engine._connection._attached, engine._connection.idle) == (True, False)
    finally:
        await opened.connection.close()
