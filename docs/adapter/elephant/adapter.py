"""What opens ``elephant://host/database``."""

from elephant.engine import ElephantEngine
from speql_engines.adapters import OpenOptions
from speql_engines.engine import Engine


async def open_elephant(database: str, options: OpenOptions) -> Engine:
    """Log in; :class:`~speql_engines.ConnectionFailedError` says why that fails."""
    return await ElephantEngine.open(database, options)
