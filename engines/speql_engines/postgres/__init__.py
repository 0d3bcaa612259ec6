"""PostgreSQL as an engine, over psycopg."""

from speql_engines.postgres.engine import PostgresEngine

__all__ = ["PostgresEngine"]
