"""Spark Connect servers and Databricks clusters as engines, over Spark's own client."""

from speql_engines.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
