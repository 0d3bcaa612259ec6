"""What opens ``mssql://...`` and ``synapse://...``."""

from speql_engines.adapters import OpenOptions
from speql_engines.engine import Engine
from speql_engines.sqlserver.engine import SqlServerEngine


async def open_mssql(database: str, options: OpenOptions) -> Engine:
    """Log in to SQL Server or Azure SQL; :class:`~speql_engines.ConnectionFailedError` says why that fails."""
    return await SqlServerEngine.open(database, writable=options.writable, secret=options.secret)


async def open_synapse(database: str, options: OpenOptions) -> Engine:
    """The same for a dedicated or serverless pool of Synapse: which one it is, the server tells."""
    return await SqlServerEngine.open(database, writable=options.writable, secret=options.secret)
