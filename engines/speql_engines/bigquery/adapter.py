"""What opens ``bigquery://...``."""

from speql_engines.adapters import OpenOptions
from speql_engines.bigquery.engine import BigQueryEngine
from speql_engines.engine import Engine


async def open_bigquery(database: str, options: OpenOptions) -> Engine:
    """Open a BigQuery project; :class:`~speql_engines.ConnectionFailedError` says why that fails.

    Google's default credentials say who the user is: no password is asked for.
    """
    return await BigQueryEngine.open(database, writable=options.writable)
