"""What opens ``snowflake://...``."""

from speql_engines.adapters import OpenOptions
from speql_engines.engine import Engine
from speql_engines.snowflake.engine import SnowflakeEngine


async def open_snowflake(database: str, options: OpenOptions) -> Engine:
    """Log in to a Snowflake account; :class:`~speql_engines.ConnectionFailedError` says why that fails."""
    return await SnowflakeEngine.open(database, writable=options.writable, secret=options.secret)
