"""What opens ``sc://...`` and ``databricks://...``."""

from speql_engines.adapters import OpenOptions
from speql_engines.engine import Engine
from speql_engines.spark.engine import SparkEngine
from speql_engines.spark.location import databricks_location, spark_location


async def open_spark(database: str, options: OpenOptions) -> Engine:
    """Connect to a Spark Connect server; :class:`~speql_engines.ConnectionFailedError` says why that fails."""
    return await SparkEngine.open(spark_location(database), writable=options.writable, secret=options.secret)


async def open_databricks(database: str, options: OpenOptions) -> Engine:
    """Connect to a cluster of Databricks, likewise."""
    return await SparkEngine.open(databricks_location(database), writable=options.writable, secret=options.secret)
