"""What is Spark's own: names, statements, errors, plans, what is told of tables; and, on a real Spark Connect server,
types, files that change, temp tables that do not, cancelling, and sessions that end.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from speql_engines import ConnectionFailedError, EngineError, open_engine
from speql_engines.bill import Bill, billed_to
from speql_engines.engine import SpeculationHeldError
from speql_sql import Catalog, Column, Table

pytest.importorskip("pyspark")

from tests.engines.opening import opening
from tests.engines.reading import rows
from tests.engines.refused_names import check_refused

from speql_engines.spark.catalog import read_catalog
from speql_engines.spark.cluster import Cluster
from speql_engines.spark.driver import DefaultChannelBuilder, SparkSession
from speql_engines.spark.engine import SparkEngine
from speql_engines.spark.location import databricks_location, spark_location
from speql_engines.spark.plan import estimate_of
from speql_engines.spark.sampled import sampled_sql
from speql_engines.spark.statements import spark_statement
from speql_engines.spark.table_text import table_text
from speql_engines.spark.unity_catalog import read_unity_catalog
from speql_sql.secret import Secret

Open = Callable[..., Awaitable[SparkEngine]]


# Names


def test_a_spark_server_is_called_as_spark_connect_calls_it(monkeypatch):
    monkeypatch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", "hunter2")
    found = spark_location("sc://db.example.org:15003/;user_id=ann%40x;use_ssl=true;x-org=7")

    assert found.url == "sc://db.example.org:15003/;user_id=ann%40x;use_ssl=true;x-org=7"
    assert DefaultChannelBuilder(found.url).userId == "ann@x"
    assert (found.label, found.dialect, found.token) == ("db.example.org:15003", "spark", "hunter2")
    assert "hunter2" not in repr(found)
    assert spark_location("sc://ann@localhost").url == "sc://localhost:15002/;user_id=ann"


def test_a_cluster_is_named_by_its_id_or_its_path(monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-hunter2")
    by_path = databricks_location("databricks://dbc.cloud/main/sales?http_path=sql/protocolv1/o/123/0412-ab-1")

    assert (by_path.cluster, by_path.place) == ("0412-ab-1", ("main", "sales"))
    assert by_path.dialect == "databricks"
    assert by_path.token == "dapi-hunter2"
    builder = DefaultChannelBuilder(by_path.url)
    assert builder.endpoint == "dbc.cloud:443"
    assert builder.secure
    assert list(builder.metadata()) == [("x-databricks-cluster-id", "0412-ab-1")]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sc://host/;token=hunter2", "holds a secret"),
        ("sc://host/;user_id=a;X-Auth-Token=hunter2", "holds a secret"),
        ("sc://ann:hunter2@host", "holds a secret"),
        ("sc://host/?password=hunter2", "holds a secret"),
        ("sc://host/shop", "more than"),
        ("sc://host/;session_id=1", "session_id"),
        ("sc:///;user_id=a", "no host"),
        ("sc://host:x", "not understood"),
        ("databricks://host/?token=hunter2&cluster_id=1", "holds a secret"),
        ("databricks://token:hunter2@host/?cluster_id=1", "holds a secret"),
        ("databricks://host/?access_token=hunter2&cluster_id=1", "holds a secret"),
        ("databricks://host/a/b/c?cluster_id=1", "too many parts"),
        ("databricks://host/?cluster_id=1&colour=red", "colour"),
        ("databricks://host", "no cluster"),
        ("databricks://host/?http_path=/sql/1.0/warehouses/abc", "SQL warehouse"),
        ("databricks://host/?cluster_id=1%3Btoken%3D2", "no cluster"),
    ],
)
def test_a_name_that_says_too_much_or_too_little_is_refused(url, said):
    check_refused(lambda: (spark_location if url.startswith("sc") else databricks_location)(url), said)


def test_the_client_is_imported_in_programs_without_a_file(run_python):
    found = run_python("import speql_engines.spark; print('there')")

    assert (found.stdout, found.stderr) == ("there\n", "")


# Statements


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "query"),
        ("/* a /* b */ */ FROM t SELECT a", "query"),
        ("VALUES (1)", "query"),
        ("SHOW TABLES", "read"),
        ("desc history t", "read"),
        ("SET", "read"),
        ("SET -v", "read"),
        ("SET spark.sql.ansi.enabled = false", "setting"),
        ("set time zone 'UTC'", "setting"),
        ("RESET spark.sql.ansi.enabled", "setting"),
        ("USE shop", "setting"),
        ("DECLARE x INT", "setting"),
        ("SET VAR x = 1", "setting"),
        ("SET spark.sql.ansi.doubleQuotedIdentifiers = true", "refused"),
        ("SET spark.sql.parser.escapedStringLiterals=true", "refused"),
        ("BEGIN SELECT 1; END", "refused"),
        ("PREPARE p", "refused"),
        ("create or replace temporary view v as select 1", "refused"),
        ("CREATE GLOBAL TEMP VIEW v AS SELECT 1", "refused"),
        ("INSERT INTO t VALUES (1)", "write"),
        ("CACHE TABLE t", "write"),
        ("OPTIMIZE t", "write"),
    ],
)
def test_the_kind_of_a_statement(sql, kind):
    found = spark_statement(sql)

    assert found.kind == kind
    assert bool(found.reason) is (kind == "refused")


# What is told of tables

INFORMATION = """Catalog: spark_catalog
Database: default
Table: t
Type: MANAGED
Provider: parquet
Comment: Type: VIEW
Statistics: 2739 bytes, 5 rows
Schema: root
 |-- c: string (nullable = false)
 |-- m: map (nullable = true)
 |    |-- key: string
 |    |-- value: struct (valueContainsNull = true)
 |    |    |-- x: long (nullable = true)
 |    |    |-- y: array (nullable = true)
 |    |    |    |-- element: decimal(9,2) (containsNull = true)
 |-- we ird: col: interval day to second (nullable = true)

"""


def test_the_text_about_a_table_is_read():
    told = table_text(INFORMATION)

    assert (told.is_view, told.provider, told.rows, told.bytes) == (False, "parquet", 5, 2739)
    assert told.columns == (
        Column("c", "string", nullable=False),
        Column("m", "map<string,struct<x:bigint,y:array<decimal(9,2)>>>"),
        Column("we ird: col", "interval day to second"),
    )


def test_what_a_name_or_a_comment_makes_doubtful_is_not_believed():
    assert table_text(INFORMATION.replace("we ird", "we\nird")).columns is None
    view = "Type: VIEW\nView Text: {0}\nView Original Text: {0}\nView Schema Mode: BINDING\nSchema: root\n"
    assert table_text(f"Table: v\n{view.format('SELECT 1')}").view_text == "SELECT 1"
    hidden = "SELECT 1 --\nView Original Text: SELECT 1\n, rand()"
    assert table_text(f"Table: v\n{view.format(hidden)}").view_text == ""
    assert table_text(f"Table: v\nComment: x\nView Text: SELECT 1\n{view.format('SELECT rand()')}").view_text == ""


def test_a_table_of_another_system_is_not_read_ahead():
    def rows(sql: str) -> list[dict[str, object]]:
        if sql.startswith("SHOW NAMESPACES"):
            return [{"namespace": "default"}]
        if sql.startswith("SHOW USER FUNCTIONS"):
            return [{"function": "spark_catalog.default.mine"}]
        remote = INFORMATION.replace("parquet", "jdbc")
        text = "View Text: SELECT mine(1)\nView Original Text: SELECT mine(1)"
        view = f"Table: v\nType: VIEW\n{text}\nSchema: root\n |-- a: long\n"
        return [
            {"namespace": "default", "tableName": name, "isTemporary": name == "mine", "information": text}
            for name, text in (("t", INFORMATION), ("r", remote), ("v", view), ("mine", INFORMATION))
        ]

    catalog = read_catalog(rows, ("spark_catalog", "default"), "spark")

    assert [table.name for table in catalog.tables] == ["t", "r", "v"]
    assert [bool(table.unsafe) for table in catalog.tables] == [False, True, True]
    assert catalog.user_functions == {"mine"}
    assert catalog.certain


def test_unity_catalog_is_read_in_six_questions():
    """Scripted after Databricks' documentation of its information schema: none is to be had here."""
    asked: list[str] = []
    here = {"table_schema": "shop"}

    def rows(sql: str) -> list[dict[str, object]]:
        asked.append(sql)
        if ".referential_constraints" in sql:
            pair = {"target_schema": "shop", "target_name": "regions", "target_column": "name"}
            return [{**here, "table_name": "sales", "constraint_name": "f", "column_name": "region", **pair}]
        if ".key_column_usage" in sql:
            key = {**here, "table_name": "regions", "constraint_name": "p", "column_name": "name"}
            return [{**key, "constraint_type": "PRIMARY KEY"}]
        if ".columns" in sql:
            found = [
                ("regions", "name", "string", "NO"),
                ("sales", "region", "string", "YES"),
                ("v", "a", "int", "YES"),
            ]
            found.append(("far", "a", "decimal(9,2)", "YES"))
            names = ("table_name", "column_name", "full_data_type", "is_nullable")
            return [{**here, **dict(zip(names, one, strict=True))} for one in found]
        if ".views" in sql:
            return [{**here, "table_name": "v", "view_definition": "SELECT rand() AS a"}]
        if ".routines" in sql:
            return [{"routine_name": "Mine"}]
        kinds = [("regions", "MANAGED", "DELTA"), ("sales", "MANAGED", "DELTA"), ("v", "VIEW", None)]
        kinds.append(("far", "FOREIGN", "POSTGRESQL"))
        names = ("table_name", "table_type", "data_source_format")
        return [{**here, **dict(zip(names, one, strict=True))} for one in kinds]

    catalog = read_unity_catalog(rows, ("main", "shop"), "databricks")

    assert len(asked) == 6
    assert all("`main`.information_schema" in sql for sql in asked)
    assert catalog.find("regions").primary_key == ("name",)
    assert not catalog.find("regions").column("name").nullable
    (reference,) = catalog.find("sales").foreign_keys
    assert (reference.target, reference.target_columns) == ("shop.regions", ("name",))
    assert catalog.find("v").kind == "view"
    assert {table.name for table in catalog.tables if table.unsafe} == {"v", "far"}
    assert catalog.user_functions == {"mine"}


# Plans and samples

PLAN = """== Optimized Logical Plan ==
Aggregate [boss#445], [boss#445, count(1) AS n#450L], Statistics(sizeInBytes=2.0 KiB)
+- Join Inner, (name#444 = region#2), Statistics(sizeInBytes=8.0 TiB)
   :- Project [boss#445], Statistics(sizeInBytes=1597.0 B)
   :  +- Relation spark_catalog.default.regions[name#444,boss#445] parquet, Statistics(sizeInBytes=2.0 KiB)
   +- LogicalRDD [region#2], false, Statistics(sizeInBytes=8.0 EiB)

== Physical Plan ==
AdaptiveSparkPlan isFinalPlan=false
"""


def test_a_plan_is_read():
    sizes = {"regions": (1000, 4096)}
    found = estimate_of(PLAN, lambda parts: sizes[parts[-1]], (30,))

    assert found.rows_scanned == 500 + 30  # half of the bytes are left after pruning
    assert found.bytes_scanned == 2048
    assert found.rows_processed == 530 + 3 * 500
    assert found.rows == 500
    unknown = PLAN.replace("parquet, Statistics(sizeInBytes=2.0 KiB)", "jdbc, Statistics(sizeInBytes=8.0 EiB)")
    assert estimate_of(unknown, lambda _: (None, None), (30,)).bytes_scanned is None
    whole = PLAN.replace("sizeInBytes=2.0 KiB)\n+-", "sizeInBytes=16.0 B, rowCount=1)\n+-")
    assert estimate_of(whole, lambda parts: sizes[parts[-1]], ()).rows == 1


def test_each_read_of_a_sampled_table_draws_its_own_rows():
    catalog = Catalog(
        (Table("t", (Column("a", "int"),), schema="default", database="c"),), "spark", (("c", "default"),)
    )

    found = sampled_sql("SELECT count(*) FROM t AS x JOIN t AS y ON x.a = y.a", "t", 0.25, catalog)

    assert found.count("RAND() < 0.25") == 2
    assert "MONOTONICALLY_INCREASING_ID" in sampled_sql("SELECT speql_unit FROM t", "t", 0.25, catalog)


# A cluster that costs money


@pytest.fixture
def workspace() -> Iterator[tuple[str, dict[str, object], list[tuple[str, str | None]]]]:
    """Answers for the state of a cluster as Databricks documents it; what it says, and what it was asked."""
    told: dict[str, object] = {"state": "TERMINATED"}
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", told, asked
    server.shutdown()
    server.server_close()


def test_nothing_works_ahead_on_a_cluster_that_has_ended(workspace, monkeypatch):
    address, told, asked = workspace
    now = [100.0]
    monkeypatch.setattr("speql_engines.spark.cluster.time.monotonic", lambda: now[0])
    cluster = Cluster(address, "0412-ab", lambda: "hunter2")

    with pytest.raises(SpeculationHeldError) as raised:
        cluster.require_running()
    assert "terminated" in raised.value.message
    assert asked == [("/api/2.1/clusters/get?cluster_id=0412-ab", "Bearer hunter2")]
    told["state"] = "RUNNING"
    cluster.require_running()
    cluster.require_running()
    assert len(asked) == 2
    told["state"], now[0] = "TERMINATING", 106.0
    with pytest.raises(SpeculationHeldError):
        cluster.require_running()
    with pytest.raises(SpeculationHeldError):
        Cluster("http://127.0.0.1:1", "0412-ab", lambda: None).require_running()


async def test_a_cluster_that_has_ended_is_not_opened(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(Cluster, "_state", lambda self: asked.append(self._url) or "TERMINATED")

    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine("databricks://dbc.cloud.invalid/?cluster_id=0412-ab", secret=lambda: Secret("hunter2"))

    assert "Start the cluster" in raised.value.hint
    assert asked == ["https://dbc.cloud.invalid/api/2.1/clusters/get?cluster_id=0412-ab"]


# On a real server


@pytest.fixture
async def open_database(spark_database: Callable[[], str]) -> AsyncIterator[Open]:
    url = spark_database()
    async with opening(url) as open_database:
        yield open_database


@pytest.fixture
async def engine(open_database: Open) -> SparkEngine:
    found = await open_database(writable=True)
    await found.submit("CREATE TABLE t (a INT, s CHAR(3), d DECIMAL(9, 2))")
    await found.submit("INSERT INTO t VALUES (1, 'x', 1.25), (2, NULL, NULL)")
    return found


async def test_tables_views_sizes_and_types_are_in_the_catalog(engine):
    await engine.submit("CREATE SCHEMA other_one")
    await engine.submit("CREATE TABLE other_one.u (m MAP<STRING, ARRAY<INT>>, `a b` TIMESTAMP_NTZ)")
    await engine.submit("CREATE VIEW v AS SELECT a, upper(s) AS s FROM t")
    await engine.submit("CREATE VIEW dice AS SELECT rand() AS r FROM t")
    await engine.submit("ANALYZE TABLE t COMPUTE STATISTICS")

    catalog = await engine.catalog()

    t = catalog.find("t", "default", "spark_catalog")
    assert (t.row_count, t.kind, [column.name for column in t.columns]) == (2, "table", ["a", "s", "d"])
    assert t.bytes > 0
    assert [column.type for column in t.columns][::2] == ["int", "decimal(9,2)"]
    u = catalog.find("u", "other_one")
    assert {column.name: column.type for column in u.columns} == {"m": "map<string,array<int>>", "a b": "timestamp_ntz"}
    assert (catalog.find("v").kind, catalog.find("v").unsafe) == ("view", "")
    assert catalog.find("dice").unsafe
    assert catalog.path == (("spark_catalog", "default"),)


LONG = "-12345678901234567890123456789.012345678"


@pytest.mark.parametrize(
    ("sql", "type_", "shown"),
    [
        (f"CAST('{LONG}' AS DECIMAL(38, 9))", "decimal(38,9)", Decimal(LONG)),
        ("TIMESTAMP '2024-01-01 00:00:00+02:00'", "timestamp", datetime(2023, 12, 31, 22, tzinfo=UTC)),
        ("TIMESTAMP_NTZ '2024-01-01 00:00:00'", "timestamp_ntz", datetime(2024, 1, 1)),
        ("X'00ff'", "binary", b"\x00\xff"),
        ("ARRAY(1, NULL)", "array<int>", [1, None]),
        ("MAP('a', STRUCT(1 AS x, 'b' AS y))", "map<string,struct<x:int,y:string>>", [("a", {"x": 1, "y": "b"})]),
        ("INTERVAL '1 02:03:04.5' DAY TO SECOND", "interval day to second", timedelta(1, 7384.5)),
        ("INTERVAL '1-2' YEAR TO MONTH", "interval year to month", "INTERVAL '1-2' YEAR TO MONTH"),
        ("parse_json('{\"a\": [1]}')", "variant", '{"a":[1]}'),
        ("named_struct('a', 1, 'a', 2)", "struct<a:int,a:int>", "{1, 2}"),
        ("CAST(NULL AS TINYINT)", "tinyint", None),
        ("NULL", "void", None),
    ],
)  # fmt: skip
async def test_every_value_is_shown_as_it_is(spark_server, sql, type_, shown):
    engine = await open_engine(spark_server)
    try:
        await engine.submit("SET TIME ZONE 'Asia/Tokyo'")  # changes no moment
        result = await engine.execute(f"SELECT {sql} AS v, 1 AS v", 10)
    finally:
        await engine.close()

    assert [column.type for column in result.columns] == [type_, "int"]
    assert result.rows.column(0)[0].as_py() == shown
    assert result.rows.column_names == ["v", "v"]


async def test_rows_keep_their_order_when_they_are_cut(engine):
    page = await engine.execute("SELECT id FROM range(1000) ORDER BY id DESC", 3)

    assert page.rows.column(0).to_pylist() == [999, 998, 997]
    assert not page.complete


async def test_a_fault_has_its_place_in_the_users_text(engine):
    sql = "SELECT '🦆',\n  amuont FROM t"
    (problem,) = (await engine.bind(sql)).problems

    assert problem.code == "unknown-column"
    assert problem.span.of(sql) == "amuont"
    assert "[UNRESOLVED_COLUMN.WITH_SUGGESTION]" in problem.message
    assert "SQLSTATE: 42703" in problem.message
    assert "JVM" not in problem.message
    broken = "SELECT a\nFROM t WHERE a > > 1"
    (problem,) = (await engine.bind(broken)).problems
    assert problem.code == "syntax-error"
    assert (problem.span.of(broken), problem.span.start) == (">", broken.rindex(">"))


@pytest.mark.parametrize(
    "sql",
    [
        "WITH w AS (SELECT 1 AS a) INSERT INTO t SELECT a, NULL, NULL FROM w",
        "FROM t INSERT INTO t SELECT a, s, d",
        "-- a \\\nSELECT 1\nDELETE FROM t",
        "SELECT 1) AS q; DROP TABLE t; SELECT * FROM (SELECT 1",
    ],
)
async def test_what_begins_like_a_query_is_none(engine, open_database, sql):
    reader = await open_database()
    for run in (reader.execute, reader.estimate, reader.submit):
        with pytest.raises(EngineError):
            await run(sql)
    assert not (await reader.bind(sql)).ok
    with pytest.raises(EngineError):
        await reader.create_temp_table("speql_no", sql)

    assert await rows(reader, "SELECT count(*) FROM t") == [(2,)]


async def test_a_query_that_inserts_runs_where_writes_are_allowed(engine):
    await engine.submit("WITH w AS (SELECT 3 AS a) INSERT INTO t SELECT a, NULL, NULL FROM w")

    assert await rows(engine, "SELECT count(*) FROM t") == [(3,)]


async def test_a_submit_sees_the_files_that_others_have_written(engine, open_database):
    reader = await open_database()
    assert await rows(reader, "SELECT count(*) FROM t") == [(2,)]
    await engine.submit("CREATE VIEW v AS SELECT a FROM t")
    await engine.submit("INSERT INTO t VALUES (3, NULL, NULL)")

    assert (await reader.submit("SELECT count(*) FROM t")).rows.column(0).to_pylist() == [3]
    await engine.submit("INSERT OVERWRITE t VALUES (4, NULL, NULL)")
    # What Spark knows of is gone: it is looked for anew, also ahead of a submit.
    assert await rows(reader, "SELECT a FROM t") == [(4,)]
    await engine.submit("INSERT INTO t VALUES (5, NULL, NULL)")
    assert (await reader.submit("SELECT count(*) FROM v")).rows.column(0).to_pylist() == [2]


async def test_a_temp_table_stays_what_it_was(engine):
    table = await engine.create_temp_table("speql_kept", "SELECT a, s FROM t")
    await engine.submit("INSERT OVERWRITE t VALUES (9, 'z', NULL)")
    await engine.submit("REFRESH TABLE t")

    assert await rows(engine, f"SELECT a FROM {table.sql_name} ORDER BY a") == [(1,), (2,)]
    assert await rows(engine, "SELECT a FROM t") == [(9,)]
    # Nothing in its plan leads back to the files.
    plan = await engine.submit(f"EXPLAIN EXTENDED SELECT a FROM {table.sql_name}")
    assert "parquet" not in plan.rows.column(0)[0].as_py().lower()
    assert table.bytes == 2 * 8 + 3  # CHAR(3) is padded, NULL takes nothing


def operations(engine: SparkEngine, state: str) -> int:
    """How many operations of the engine's session the server says are in that state."""
    return str(engine._sessions._session.client._get_operation_statuses()).count(f"OPERATION_STATE_{state}\n")


async def test_a_cancel_reaches_the_server(engine, until):
    sql = "SELECT count(*) AS n FROM range(300000) x, range(300000) y WHERE (x.id * y.id) % 1013 = x.id"
    task = asyncio.ensure_future(engine.submit(sql))
    await until(lambda: operations(engine, "RUNNING") == 1)
    task.cancel()
    await asyncio.wait({task}, timeout=30)

    assert task.cancelled()
    assert operations(engine, "RUNNING") == 0
    assert operations(engine, "CANCELLED") == 1


@pytest.mark.parametrize("sql", ["SELECT a FROM t;", "SELECT a FROM t ; -- and ;\n", "SELECT a FROM t -- a\n;;"])
async def test_a_statement_may_have_its_end(engine, sql):
    assert (await engine.bind(sql)).ok
    assert (await engine.execute(sql, 1)).rows.num_rows == 1
    assert (await engine.submit(sql)).rows.num_rows == 2
    assert (await engine.estimate(sql)).bytes_scanned > 0


async def test_what_runs_ahead_has_a_time_limit(engine, monkeypatch):
    monkeypatch.setattr("speql_engines.spark.engine.AHEAD_SECONDS", 0.5)
    sql = "SELECT count(*) AS n FROM range(300000) x, range(300000) y WHERE (x.id * y.id) % 1013 = x.id"
    with pytest.raises(EngineError) as raised:
        await engine.execute(sql)

    assert raised.value.problem.code == "timed-out"
    assert operations(engine, "RUNNING") == 0


async def test_a_session_that_is_over_is_replaced(engine, spark_server):
    table = await engine.create_temp_table("speql_gone", "SELECT 1 AS a")
    before = await engine.data_version()
    await engine.submit("SET TIME ZONE 'Asia/Tokyo'")
    session = engine._sessions._session.client._session_id
    ended = SparkSession(DefaultChannelBuilder(f"{spark_server};session_id={session}"))
    ended.client.release_session()
    ended.client.close()

    assert await rows(engine, "SELECT current_timezone()") == [("Asia/Tokyo",)]
    with pytest.raises(EngineError):  # with its session the temp table is gone, and nothing takes another for it
        await engine.execute(f"SELECT a FROM {table.sql_name}")
    assert await engine.data_version() != before
    await engine.drop_temp_table("speql_gone")
    again = await engine.create_temp_table("speql_gone", "SELECT 3 AS a")
    assert again.sql_name != table.sql_name


async def test_a_lost_write_is_not_run_again(engine, spark_server):
    session = engine._sessions._session.client._session_id
    ended = SparkSession(DefaultChannelBuilder(f"{spark_server};session_id={session}"))
    ended.client.release_session()
    ended.client.close()
    with pytest.raises(EngineError) as raised:
        await engine.submit("INSERT INTO t VALUES (9, NULL, NULL)")

    assert raised.value.problem.code == "connection-lost"
    assert await rows(engine, "SELECT count(*) FROM t") == [(2,)]


@pytest.mark.filterwarnings("ignore:.*RETRIES_EXCEEDED")
async def test_a_server_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", "hunter2")
    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine("sc://127.0.0.1:1")

    assert raised.value.reason == "network"
    assert "hunter2" not in f"{raised.value.message} {raised.value.hint}"


async def test_statements_have_a_tag_and_are_not_logged(engine, caplog, capfd):
    with caplog.at_level("DEBUG"):
        with pytest.raises(EngineError):
            await engine.execute("SELECT 'hunter2' + nothing")
        await engine.execute("SELECT 'hunter2' AS secret")

    assert "hunter2" not in caplog.text
    out, error = capfd.readouterr()
    assert "hunter2" not in out + error


async def test_a_plain_server_costs_nothing_and_does_not_tell_of_changes(engine):
    assert (engine.info.engine, engine.info.dialect) == ("Spark", "spark")
    assert not engine.info.paid
    assert not engine.info.tells_changes
    assert engine.info.details == {"catalog": "spark_catalog", "schema": "default"}
    assert "memory" not in engine.info.label
    with billed_to(Bill()):
        assert (await engine.execute("SELECT 1 AS a")).rows.num_rows == 1
