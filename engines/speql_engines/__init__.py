"""Ground floor: the Engine protocol and one adapter per engine. Knows drivers and files; nothing of LSP or editors."""

from speql_engines.compare import rows_differ
from speql_engines.connections import open_engine
from speql_engines.duckdb_engine import DuckDBEngine
from speql_engines.engine import (
    Binding,
    ConnectionFailedError,
    Engine,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    ResultColumn,
    TempTable,
)

__all__ = [
    "Binding",
    "ConnectionFailedError",
    "DuckDBEngine",
    "Engine",
    "EngineError",
    "EngineInfo",
    "Estimate",
    "Result",
    "ResultColumn",
    "TempTable",
    "open_engine",
    "rows_differ",
]
