"""Ground floor: the Engine protocol and one adapter per engine. Knows drivers and files; nothing of LSP or editors.

`speql_engines.compare` is left out: it needs numpy, which a server that only runs queries does not.
"""

from speql_engines.connections import open_engine
from speql_engines.duckdb.engine import DuckDBEngine
from speql_engines.engine import (
    Binding,
    ConnectionFailedError,
    Engine,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    ResultColumn,
    SpeculationHeldError,
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
    "SpeculationHeldError",
    "TempTable",
    "open_engine",
]
