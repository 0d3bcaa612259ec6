"""Snowflake as an engine, over its own Python connector."""

from speql_engines.snowflake.engine import SnowflakeEngine

__all__ = ["SnowflakeEngine"]
