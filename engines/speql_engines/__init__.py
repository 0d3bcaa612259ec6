"""Ground floor: the Engine protocol and one adapter per engine. Knows drivers and files; nothing of LSP or editors."""

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
    "Engine",
    "EngineError",
    "EngineInfo",
    "Estimate",
    "Result",
    "ResultColumn",
    "TempTable",
]
