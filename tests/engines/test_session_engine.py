"""What the engines have in common that keep their temp tables in one session, whatever their server is."""

import gc
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from speql_engines.session_engine import SessionEngine
from speql_engines.workers import DaemonExecutor
from speql_sql.secret import Secret


def bigquery() -> SessionEngine:
    pytest.importorskip("google.cloud.bigquery")
    from speql_engines.bigquery.engine import BigQueryEngine
    from speql_engines.bigquery.location import location_of

    return BigQueryEngine(SimpleNamespace(close=lambda: None), location_of("bigquery://data/shop"), False)


def postgres() -> SessionEngine:
    pytest.importorskip("psycopg")
    from speql_engines.postgres.engine import PostgresEngine
    from speql_engines.postgres.sessions import open_sessions

    canceller = DaemonExecutor("cancel", 1)
    return PostgresEngine(open_sessions("host=127.0.0.1", canceller), canceller, False, "")


def redshift() -> SessionEngine:
    pytest.importorskip("redshift_connector")
    from speql_engines.redshift.engine import RedshiftEngine
    from speql_engines.redshift.location import location_of

    return RedshiftEngine(location_of("redshift://ann@db.example/dev", Secret("hunter2")), False)


def snowflake() -> SessionEngine:
    pytest.importorskip("snowflake.connector")
    from speql_engines.snowflake.engine import SnowflakeEngine
    from speql_engines.snowflake.location import location_of

    return SnowflakeEngine(location_of("snowflake://shop", {"shop": {"account": "a", "database": "SHOP"}}), False)


def spark() -> SessionEngine:
    pytest.importorskip("pyspark")
    from speql_engines.spark.engine import SparkEngine
    from speql_engines.spark.location import spark_location

    return SparkEngine(spark_location("sc://db.example"), False)


def sqlserver() -> SessionEngine:
    pytest.importorskip("mssql_python")
    from speql_engines.sqlserver.engine import SqlServerEngine
    from speql_engines.sqlserver.location import location_of

    return SqlServerEngine(location_of("mssql://ann@db.example/shop"), False)


@pytest.mark.parametrize("make", [bigquery, postgres, redshift, snowflake, spark, sqlserver])
def test_an_engine_that_nobody_holds_is_closed_at_once(make: Callable[[], SessionEngine]):
    gc.disable()  # who waits for that keeps sessions and threads until it happens to run
    try:
        finalizer = make()._finalizer

        assert not finalizer.alive
    finally:
        gc.enable()
