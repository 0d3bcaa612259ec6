"""What opens ``redshift://...``."""

from speql_engines.adapters import OpenOptions
from speql_engines.engine import Engine
from speql_engines.redshift.engine import RedshiftEngine


async def open_redshift(database: str, options: OpenOptions) -> Engine:
    """Log in to a Redshift cluster or workgroup; :class:`~speql_engines.ConnectionFailedError` says why that fails."""
    return await RedshiftEngine.open(database, writable=options.writable, secret=options.secret)
