"""What opens ``postgresql://...``."""

from speql_engines.adapters import OpenOptions
from speql_engines.engine import Engine
from speql_engines.postgres.engine import PostgresEngine


async def open_postgres(database: str, options: OpenOptions) -> Engine:
    """Log in to a PostgreSQL server; :class:`~speql_engines.ConnectionFailedError` says why that fails."""
    return await PostgresEngine.open(database, writable=options.writable, secret=options.secret)
