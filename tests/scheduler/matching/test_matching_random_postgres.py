"""Random views and queries on PostgreSQL: what a rewritten query returns is what the query returns.

The cases are those of `test_matching_random`, translated; what PostgreSQL does not bind is not counted.
``make fuzz-postgres N=10000`` runs more of them.
"""

import random
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from speql_scheduler.matching.canonical import canonical_key
from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.rows_key import rows_key
from speql_scheduler.matching.view import define_view
from speql_sql import Catalog
from speql_sql.faithful import why_unfaithful
from speql_sql.qualify import qualify_query

from .random_expressions import NOT_NULL, SCHEMA
from .random_queries import Maker
from .test_matching_postgres import run
from .test_matching_random import (
    CASES,
    DATA_EVERY,
    SEED,
    Counts,
    Rows,
    differ,
    fill,
    random_case,
    random_rows,
    variants,
)
from .test_matching_random import known_catalog as duckdb_catalog

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(scope="module")
def connection(postgres_server: str) -> Iterator["psycopg.Connection"]:
    from speql_engines.postgres.sessions import connect

    with psycopg.connect(f"{postgres_server} dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS random_matching")
        connection.execute("CREATE DATABASE random_matching")
    with connect(f"{postgres_server} dbname=random_matching") as connection:
        for table, columns in SCHEMA.items():
            declared = [f"{c} {t}{' NOT NULL' if (table, c) in NOT_NULL else ''}" for c, t in columns.items()]
            connection.execute(_translated(f"CREATE TABLE {table} ({', '.join(declared)})"))
        yield connection


def _translated(sql: str) -> str:
    return sqlglot.transpile(sql, "duckdb", "postgres")[0]


def _fill(connection: "psycopg.Connection", rows: Rows) -> None:
    """The same rows: DuckDB says what its literals are, since it reads some that PostgreSQL does not."""
    con = duckdb.connect()
    fill(con, rows)
    for table in SCHEMA:
        connection.execute(f"TRUNCATE {table}")
        for row in con.execute(f"FROM {table}").fetchall():
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)


def _check(
    connection: "psycopg.Connection", known: Catalog, view_sqls: list[str], query_sql: str, counts: Counts
) -> str | None:
    """What is wrong with the rewriting of the query over the views, or None."""
    try:
        view_sqls, query_sql = [_translated(sql) for sql in view_sqls], _translated(query_sql)
        direct = run(connection, query_sql)
        of_views = [run(connection, sql) for sql in view_sqls]
    except (psycopg.Error, sqlglot.errors.SqlglotError):
        return None
    if any(
        why_unfaithful(sql, sqlglot.parse_one(sql, dialect="postgres"), "postgres") for sql in (query_sql, *view_sqls)
    ):
        return None  # not analysed, for that reason
    counts.tried += 1
    query = sqlglot.parse_one(query_sql, dialect="postgres")
    assert isinstance(query, exp.Query)
    views = [
        define_view(f"v{number}", f"pg_temp.v{number}", sqlglot.parse_one(sql, dialect="postgres"), known)
        for number, sql in enumerate(view_sqls, start=1)
    ]
    qualified = qualify_query(query, known).query
    if qualified is not None:
        plain = run(connection, qualified.sql("postgres", identify=True))
        if wrong := differ(direct, plain):
            return f"qualified: {wrong}\n{qualified.sql('postgres')}"
        if canonical_key(qualified) == views[0].key:
            counts.keys_equal += 1
            if wrong := differ(direct, of_views[0]):
                return f"equal keys: {wrong}"
        if wrong := _other_rows(connection, known, query, qualified, direct, counts):
            return wrong
    found = rewrite(query, views, known)
    if found.sql is None:
        return None
    counts.matched += 1
    try:
        with connection.transaction(force_rollback=True):
            for view in views:
                connection.execute(f"CREATE TEMPORARY TABLE {view.name} AS {view.create_sql('postgres')}".encode())
            served = run(connection, found.sql)
    except psycopg.Error as error:
        return f"{error}\n{found.sql}"
    if served.schema.types != direct.schema.types:
        return None  # refused by the answerer, which compares types
    wrong = differ(direct, served)
    return f"{wrong}\nrewritten: {found.sql}" if wrong else None


def _other_rows(
    connection: "psycopg.Connection",
    known: Catalog,
    query: exp.Query,
    qualified: exp.Query,
    direct: pa.Table,
    counts: Counts,
) -> str | None:
    """A variant of the query that has its key, and other rows, if there is one."""
    for variant in variants(query):
        other = qualify_query(variant, known).query
        if other is None or rows_key(other) != rows_key(qualified):
            continue
        counts.variants_equal += 1
        found = run(connection, variant.sql("postgres"))
        places = [str(place) for place in range(direct.num_columns)]
        if wrong := differ(direct.rename_columns(places), found.rename_columns(places)):
            return f"{wrong}\nequal keys of rows: {variant.sql('postgres')}"
    return None


def test_random_rewrites_return_what_the_query_returns(connection: "psycopg.Connection") -> None:
    from speql_engines.postgres.catalog import read_catalog

    known, made_for = read_catalog(connection, "1"), duckdb_catalog()
    counts = Counts()
    rows: Rows = {}
    print(f"\nseed {SEED}", flush=True)
    for number in range(CASES):
        if number % DATA_EVERY == 0:
            rows = random_rows(random.Random(f"{SEED} data {number}"))
            _fill(connection, rows)
        views, query = random_case(Maker(random.Random(f"{SEED} {number}")), made_for)
        if wrong := _check(connection, known, views, query, counts):
            text = "\n".join([*(f"view  {_translated(view)}" for view in views), f"query {_translated(query)}"])
            counts.failures.append(f"case {number}: {wrong}\n{text}")
            print(counts.failures[-1], flush=True)
        if number % 1000 == 999:
            print(f"{number + 1}: {counts.matched} matched, {len(counts.failures)} wrong", flush=True)
    print(f"{counts.tried} tried, {counts.matched} matched, {counts.keys_equal} with the key of the view")
    print(f"{counts.variants_equal} variants with the key of the query's rows")

    assert not counts.failures, f"seed {SEED}: {len(counts.failures)} wrong\n\n" + "\n\n".join(counts.failures[:10])
    assert counts.tried > CASES * 0.3
    assert counts.matched > counts.tried * 0.2
