"""SQL Server, Azure SQL and Synapse as an engine, over Microsoft's own Python driver."""

from speql_engines.sqlserver.engine import SqlServerEngine

__all__ = ["SqlServerEngine"]
