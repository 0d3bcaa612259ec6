"""What is SQL Server's own: names, logins, what the server is asked in which order, its plans, errors and types.

Against a stand-in (`sqlserver_stand_in.py`): the driver's module is the real one, the server behind it is not.
"""

import asyncio
import datetime
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

import pyarrow as pa
import pytest
import sqlglot

from speql_engines import ConnectionFailedError, Engine, EngineError, open_engine
from speql_engines.bill import Bill, billed_to
from speql_engines.engine import Estimate
from speql_sql import Catalog, Column, Table
from speql_sql.secret import Secret

pytest.importorskip("mssql_python")

import mssql_python.exceptions as driver
from tests.engines.reading import value
from tests.engines.refused_names import check_refused

from speql_engines.sqlserver import binding, catalog, plan, server, signatures
from speql_engines.sqlserver.errors import ServerError, connection_failed, engine_error, told_by
from speql_engines.sqlserver.location import location_of
from speql_engines.sqlserver.query_parts import order_of, parts_of
from speql_engines.sqlserver.results import Described, arrow_table, read_as_text
from speql_engines.sqlserver.sampled import sampled_sql
from speql_engines.sqlserver.statements import only_reads, tsql_statement

Open = Callable[..., Awaitable[Engine]]


# Names


def test_a_name_says_what_the_driver_is_told(monkeypatch):
    monkeypatch.setenv("MSSQL_PASSWORD", "hunter2")
    found = location_of("mssql://ann@db.example:1444/my%20shop?encrypt=strict&trust_certificate=no")

    assert found.arguments == {
        "Server": "db.example,1444",
        "Database": "my shop",
        "UID": "ann",
        "Encrypt": "strict",
        "TrustServerCertificate": "no",
    }
    assert (found.label, found.takes_password, found.paid) == ("my shop on db.example", True, False)
    assert found.password == "hunter2"
    assert "hunter2" not in repr(found)


def test_entra_needs_no_password_and_synapse_is_paid():
    found = location_of("synapse://work.sql.azuresynapse.net/pool?authentication=activedirectoryinteractive")

    assert found.arguments["Authentication"] == "ActiveDirectoryInteractive"
    assert "UID" not in found.arguments
    assert not found.takes_password
    assert found.paid


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mssql://ann:hunter2@db.example/shop", "secret"),
        ("mssql://ann@db.example/shop?PWD=hunter2", "secret"),
        ("mssql://db.example/shop", "user"),
        ("mssql://ann@db.example", "database"),
        ("mssql://ann@db.example/shop?app=x", "app"),
        ("mssql://ann@db.example:x/shop", "not understood"),
        ("mssql://db.example/shop?authentication=ActiveDirectoryDeviceCode", "code"),
        ("mssql://db.example/shop?authentication=Kerberos5", "Kerberos5"),
    ],
)
def test_a_name_that_cannot_be_used_says_why(url, said, monkeypatch):
    monkeypatch.delenv("MSSQL_USER", raising=False)
    check_refused(lambda: location_of(url), said)


# Statements


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1 AS a", "query"),
        ("/* /* nested */ */ with x as (select 1 as a) select a from x", "query"),
        ("SELECT a INTO #t FROM t", "refused"),
        ("CREATE TABLE [#t] (a INT)", "refused"),
        ("BEGIN TRAN", "refused"),
        ("SAVE TRANSACTION x", "refused"),
        ("SET SHOWPLAN_XML ON", "refused"),
        ("SET QUOTED_IDENTIFIER OFF", "refused"),
        ("SET DATEFIRST 1", "setting"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "setting"),
        ("USE other", "setting"),
        ("SET DATEFIRST 1; DELETE FROM t", "write"),
        ("EXEC p", "write"),
        ("DECLARE @a INT = 1; SELECT @a", "write"),
        ("GO", "refused"),
    ],
)
def test_the_kind_of_a_statement(sql, kind):
    assert tsql_statement(sql).kind == kind


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t SHUTDOWN",
        "SELECT a FROM t; DELETE FROM t",
        "SELECT a INTO x FROM t",
        "SELECT NEXT VALUE FOR s",
        "SELECT 1 /* /* */ , 2 */",
        "EXEC p",
    ],
)
def test_what_is_not_one_query_is_not_taken_for_one(sql):
    assert not only_reads(sql)


# Queries within others


@pytest.mark.parametrize(
    ("sql", "within"),
    [
        ("SELECT a FROM t", "WITH speql_rows AS (\nSELECT a FROM t\n)\nSELECT 1"),
        ("SELECT a FROM t -- all\n;", "WITH speql_rows AS (\nSELECT a FROM t\n)\nSELECT 1"),
        (
            "with x (b) as (select (1) as a), [y, z] as (select 2 as c) select b from x order by b desc",
            "WITH x (b) as (select (1) as a), [y, z] as (select 2 as c), speql_rows AS (\nselect b from x\n)\nSELECT 1",
        ),
        (
            "SELECT TOP 3 a FROM t ORDER BY a",
            "WITH speql_rows AS (\nSELECT TOP 3 a FROM t ORDER BY a\n)\nSELECT 1",
        ),
        (
            "SELECT a, RANK() OVER (ORDER BY a) AS n FROM t UNION ALL SELECT 1, 2 ORDER BY 2",
            "WITH speql_rows AS (\nSELECT a, RANK() OVER (ORDER BY a) AS n FROM t UNION ALL SELECT 1, 2\n)\nSELECT 1",
        ),
        (
            "SELECT a FROM t ORDER BY a OFFSET 2 ROWS FETCH NEXT 5 ROWS ONLY",
            "WITH speql_rows AS (\nSELECT a FROM t ORDER BY a OFFSET 2 ROWS FETCH NEXT 5 ROWS ONLY\n)\nSELECT 1",
        ),
    ],
)
def test_a_query_is_put_into_another_in_its_own_words(sql, within):
    parts = parts_of(sql)

    assert parts is not None
    assert parts.within("SELECT 1") == within
    assert isinstance(sqlglot.parse_one(within, read="tsql"), sqlglot.exp.Select)


@pytest.mark.parametrize(
    "sql",
    ["SELECT a FROM t OPTION (MAXDOP 1)", "SELECT a FROM t FOR JSON AUTO", "SELECT a INTO x FROM t", "DELETE FROM t"],
)
def test_some_queries_cannot_be_put_into_another(sql):
    assert parts_of(sql) is None


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ((), ""),
        (("b", "1 DESC"), "ORDER BY [c2], [c1] DESC"),
        (("t.a",), None),
        (("a + 1",), None),
        (("c",), None),
        (("3",), None),
        (("'a'",), None),
    ],
)
def test_an_order_is_known_by_the_columns_of_the_result(keys, order):
    assert order_of(keys, ["a", "B"], ["c1", "c2"]) == order


# Types


def test_what_the_driver_would_cut_is_asked_for_as_text():
    columns = [Described("at", "datetime2(7)"), Described("n", "int"), Described("", "datetimeoffset(7)")]
    text, shown = read_as_text("WITH x AS (SELECT 1 AS n) SELECT at, n, f FROM x ORDER BY at DESC", columns)

    assert text == (
        "WITH x AS (SELECT 1 AS n), speql_rows ([c1], [c2], [c3]) AS (\nSELECT at, n, f FROM x\n)\n"
        "SELECT CONVERT(varchar(27), [c1], 121) AS [at], [c2] AS [n], "
        "CONVERT(varchar(27), CAST(SWITCHOFFSET([c3], 0) AS datetime2(7)), 121) AS [c3]\n"
        "FROM speql_rows\nORDER BY [c1] DESC"
    )
    assert shown == tuple(columns)
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array(["2024-01-01 00:00:00.1234567", None], pa.large_string()),
            pa.array([1, 2], pa.int32()),
            pa.array(["2024-02-29 22:59:59.9999999", None], pa.large_string()),
        ],
        names=["at", "n", "c3"],
    )
    table = arrow_table([batch], shown)
    assert table.schema.types == [pa.timestamp("ns"), pa.int32(), pa.timestamp("ns", "UTC")]
    assert table.column(0)[0].value % 10**9 == 123456700
    assert table.column(0)[1].as_py() is None
    assert table.column(2)[0].value % 10**9 == 999999900


def test_a_time_that_nanoseconds_do_not_reach_keeps_its_digits():
    column = Described("at", "datetime2(7)")
    for text, expected in (
        ("9999-12-31 00:00:00.5000000", pa.timestamp("us")),
        ("0001-01-01 00:00:00.0000001", pa.string()),
    ):
        batch = pa.RecordBatch.from_arrays([pa.array([text], pa.large_string())], names=["at"])
        found = arrow_table([batch], [column]).column(0)
        assert found.type == expected, text
    assert found[0].as_py() == "0001-01-01 00:00:00.0000001"


def test_a_digit_that_is_cut_is_told():
    sql = "SELECT at FROM t ORDER BY DATEPART(hour, at)"
    text, (shown,) = read_as_text(sql, [Described("at", "datetime2(7)")])

    assert text == sql
    assert shown.shown.type == "datetime2(7), shown to 6 digits"
    batch = pa.RecordBatch.from_arrays([pa.array([1], pa.timestamp("us"))], names=["at"])
    assert arrow_table([batch], [shown]).column(0).type == pa.timestamp("us")


def test_what_the_driver_cannot_read_is_text_or_refused():
    columns = [Described("place", "", "geography"), Described("b", "sql_variant")]
    text, shown = read_as_text("SELECT place, b FROM t", columns)

    assert "[c1].ToString() AS [place], CONVERT(nvarchar(4000), [c2]) AS [b]" in text
    assert [column.shown.type for column in shown] == ["geography", "sql_variant"]
    with pytest.raises(EngineError) as raised:
        read_as_text("SELECT place FROM t ORDER BY id", columns[:1])
    assert "geography" in raised.value.message
    assert "[place].ToString() AS [place]" in raised.value.hint


def test_types_do_not_depend_on_the_values():
    columns = [
        Described("m", "money"), Described("d", "decimal(38,10)"), Described("g", "uniqueidentifier"),
        Described("x", "xml"), Described("b", "varbinary(max)"), Described("t", "time(7)"),
    ]  # fmt: skip
    table = arrow_table([], columns)

    assert table.schema.types == [
        pa.decimal128(19, 4), pa.decimal128(38, 10), pa.string(), pa.string(), pa.binary(), pa.time64("ns"),
    ]  # fmt: skip
    assert table.num_rows == 0


# Errors


@pytest.mark.parametrize(
    ("message", "number", "code", "where"),
    [
        ("Invalid object name 'dbo.sale'.", 208, "unknown-table", "sale"),
        ("Invalid column name 'amuont'.", 207, "unknown-column", "amuont"),
        ('The multi-part identifier "x.amuont" could not be bound.', 4104, "unknown-column", "amuont"),
        ("Divide by zero error encountered.", 8134, "type-error", None),
        ("Lock request time out period exceeded.", 1222, "locked", None),
        ("Incorrect syntax near 'FROM'.", 102, "syntax-error", "FROM"),
        ("Incorrect syntax near ','.", 102, "syntax-error", None),
    ],
)
def test_an_error_keeps_the_servers_number_and_its_place(message, number, code, where):
    sql = "SELECT amuont, x.amuont, b FROM dbo.sale AS x"
    raised = driver.sqlstate_to_exception("42000", f"[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{message}")
    found = engine_error(told_by(raised), sql)

    assert found.message == f"{message} [Msg {number}]"
    assert found.problem.code == code
    assert (found.problem.span.of(sql) if found.problem.span else None) == where


def test_what_the_server_says_itself_goes_before_the_words():
    found = engine_error(ServerError("Ungültiger Objektname 'x'.", 208, 3))

    assert found.message == "Ungültiger Objektname 'x'. [Msg 208, state 3]"
    assert found.problem.code == "unknown-table"


@pytest.mark.parametrize(
    ("state", "message", "reason"),
    [
        ("28000", "[Microsoft][SQL Server]Login failed for user 'ann'.", "login"),
        ("HYT00", "[Microsoft][ODBC Driver 18 for SQL Server]Login timeout expired", "network"),
        ("08001", "[Microsoft][ODBC Driver 18 for SQL Server]TCP Provider: Error code 0x2749", "network"),
        (
            "08001",
            "Azure AD authentication failed for DefaultAzureCredential: failed to retrieve a token from ..",
            "login",
        ),
        ("08001", "[Microsoft][ODBC Driver 18 for SQL Server]SSL Provider: certificate verify failed", "other"),
    ],
)
def test_why_there_is_no_connection(state, message, reason):
    found = connection_failed(driver.sqlstate_to_exception(state, message))

    assert found.reason == reason
    assert found.hint


# Plans and samples

SHOWPLAN = """<ShowPlanXML xmlns="http://schemas.microsoft.com/sqlserver/2004/07/showplan" Version="1.564">
<BatchSequence><Batch><Statements><StmtSimple StatementEstRows="12.5" StatementSubTreeCost="1.2" StatementType="SELECT">
<QueryPlan><RelOp NodeId="0" PhysicalOp="Hash Match" LogicalOp="Aggregate" EstimateRows="12.5" AvgRowSize="19">
<RelOp NodeId="1" PhysicalOp="Nested Loops" EstimateRows="500" AvgRowSize="15">
<RelOp NodeId="2" PhysicalOp="Clustered Index Scan" EstimateRows="500" EstimatedRowsRead="2000" AvgRowSize="10"
 TableCardinality="2000"/>
<RelOp NodeId="3" PhysicalOp="Clustered Index Seek" EstimateRows="1" AvgRowSize="20" EstimateRebinds="499"
 EstimateRewinds="0" TableCardinality="100"/>
</RelOp></RelOp></QueryPlan></StmtSimple></Statements></Batch></BatchSequence></ShowPlanXML>"""
"""In the shape of https://schemas.microsoft.com/sqlserver/2004/07/showplan/."""

EXPLAINED = """<?xml version="1.0" encoding="utf-8"?><dsql_query number_nodes="1"><sql>SELECT</sql>
<dsql_operations total_cost="1500" total_number_operations="2"><dsql_operation operation_type="SHUFFLE_MOVE">
<operation_cost cost="3" accumulative_cost="3" average_rowsize="20" output_rows="700" /></dsql_operation>
<dsql_operation operation_type="RETURN"><location distribution="AllDistributions" /></dsql_operation></dsql_operations>
</dsql_query>"""


def test_a_plan_is_added_up():
    found = plan.estimate_of(SHOWPLAN)

    assert (found.rows, found.rows_scanned, found.bytes_scanned) == (12, 2_500, 2_000 * 10 + 500 * 20)
    assert found.rows_processed == 12 + 500 + 2_500


def test_a_plan_of_a_pool_tells_its_time():
    found = plan.pool_estimate(EXPLAINED, Estimate(10, 1_000, 1_010, 8_000))

    assert found == Estimate(10, 1_000, 1_710, 8_000, seconds=1.5)


def test_a_sample_draws_rows_or_pages():
    small = Table("t", (Column("a", "int"),), "dbo", "shop")
    large = Table("u", (Column("a", "int"),), "dbo", "shop", bytes=1 << 31)
    known = Catalog((small, large), "tsql", (("shop", "dbo"),))

    by_row = sampled_sql("SELECT count(*) FROM t AS x", "t", 0.25, known)
    assert "ABS(CAST(CHECKSUM(NEWID()) AS BIGINT)) % 1000000000 < 250000000" in by_row
    by_page = sampled_sql("SELECT count(*) FROM u AS x", "u", 0.25, known)
    assert "TABLESAMPLE SYSTEM (25.000000 PERCENT)" in by_page
    assert "TABLESAMPLE" not in sampled_sql("SELECT count(*) FROM u AS x", "u", 0.25, known, has_tablesample=False)
    assert "ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS speql_unit" in sampled_sql(
        "SELECT speql_unit FROM u", "u", 0.25, known
    )


@pytest.mark.parametrize(
    "sql",
    [
        server.FACTS, server.SNAPSHOT, catalog.TABLES, catalog.COLUMNS, catalog.KEYS, catalog.FOREIGN_KEYS,
        catalog.SIZES, catalog.POOL_SIZES, catalog.FUNCTIONS, signatures._OWN, binding.DESCRIBE,
    ],
)  # fmt: skip
def test_what_is_asked_of_the_server_is_t_sql(sql):
    assert isinstance(sqlglot.parse_one(sql, read="tsql"), sqlglot.exp.Select)


CATALOG = {
    catalog.TABLES: [
        (1, "dbo", "sales", "U ", None, 0),
        (2, "ext", "files", "U ", None, 1),
        (
            3,
            "dbo",
            "totals",
            "V ",
            "CREATE VIEW totals (n) WITH SCHEMABINDING AS SELECT count_big(*) AS n FROM dbo.sales",
            0,
        ),
        (4, "dbo", "now", "V ", "CREATE VIEW now AS SELECT GETDATE() AS d", 0),
        (5, "dbo", "hidden", "V ", None, 0),
    ],
    catalog.COLUMNS: [
        (1, 1, "id", "int", "int", 4, 10, 0, False, None),
        (1, 2, "name", "nvarchar", "nvarchar", 40, 0, 0, True, "SQL_Latin1_General_CP1_CI_AS"),
        (1, 3, "code", "varchar", "varchar", -1, 0, 0, True, "Latin1_General_BIN2"),
        (1, 4, "place", "geography", None, -1, 0, 0, True, None),
        (1, 5, "at", "moment", "datetime2", 8, 27, 7, True, None),
        (1, 6, "boss", "int", "int", 4, 10, 0, True, None),
        (3, 1, "n", "bigint", "bigint", 8, 19, 0, True, None),
    ],
    catalog.KEYS: [(1, 11, "PK", 1), (1, 12, "UQ", 2), (1, 12, "UQ", 3)],
    catalog.FOREIGN_KEYS: [(1, 13, 6, 1, 1)],
    catalog.FUNCTIONS: [("mine",)],
}
"""Rows in the shape of the server's catalog views."""


def test_the_catalog_is_put_together():
    told = server.Server("16.0", 3, "shop", "sales_team", "SQL_Latin1_General_CP1_CI_AS")
    found = catalog.read_catalog(CATALOG.__getitem__, lambda _: [(1, 2000, 65536)], told)

    sales = found.find("sales")
    assert [column.type for column in sales.columns] == [
        "int", "nvarchar(20)", "varchar(max) COLLATE Latin1_General_BIN2", "geography", "datetime2(7)", "int",
    ]  # fmt: skip
    assert (sales.primary_key, sales.unique_keys) == (("id",), (("name", "code"),))
    assert [(key.columns, key.target, key.target_columns) for key in sales.foreign_keys] == [
        (("boss",), "dbo.sales", ("id",))
    ]
    assert (sales.row_count, sales.bytes) == (2000, 65536)
    assert {table.name: bool(table.unsafe) for table in found.tables} == {
        "sales": False, "files": True, "totals": False, "now": True, "hidden": True,
    }  # fmt: skip
    assert found.path == (("shop", "sales_team"), ("shop", "dbo"))
    assert found.user_functions == {"mine"}
    assert catalog.read_catalog(CATALOG.__getitem__, lambda _: [], told).find("sales").row_count is None


# An engine on a stand-in


@pytest.fixture
async def open_stand_in(sqlserver) -> AsyncIterator[Callable[..., Awaitable[tuple[Engine, object]]]]:
    engines: list[Engine] = []

    async def open_stand_in(scheme="mssql", writable=True, secret=None, **about):
        url, there = sqlserver(scheme, **about)
        engines.append(await open_engine(url, writable=writable, secret=secret))
        return engines[-1], there

    yield open_stand_in
    for engine in engines:
        await engine.close()


def after_login(there) -> list[str]:
    """What was asked, but for logging in."""
    at_login = {server.FACTS, server.SNAPSHOT, "SET CONTEXT_INFO 0x537065514C"}
    return [sql for sql in there.asked if sql not in at_login]


def test_the_driver_can_still_cancel_what_runs():
    """The adapter calls what the driver has for its own use: a driver without it must not be taken."""
    from mssql_python import ddbc_bindings

    assert callable(ddbc_bindings.SqlHandle._cancel)


async def test_each_call_in_order(open_stand_in):
    engine, there = await open_stand_in(snapshot=True)

    assert there.asked == [server.FACTS, server.SNAPSHOT, "SET CONTEXT_INFO 0x537065514C"]
    assert (engine.info.engine, engine.info.dialect, engine.info.paid) == ("SQL Server", "tsql", False)
    there.asked.clear()
    sql = "WITH x AS (SELECT 1 AS a) SELECT a FROM x ORDER BY a"
    await engine.execute(sql, 10)
    assert there.asked == [
        binding.DESCRIBE,
        "SET LOCK_TIMEOUT 5000; SET TRANSACTION ISOLATION LEVEL SNAPSHOT",
        sql,
    ]
    there.asked.clear()
    await engine.submit(sql)
    assert there.asked == ["SET LOCK_TIMEOUT -1; SET TRANSACTION ISOLATION LEVEL READ COMMITTED", binding.DESCRIBE, sql]
    there.asked.clear()
    table = await engine.create_temp_table("speql_x", sql, 5)
    name = table.sql_name
    assert after_login(there) == [
        binding.DESCRIBE,
        "SET LOCK_TIMEOUT 5000; SET TRANSACTION ISOLATION LEVEL SNAPSHOT",
        f"WITH x AS (SELECT 1 AS a), speql_rows AS (\nSELECT a FROM x\n)\nSELECT TOP (6) * INTO {name} FROM speql_rows",
        f"SELECT COUNT_BIG(*) FROM {name}",
        "SELECT SUM(used_page_count) * 8192 FROM tempdb.sys.dm_db_partition_stats "
        f"WHERE object_id = OBJECT_ID(N'tempdb..{name[1:-1]}')",
    ]
    there.asked.clear()
    await engine.estimate(sql)
    assert after_login(there)[-4:] == [binding.DESCRIBE, plan.SHOW, sql, plan.HIDE]
    await engine.drop_temp_table("speql_x")
    assert there.asked[-1] == f"IF OBJECT_ID(N'tempdb..{name[1:-1]}') IS NOT NULL DROP TABLE {name}"


async def test_a_password_is_asked_for_once_and_again_if_it_is_refused(open_stand_in):
    given = [Secret("of old"), Secret("hunter3")]
    asked = []

    def secret():
        asked.append(threading.get_ident())
        return given[min(len(asked), 2) - 1]

    engine, there = await open_stand_in(secret=secret, password="hunter3")
    await asyncio.gather(*(value(engine, "SELECT 1 AS a") for _ in range(4)))

    assert len(asked) == 2
    assert [login["PWD"] for login in there.logins[:2]] == ["of old", "hunter3"]
    assert {login["PWD"] for login in there.logins[2:]} <= {"hunter3"}
    assert all("hunter3" not in sql for sql in there.asked)


async def test_a_wrong_password_is_told(open_stand_in):
    with pytest.raises(ConnectionFailedError) as raised:
        await open_stand_in(password="another")

    assert raised.value.reason == "login"
    assert "hunter2" not in f"{raised.value}"


@pytest.mark.parametrize(
    ("edition", "name", "paid"), [(3, "SQL Server", False), (5, "Azure SQL", True), (6, "Synapse", True)]
)
async def test_the_server_says_what_it_is(open_stand_in, edition, name, paid):
    engine, _ = await open_stand_in(edition=edition)

    assert (engine.info.engine, engine.info.paid) == (name, paid)


async def test_a_dedicated_pool_is_asked_in_its_own_words(open_stand_in):
    engine, there = await open_stand_in("synapse", edition=6)
    there.answers["EXPLAIN "] = [(EXPLAINED,)]
    there.answers["CREATE TABLE [#"] = []
    there.answers["COUNT_BIG"] = [(7,)]
    there.answers["dm_db_partition_stats"] = driver.ProgrammingError("Syntax error or access violation", "no such view")

    assert (await engine.bind("SELECT 1 AS a")).columns[0].name == "a"
    assert (await engine.estimate("SELECT 1 AS a")).seconds == 1.5
    table = await engine.create_temp_table("speql_x", "SELECT 1 AS a")
    assert (table.rows, table.bytes) == (7, 56)
    assert engine.info.details["pool"] == "dedicated"
    assert not any("LOCK_TIMEOUT" in sql or "SHOWPLAN" in sql or "@@ERROR" in sql for sql in there.asked)
    making = next(sql for sql in there.asked if sql.startswith("CREATE TABLE [#"))
    assert "WITH (HEAP, DISTRIBUTION = ROUND_ROBIN) AS\nWITH speql_rows AS (\nSELECT 1 AS a\n)\nSELECT * FROM" in making


async def test_a_serverless_pool_keeps_no_temp_tables(open_stand_in):
    engine, there = await open_stand_in("synapse", edition=11)
    with pytest.raises(EngineError) as raised:
        await engine.create_temp_table("speql_x", "SELECT 1 AS a")

    assert raised.value.problem.code == "not-supported"
    assert not any("INTO" in sql or "CREATE" in sql for sql in there.asked)
    assert engine.info.paid


async def test_a_temp_table_needs_names(open_stand_in):
    engine, there = await open_stand_in()
    there.answers["dm_exec_describe"] = [(0, None, "int", None, None, None, None)]
    with pytest.raises(EngineError) as raised:
        await engine.create_temp_table("speql_x", "SELECT 1")

    assert "AS name" in raised.value.hint
    assert not any(" INTO " in sql for sql in there.asked)


@pytest.mark.parametrize("sql", ["EXEC p @a = (", "IF 1 = 1 DROP TABLE t ELSE (", "DROP TABLE t ("])
async def test_what_does_not_begin_like_a_query_is_not_shown_to_the_binder(open_stand_in, sql):
    engine, there = await open_stand_in()
    bound = await engine.bind(sql)
    for call in (engine.execute(sql), engine.estimate(sql), engine.create_temp_table("speql_x", sql)):
        with pytest.raises(EngineError) as raised:
            await call

        assert raised.value.problem.code == bound.problems[0].code == "cannot-parse"
    assert binding.DESCRIBE not in there.asked
    assert not any(sql in asked for asked in there.asked)


async def test_a_query_that_is_not_described_runs_when_it_is_submitted(open_stand_in):
    engine, there = await open_stand_in()
    there.answers["dm_exec_describe"] = [(None, None, None, None, 11509, 1, "The metadata could not be determined.")]
    with pytest.raises(EngineError) as raised:
        await engine.execute("SELECT 3 AS a")

    assert "[Msg 11509, state 1]" in raised.value.message
    assert (await engine.submit("SELECT 3 AS a")).rows.to_pylist() == [{"a": 3}]
    with pytest.raises(EngineError) as raised:
        await engine.submit("SELECT b FROM nowhere")
    assert "[Msg 11509, state 1]" in raised.value.message


async def test_settings_are_made_on_each_session(open_stand_in):
    engine, there = await open_stand_in(snapshot=True)
    before = await engine.data_version()
    await engine.submit("SET DATEFORMAT dmy")
    await engine.submit("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    there.asked.clear()
    await engine.create_temp_table("speql_x", "SELECT 1 AS a")  # on a session that did not exist then

    assert there.asked[3:5] == ["SET DATEFORMAT dmy", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"]
    assert "SET LOCK_TIMEOUT 5000" in there.asked
    assert not any("LEVEL SNAPSHOT" in sql for sql in there.asked)
    assert await engine.data_version() != before


async def test_a_database_without_snapshots_is_read_all_the_same(open_stand_in):
    engine, there = await open_stand_in(snapshot=True)
    refused = driver.ProgrammingError(
        "Syntax error or access violation",
        "[Microsoft][SQL Server]Snapshot isolation transaction failed accessing database 'b' because ..",
    )
    there.answers["SELECT 7 AS a"] = refused
    task = asyncio.ensure_future(engine.execute("SELECT 7 AS a"))
    with pytest.raises(EngineError) as raised:
        await task

    assert raised.value.problem.code == "snapshot-refused"
    assert there.asked[-3:] == [
        "SELECT 7 AS a",
        "SET LOCK_TIMEOUT 5000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SELECT 7 AS a",
    ]


async def test_a_plan_that_may_not_be_seen_is_made_up_by_sizes(open_stand_in):
    engine, there = await open_stand_in()
    await engine.submit("SELECT value AS a INTO many FROM (SELECT value FROM GENERATE_SERIES(1, 5000)) AS r")
    there.answers["SHOWPLAN_XML ON"] = driver.ProgrammingError(
        "Syntax error or access violation", "[Microsoft][SQL Server]SHOWPLAN permission denied in database 'shop'."
    )

    assert (await engine.estimate("SELECT a FROM many")).rows_scanned == 5000


async def test_a_session_that_would_stay_in_plans_is_closed(open_stand_in):
    engine, there = await open_stand_in()
    there.answers["SHOWPLAN_XML OFF"] = driver.ProgrammingError("Syntax error or access violation", "no")
    with pytest.raises(EngineError):
        await engine.estimate("SELECT 1 AS a")

    assert await value(engine, "SELECT 2 AS a") == 2


async def test_a_lost_connection_is_made_again(open_stand_in):
    engine, _ = await open_stand_in()
    table = await engine.create_temp_table("speql_gone", "SELECT 1 AS a")
    before = await engine.data_version()
    for pooled in (*engine._sessions._idle, engine._sessions._home):
        pooled.connection.lost = True

    assert await value(engine, "SELECT 2 AS b") == 2
    with pytest.raises(EngineError):
        await engine.execute(f"SELECT a FROM {table.sql_name}")
    assert await engine.data_version() != before
    await engine.drop_temp_table("speql_gone")
    again = await engine.create_temp_table("speql_gone", "SELECT 3 AS a")
    assert await value(engine, f"SELECT a FROM {again.sql_name}") == 3


async def test_a_session_that_a_write_was_run_on_is_closed(open_stand_in):
    engine, there = await open_stand_in()
    await engine.submit("SELECT 1 AS a INTO kept")
    before = len(there.logins)

    assert await value(engine, "SELECT a FROM kept") == 1
    assert len(there.logins) == before + 1
    assert there.open == 1


async def test_a_statement_ahead_has_a_time_limit(open_stand_in):
    engine, _ = await open_stand_in()
    pool = engine._sessions
    with billed_to(Bill(most_seconds=7.5)):
        await engine.execute("SELECT 1 AS a")
    assert pool._idle[-1].connection.timeout == 7
    await engine.submit("SELECT 1 AS a")
    assert pool._idle[-1].connection.timeout == 0


async def test_nothing_is_left_open(open_stand_in):
    engine, there = await open_stand_in()
    await asyncio.gather(*(value(engine, "SELECT 1 AS a") for _ in range(5)))
    await engine.create_temp_table("speql_x", "SELECT 1 AS a")
    await engine.close()

    assert there.open == 0


async def test_money_and_dates_arrive_as_they_are(open_stand_in):
    engine, _ = await open_stand_in()
    found = await engine.execute("SELECT CAST(1.50 AS DECIMAL(19, 4)) AS m, CAST('2024-02-29' AS DATE) AS d, NULL AS n")

    assert found.rows.to_pylist() == [{"m": Decimal("1.5000"), "d": datetime.date(2024, 2, 29), "n": None}]


async def test_nothing_is_logged_of_what_is_asked(open_stand_in, caplog):
    engine, _ = await open_stand_in()
    with caplog.at_level("DEBUG"):
        await engine.execute("SELECT 'hunter4' AS secret")

    assert "hunter4" not in caplog.text
