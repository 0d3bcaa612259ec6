"""Ground floor: the Engine protocol and one adapter per engine. Knows drivers and files; nothing of LSP or editors.

`speql_engines.compare` is left out: it needs numpy, which a server that only runs queries does not. What is here is
imported when it is first used, since DuckDB and Arrow take half a second, in which a server would not answer.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_ELSEWHERE = {"open_engine": "connections", "DuckDBEngine": "duckdb.engine"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'engine')}"), name)
    globals()[name] = found
    return found
