"""The cases of matching on Spark: what is rewritten there returns what the query returns there.

The cases are written for DuckDB and translated by sqlglot; what Spark does not bind is skipped, and named. Both sides
run on a real Spark Connect server. The matcher refuses more than on DuckDB: what `engine_semantics.json` says cannot be
compared on Spark (texts, which have collations since 4.0; timestamps, which have the session's zone).
"""

import os
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from tests.engines.spark_server import empty_catalog

from speql_engines.compare import rows_differ
from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.view import define_view
from speql_sql import Catalog

from .conftest import FIXTURES, known_catalog
from .test_matching_cases import CASES, Case

pytest.importorskip("pyspark")

from speql_engines.spark.catalog import read_catalog
from speql_engines.spark.driver import DefaultChannelBuilder, Frame, PySparkException, SparkSession, active

SEEDS = tuple(int(seed) for seed in os.environ.get("SPEQL_SPARK_SEEDS", "3").split(","))
"""The data that are compared, of 0 to 3: each takes some minutes."""

LEAST_SERVED = 217
MOST_SKIPPED = 15
NOT_RIGHT = {
    "an aggregate of an expression": "a sum of decimals has ten digits more than they, a sum of sums twenty",
    "rank over subtotals of one level": "so a quotient of sums of sums has fewer digits behind the point",
    "ROLLUP with HAVING": "above grouping sets HAVING does not find a column by the name of its table",
}
"""Why matching is not switched on for Spark: what is rewritten gives another type, or fails."""

HERE = "`spark_catalog`.`default`."


@pytest.fixture(scope="module")
def spark(spark_server: str) -> Iterator[SparkSession]:
    """A session with the schema of the fixtures, without rows."""
    session = SparkSession(DefaultChannelBuilder(spark_server))
    empty_catalog(session)
    for statement in sqlglot.transpile((FIXTURES / "schema.sql").read_text(), "duckdb", "spark"):
        session.sql(_without_keys(statement))
    yield session
    session.client.release_session()
    session.client.close()


@pytest.fixture(scope="module")
def spark_catalog(spark: SparkSession, databases: list[duckdb.DuckDBPyConnection]) -> Catalog:
    """Spark's names and types, with the keys that hold for the data: tables of files declare none there."""
    found = read_catalog(lambda sql: spark.sql(sql).toArrow().to_pylist(), ("spark_catalog", "default"), "spark")
    known = known_catalog(databases[0])
    tables = []
    for table in found.tables:
        declared = known.find(table.name)
        assert declared is not None
        columns = tuple(
            replace(column, nullable=there.nullable)
            for column, there in zip(table.columns, declared.columns, strict=True)
        )
        foreign = tuple(replace(key, target=key.target.replace("main.", "default.")) for key in declared.foreign_keys)
        tables.append(replace(table, columns=columns, primary_key=declared.primary_key, foreign_keys=foreign))
    return replace(found, tables=tuple(tables))


def test_what_is_rewritten_returns_the_same(
    spark: SparkSession, spark_catalog: Catalog, databases: list[duckdb.DuckDBPyConnection]
) -> None:
    skipped, unserved, served = [], [], []
    for _, case in CASES:
        translated = _translated(spark, case)
        if translated is None:
            skipped.append(case.name)
            continue
        views = [
            define_view(f"v{number}", f"v{number}", sqlglot.parse_one(sql, read="spark"), spark_catalog)
            for number, sql in enumerate(translated.views, start=1)
        ]
        found = rewrite(sqlglot.parse_one(translated.query, read="spark"), views, spark_catalog)
        if found.sql is None:
            unserved += [case.name] if case.used == "yes" else []
            continue
        assert case.used == "yes", f"{case.name}: served here, and not on DuckDB"
        creates = [(view.name, view.create_sql("spark").replace(HERE, "")) for view in views]
        served.append((case, translated, creates, found.sql.replace(HERE, "")))

    wrong: list[str] = []
    compared = 0
    for seed in SEEDS:
        _fill(spark, databases[seed])
        for case, translated, creates, sql in served:
            if case.data:
                _fill_for(spark, databases[seed], case)
            difference = _difference(spark, translated, creates, sql)
            if difference and case.name not in NOT_RIGHT:
                wrong.append(f"{case.name}: {difference}")
            if not difference and case.name in NOT_RIGHT:
                wrong.append(f"{case.name}: is right now")
            compared += 1
            if case.data:
                _fill(spark, databases[seed])

    print(f"\nSpark: {len(served)} cases served, {compared} compared, {len(wrong)} wrong beside {len(NOT_RIGHT)} known")
    print(f"{len(skipped)} skipped, since Spark does not bind what sqlglot makes of them: {', '.join(skipped)}")
    print(f"{len(unserved)} served on DuckDB and not here: {', '.join(unserved)}")
    assert not wrong, "\n".join(wrong)
    assert len(served) >= LEAST_SERVED
    assert len(skipped) <= MOST_SKIPPED


def _without_keys(statement: str) -> str:
    tree = sqlglot.parse_one(statement, read="spark")
    for constraint in list(tree.find_all(sqlglot.exp.ColumnConstraint)):
        constraint.pop()
    return tree.sql("spark")


def _translated(spark: SparkSession, case: Case) -> Case | None:
    """The case in Spark's words; None if it does not bind there."""
    try:
        views = [sqlglot.transpile(sql, "duckdb", "spark")[0] for sql in case.views]
        query = sqlglot.transpile(case.query, "duckdb", "spark")[0]
        for sql in (*views, query):
            _ = spark.sql(sql).schema
    except (PySparkException, sqlglot.errors.SqlglotError):
        return None
    return replace(case, views=views, query=query)


def _fill(spark: SparkSession, data: duckdb.DuckDBPyConnection) -> None:
    """The rows of the data, under the names of the tables."""
    for table in known_catalog(data).tables:
        _show(spark, table.name, data.sql(f"SELECT * FROM {table.name}").to_arrow_table())


def _fill_for(spark: SparkSession, data: duckdb.DuckDBPyConnection, case: Case) -> None:
    """The same with the rows that a case adds."""
    data.begin()
    try:
        for insert in case.data:
            data.execute(insert)
        _fill(spark, data)
    finally:
        data.rollback()


def _show(spark: SparkSession, name: str, rows: pa.Table) -> None:
    schema = spark.table(f"spark_catalog.default.{name}").schema
    spark.createDataFrame(rows, schema=schema).createOrReplaceTempView(name)


def _difference(spark: SparkSession, case: Case, creates: list[tuple[str, str]], sql: str) -> str | None:
    """How the rows over the temp tables differ from those of the query."""
    try:
        direct = spark.sql(case.query).toArrow()
    except PySparkException:
        return None  # the query itself fails on these data
    kept: list[Frame] = []
    try:
        with active(spark):
            for name, create in creates:
                kept.append(spark.sql(create).localCheckpoint())
                kept[-1].createOrReplaceTempView(name)
        found = spark.sql(sql).toArrow()
    except PySparkException as error:
        return str(error).partition("\n")[0]
    if direct.schema.types != found.schema.types:
        return f"types {direct.schema.types} and {found.schema.types}"
    return rows_differ(direct, found, ordered=" ORDER BY " in case.query.rpartition(")")[2])
