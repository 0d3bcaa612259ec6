"""DuckDB as an engine, in this process."""

from speql_engines.duckdb.engine import DuckDBEngine

__all__ = ["DuckDBEngine"]
