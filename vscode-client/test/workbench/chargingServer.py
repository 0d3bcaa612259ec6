"""SpeQL's server, with a DuckDB that says that it charges for what runs on it, as a warehouse does."""

from dataclasses import replace

from speql_engines.duckdb.engine import DuckDBEngine
from speql_engines.engine import EngineInfo
from speql_server.__main__ import main

real_info = DuckDBEngine.info.fget
assert real_info is not None


def charging(engine: DuckDBEngine) -> EngineInfo:
    """What the engine says of itself, and that it costs what the smallest warehouse of Snowflake does."""
    return replace(real_info(engine), engine="Snowflake", label="sales on acme", paid=True, size="X-Small")


DuckDBEngine.info = property(charging)  # type: ignore[assignment, method-assign]
main()
