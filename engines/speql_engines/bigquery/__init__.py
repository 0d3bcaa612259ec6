"""BigQuery as an engine, over Google's own client."""

from speql_engines.bigquery.engine import BigQueryEngine

__all__ = ["BigQueryEngine"]
