"""What is Snowflake's own: names, the one login, the warehouse, what the server is told, its errors and its types.

Against a stand-in (`snowflake_stand_in.py`): the real driver speaks to fakesnow through a relay with scripted answers.
"""

import asyncio
import datetime
import re
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest

from speql_engines import ConnectionFailedError, Engine, EngineError, open_engine
from speql_engines.bill import Bill, billed_to
from speql_engines.engine import SpeculationHeldError
from speql_sql import Catalog, Column, Table

pytest.importorskip("snowflake.connector")

from snowflake.connector.errors import OperationalError, ProgrammingError
from tests.engines.opening import Open, opening
from tests.engines.refused_names import check_refused

from speql_engines.snowflake import catalog as catalog_module
from speql_engines.snowflake.data_version import DataVersion, tables_read
from speql_engines.snowflake.errors import engine_error
from speql_engines.snowflake.location import location_of
from speql_engines.snowflake.sampled import sampled_sql
from speql_engines.snowflake.statements import statement_of
from speql_engines.snowflake.warehouse import Warehouse
from speql_sql.secret import Secret

NAMED = {
    "shop": {"account": "acc", "user": "ann", "password": "hunter2", "database": "SHOP", "warehouse": "SMALL"},
    "bare": {"account": "acc"},
    "sso": {"account": "acc", "database": "SHOP", "authenticator": "externalbrowser"},
}


# Names


def test_a_name_of_connections_toml_is_what_it_says_there():
    found = location_of("snowflake://shop?warehouse=LARGE", NAMED)

    assert found.arguments == {**NAMED["shop"], "warehouse": "LARGE"}
    assert found.label == "SHOP in shop"
    assert "hunter2" not in repr(found)


def test_an_account_takes_its_secret_from_the_environment(monkeypatch):
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    monkeypatch.setenv("SNOWFLAKE_USER", "bob")
    found = location_of("snowflake://org-acc/SHOP/My%20Schema?role=ANALYST&port=8080", NAMED)

    assert found.arguments == {
        "account": "org-acc",
        "database": "SHOP",
        "schema": "My Schema",
        "role": "ANALYST",
        "port": 8080,
        "user": "bob",
        "password": "hunter2",
    }
    assert "hunter2" not in repr(found)
    assert not found.interactive
    assert location_of("snowflake://sso", NAMED).interactive


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("snowflake://ann:hunter2@acc/SHOP", "holds a secret"),
        ("snowflake://acc/SHOP?password=hunter2", "holds a secret"),
        ("snowflake://acc/SHOP?token=hunter2", "holds a secret"),
        ("snowflake://acc/SHOP?colour=red", "colour"),
        ("snowflake://nowhere", "bare, shop, sso"),
        ("snowflake://bare", "which database"),
        ("snowflake:///SHOP", "no account"),
        ("snowflake://acc/A/B/C", "too many parts"),
        ("snowflake://acc/A?port=x", "no number"),
        ("snowflake://[acc/A", "not understood"),
    ],
)
def test_a_name_that_says_too_much_or_too_little_is_refused(url, said):
    check_refused(lambda: location_of(url, NAMED), said)


# Statements


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "query"),
        ("-- a\n// b\n/* c */ WITH a AS (SELECT 1) SELECT * FROM a", "query"),
        ("(SELECT 1)", "query"),
        ("SHOW TABLES", "read"),
        ("desc table t", "read"),
        ("USE WAREHOUSE w", "setting"),
        ("ALTER SESSION SET TIMEZONE = 'UTC'", "setting"),
        ("SET x = 1", "setting"),
        ("ALTER SESSION SET AUTOCOMMIT = FALSE", "refused"),
        ("ALTER SESSION SET MULTI_STATEMENT_COUNT = 0", "refused"),
        ("BEGIN", "refused"),
        ("PUT file://x @s", "refused"),
        ("create or replace local temp table t (a int)", "refused"),
        ("CREATE TRANSIENT TABLE t (a int)", "write"),
        ("CALL p()", "write"),
        ("WITH p AS PROCEDURE () RETURNS INT LANGUAGE SQL AS 'x' CALL p()", "write"),
        ("EXECUTE IMMEDIATE 'DROP TABLE t'", "write"),
        ("ALTER WAREHOUSE w RESUME", "write"),
    ],
)
def test_the_kind_of_a_statement(sql, kind):
    found = statement_of(sql)

    assert found.kind == kind
    assert bool(found.reason) is (kind == "refused")


# Errors, in Snowflake's own words


@pytest.mark.parametrize(
    ("number", "message", "sql", "code", "at"),
    [
        (
            904,
            "SQL compilation error: error line 1 at position 15\ninvalid identifier 'AMUONT'",
            "SELECT region, amuont FROM sales",
            "unknown-column",
            "amuont",
        ),
        (
            904,
            "SQL compilation error: error line 2 at position 7\ninvalid identifier 'S.\"x y\"'",
            '\n\nSELECT 1,\n       "x y" FROM s',
            "unknown-column",
            '"x y"',
        ),
        (
            2003,
            "SQL compilation error:\nObject 'SHOP.PUBLIC.SALE' does not exist or not authorized.",
            "SELECT 'sale' FROM sale",
            "unknown-table",
            "'sale'",
        ),
        (2140, "SQL compilation error:\nUnknown function NOPE", "SELECT nope(1)", "unknown-function", "nope"),
        (
            1003,
            "SQL compilation error:\nsyntax error line 1 at position 12 unexpected 'WHERE'.",
            "SELECT FROM WHERE",
            "syntax-error",
            "WHERE",
        ),
        (
            979,
            "SQL compilation error: error line 1 at position 7\n'SALES.ID' in select clause is neither an aggregate "
            "nor in the group by clause.",
            "SELECT id FROM sales GROUP BY region",
            "not-grouped",
            "id",
        ),
        (
            2027,
            "SQL compilation error: error line 1 at position 7\nambiguous column name 'NAME'",
            "SELECT name FROM a JOIN b ON TRUE",
            "ambiguous-column",
            "name",
        ),
        (100038, "Numeric value 'x' is not recognized", "SELECT 'x'::INT", "type-error", None),
        (630, "Statement reached its statement or warehouse timeout of 300 second(s)", "SELECT 1", "timed-out", None),
        (606, "No active warehouse selected in the current session.", "SELECT 1 FROM t", "no-warehouse", None),
        (999999, "Something new", "SELECT 1", "engine-error", None),
    ],
)
def test_errors_keep_their_number_and_find_their_place(number, message, sql, code, at):
    found = engine_error(ProgrammingError(msg=message, errno=number), sql)

    assert found.problem.code == code
    assert f"[{number:06d}]" in found.message
    assert (found.problem.span.of(sql) if found.problem.span else None) == at


def test_the_place_is_that_in_the_users_text():
    message = "SQL compilation error: error line 1 at position 34\ninvalid identifier 'AMUONT'"
    sql = "SELECT region, amuont FROM sales"

    found = engine_error(ProgrammingError(msg=message, errno=904), sql, "EXPLAIN USING JSON ")

    assert found.problem.span.of(sql) == "amuont"


@pytest.mark.parametrize("number", [390111, 390112, 250001, 290503])
def test_what_is_lost_is_told(number):
    assert engine_error(OperationalError(msg="gone", errno=number)).problem.code == "connection-lost"


# What data has changed


def test_the_tables_that_a_query_reads():
    sql = 'WITH c AS (SELECT * FROM t) SELECT * FROM c JOIN db.sc.u USING (a) WHERE EXISTS (SELECT 1 FROM "v w")'

    assert set(tables_read(sql, ("D", "P"))) == {'"D"."P"."T"', '"DB"."SC"."U"', '"D"."P"."v w"'}
    assert tables_read("SELECT 1", ("D", "P")) == ()
    assert tables_read("SELECT * FROM TABLE(f(1))", ("D", "P")) is None


class Marks:
    """Stands in for Snowflake's answer to the question for marks: a number a table."""

    def __init__(self, **marks: int) -> None:
        self.marks = {f'"D"."P"."{name}"': mark for name, mark in marks.items()}
        self.asked = 0

    def __call__(self, sql: str) -> list[dict[str, object]]:
        self.asked += 1
        names = re.findall(r"COMMIT_TIME\('([^']*)'\)", sql)
        if any(name not in self.marks for name in names):
            raise ProgrammingError(msg="Object does not exist", errno=2003)
        return [{f"M{at}": self.marks[name] for at, name in enumerate(names)}]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks are looked at each time."""
    monkeypatch.setattr("speql_engines.snowflake.data_version._BELIEVED_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
def test_the_version_changes_with_the_tables_that_were_read_and_no_others():
    marks, version = Marks(T=1, U=1), DataVersion()
    version.before_reading("SELECT * FROM t", ("D", "P"), (), marks)
    seen = version.read(marks)
    marks.marks['"D"."P"."U"'] += 1
    assert version.read(marks) == seen
    version.before_reading("SELECT * FROM u", ("D", "P"), (), marks)
    assert version.read(marks) == seen
    marks.marks['"D"."P"."T"'] += 1
    changed = version.read(marks)
    assert changed != seen
    assert version.read(marks) == changed
    version.before_reading("SELECT * FROM t", ("D", "P"), (), marks)
    del marks.marks['"D"."P"."U"']  # dropped
    assert version.read(marks) != changed


@pytest.mark.usefixtures("at_once")
def test_what_has_no_mark_is_never_the_same():
    marks, version = Marks(T=1), DataVersion()
    version.before_reading("SELECT * FROM t", ("D", "P"), (), marks)
    assert version.read(marks) == version.read(marks)
    version.before_reading("SELECT * FROM share.x.y", ("D", "P"), (), marks)

    assert version.read(marks) != version.read(marks)


def test_marks_are_asked_for_once_a_second():
    marks, version = Marks(T=1), DataVersion()
    version.before_reading("SELECT * FROM t", ("D", "P"), (), marks)
    for _ in range(10):
        version.read(marks)
        version.before_reading("SELECT * FROM t", ("D", "P"), (), marks)

    assert marks.asked == 2


def test_temp_tables_need_no_mark():
    marks, version = Marks(), DataVersion()
    version.before_reading('SELECT * FROM "D"."P"."speql_a"', ("D", "P"), {'"D"."P"."speql_a"'}, marks)

    assert marks.asked == 0
    assert version.read(marks) == version.read(marks)


# The warehouse


@pytest.mark.parametrize("state", ["SUSPENDED", "SUSPENDING", "RESUMING", None])
def test_a_warehouse_that_does_not_run_is_left_alone(state):
    rows = [{"name": "SMALL", "state": state}] if state else []

    with pytest.raises(EngineError) as raised:
        Warehouse().require_running("SMALL", lambda _: rows)

    assert isinstance(raised.value, SpeculationHeldError)
    assert "submit" in raised.value.hint


def test_the_state_of_a_warehouse_is_believed_for_a_while_only(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("speql_engines.snowflake.warehouse.time.monotonic", lambda: now[0])
    asked: list[str] = []

    def show(sql: str) -> list[dict[str, object]]:
        asked.append(sql)
        return [{"name": "SMALL", "state": "STARTED"}, {"name": "SMALLER", "state": "SUSPENDED"}]

    warehouse = Warehouse()
    for _ in range(3):
        warehouse.require_running("SMALL", show)
    assert asked == ["SHOW WAREHOUSES LIKE 'SMALL'"]
    now[0] += 6
    warehouse.require_running("SMALL", show)
    warehouse.forget()
    warehouse.require_running("SMALL", show)
    assert len(asked) == 3
    with pytest.raises(EngineError):
        warehouse.require_running("SMALLER", show)


# Samples


def test_large_tables_are_sampled_by_partitions_others_by_rows():
    columns = (Column("A", "NUMBER(38,0)"),)
    catalog = Catalog(
        (
            Table("BIG", columns, schema="P", database="D", row_count=10**9, bytes=10**11),
            Table("SMALL", columns, schema="P", database="D", row_count=10, bytes=1000),
        ),
        dialect="snowflake",
        path=(("D", "P"),),
    )

    assert "SYSTEM (1.000000)" in sampled_sql("SELECT count(*) FROM big", "big", 0.01, catalog)
    assert "BERNOULLI (50.000000)" in sampled_sql("SELECT count(*) FROM small AS s", "small", 0.5, catalog)
    assert "BERNOULLI" in sampled_sql("SELECT speql_unit FROM big", "big", 0.01, catalog)
    for fraction in (0, 1.5):
        with pytest.raises(EngineError):
            sampled_sql("SELECT 1 FROM big", "big", fraction, catalog)


# Over the wire, to the stand-in


@pytest.fixture
def server(snowflake_server):
    state, _ = snowflake_server
    state.asked.clear()
    state.parameters.clear()
    state.logins.clear()
    yield state
    state.warehouse_state, state.explains = "STARTED", True


@pytest.fixture
async def open_database(snowflake_database: Callable[[], str]) -> AsyncIterator[Open]:
    url = snowflake_database()
    async with opening(url) as open_database:
        yield open_database


@pytest.fixture
async def engine(open_database: Open, server) -> Engine:
    found = await open_database(writable=True)
    await found.submit("CREATE TABLE t (a INT, s VARCHAR)")
    await found.submit("INSERT INTO t VALUES (1, 'x'), (2, NULL)")
    return found


async def test_one_login_serves_all_connections(engine, server):
    await asyncio.gather(
        *(engine.execute("SELECT a FROM t") for _ in range(10)), engine.catalog(), engine.bind("SELECT 1")
    )
    await engine.create_temp_table("speql_a", "SELECT a FROM t")

    assert len(server.logins) == 1
    session = server.logins[0]["SESSION_PARAMETERS"]
    assert session["QUERY_TAG"] == "SpeQL"
    assert session["CLIENT_TELEMETRY_ENABLED"] is False
    assert session["CLIENT_SESSION_KEEP_ALIVE"] is True
    assert session["AUTOCOMMIT"] is True


async def test_what_it_costs_is_told(engine):
    assert engine.info.paid
    assert engine.info.size == "X-Small"
    assert engine.info.details["warehouse"] == "COMPUTE_WH"
    assert engine.info.label.endswith(" in stand-in")


async def test_the_server_is_told_its_limits(engine, server):
    await engine.execute("SELECT a FROM t", 1)
    ahead = server.parameters[server.asked.index("SELECT a FROM t")]
    await engine.submit("SELECT a, 1 FROM t", 5)
    submitted = server.parameters[server.asked.index("SELECT a, 1 FROM t")]

    assert ahead["STATEMENT_TIMEOUT_IN_SECONDS"] == 300
    assert ahead["ROWS_PER_RESULTSET"] == 2
    assert ahead["MULTI_STATEMENT_COUNT"] == 1
    assert "STATEMENT_TIMEOUT_IN_SECONDS" not in submitted
    assert submitted["ROWS_PER_RESULTSET"] == 6


async def test_what_may_take_less_is_stopped_sooner(engine, server):
    with billed_to(Bill(most_seconds=7.5, may_resume=True)):
        await engine.execute("SELECT a FROM t", 1)
        await engine.create_temp_table("speql_a", "SELECT a FROM t")

    asked = dict(zip(server.asked, server.parameters, strict=True))
    assert asked["SELECT a FROM t"]["STATEMENT_TIMEOUT_IN_SECONDS"] == 7
    (making,) = (told for sql, told in asked.items() if sql.startswith("CREATE TEMPORARY TABLE"))
    assert making["STATEMENT_TIMEOUT_IN_SECONDS"] == 7


async def test_nothing_works_ahead_on_a_suspended_warehouse(engine, server):
    server.warehouse_state = "SUSPENDED"
    await engine.submit("INSERT INTO t VALUES (3, 'y')")  # from now on its state is asked again
    server.asked.clear()

    for call in (
        engine.execute("SELECT a FROM t"),
        engine.create_temp_table("speql_a", "SELECT a FROM t"),
        engine.sample("SELECT a FROM t", "t", 0.5),
    ):
        with pytest.raises(EngineError) as raised:
            await call
        assert isinstance(raised.value, SpeculationHeldError)
    assert (await engine.bind("SELECT a FROM t")).ok
    assert (await engine.estimate("SELECT a FROM t")).rows_scanned >= 0
    assert (await engine.catalog()).find("t") is not None
    assert all(sql.startswith(("SHOW ", "EXPLAIN ", "SELECT a FROM t")) for sql in server.asked)
    described = [sql for sql in server.asked if sql == "SELECT a FROM t"]
    assert len(described) == 1  # to bind it: nothing was run
    assert (await engine.submit("SELECT count(*) FROM t")).rows.column(0).to_pylist() == [3]


async def test_a_cancel_reaches_the_server(engine, server, until):
    server.held.clear()
    slow = "SELECT count(*) FROM large x, large y"
    task = asyncio.ensure_future(engine.submit(slow))
    await until(lambda: bool(server.held))
    task.cancel()
    await asyncio.wait({task}, timeout=10)

    assert task.cancelled()
    assert server.aborted[server.held[0]].is_set()


async def test_a_session_that_is_over_is_replaced(engine, server):
    table = await engine.create_temp_table("speql_gone", "SELECT 1 AS a")
    before = await engine.data_version()
    await engine.submit("SET mine = 1")
    server.end_sessions()

    assert (await engine.execute("SELECT a FROM t")).rows.num_rows == 2
    assert len(server.logins) == 2
    assert server.asked.count("SET mine = 1") == 2
    with pytest.raises(EngineError):  # with its session the temp table is gone, and nothing takes another for it
        await engine.execute(f"SELECT a FROM {table.sql_name}")
    assert await engine.data_version() != before
    server.asked.clear()
    await engine.drop_temp_table("speql_gone")
    assert server.asked == []
    again = await engine.create_temp_table("speql_gone", "SELECT 3 AS a")
    assert again.sql_name != table.sql_name


async def test_a_lost_write_is_not_run_again(engine, server):
    server.end_sessions()
    server.asked.clear()
    with pytest.raises(EngineError) as raised:
        await engine.submit("INSERT INTO t VALUES (9, 'z')")

    assert raised.value.problem.code == "connection-lost"
    assert server.asked == []
    assert (await engine.execute("SELECT count(*) FROM t")).rows.column(0).to_pylist() == [2]


async def test_only_the_user_is_asked_to_log_in_again(engine, server, monkeypatch):
    monkeypatch.setattr(type(engine._location), "interactive", True)
    server.end_sessions()

    with pytest.raises(EngineError) as raised:
        await engine.execute("SELECT a FROM t")
    assert "submit" in raised.value.hint
    assert len(server.logins) == 1
    with pytest.raises(EngineError):
        await engine.bind("SELECT a FROM t")
    reader = (await engine.submit("SHOW WAREHOUSES")).rows.num_rows
    assert reader >= 0
    assert len(server.logins) == 2


async def test_without_a_plan_the_sizes_of_tables_are_the_estimate(engine, server):
    server.explains = False
    found = await engine.estimate("SELECT s, count(*) FROM t GROUP BY s")

    assert found.rows_scanned == 2
    with pytest.raises(EngineError):
        await engine.estimate("SELECT nothing FROM t")


async def test_a_catalog_that_is_cut_is_asked_for_in_full(engine, server, monkeypatch):
    monkeypatch.setattr(catalog_module, "SHOW_LIMIT", 1)
    monkeypatch.setattr(catalog_module, "unsafe_views", lambda *_: {})
    server.asked.clear()
    await engine.submit("CREATE TABLE u (a NUMBER(9,2) NOT NULL, d TIMESTAMP_NTZ)")
    cut = await engine.catalog()

    assert sum("information_schema" in sql for sql in server.asked) == 2
    assert {(column.name, column.type, column.nullable) for column in cut.find("u").columns} == {
        ("A", "NUMBER(9,2)", False),
        ("D", "TIMESTAMP_NTZ", True),
    }
    server.warehouse_state = "SUSPENDED"
    await engine.submit("CREATE TABLE w (a INT)")
    server.asked.clear()
    assert (await engine.catalog()).partial
    assert not any("information_schema" in sql for sql in server.asked)


async def test_the_catalog_is_asked_for_once(engine, server):
    known = await engine.catalog()
    server.asked.clear()
    await asyncio.gather(*(engine.catalog() for _ in range(5)))
    await engine.execute("SELECT a FROM t")
    await engine.create_temp_table("speql_a", "SELECT a FROM t")

    assert await engine.catalog() is known
    assert not any(sql.startswith("SHOW COLUMNS") for sql in server.asked)
    await engine.submit("CREATE TABLE u (a INT)")
    assert (await engine.catalog()).version != known.version


EARLIER = datetime.datetime(2023, 12, 31, 22, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("sql", "type_", "shown"),
    [
        ("1::NUMBER(18,0)", "NUMBER(18,0)", 1),
        ("9223372036854775807::NUMBER(38,0)", "NUMBER(38,0)", Decimal("9223372036854775807")),
        ("-0.10::NUMBER(20,2)", "NUMBER(20,2)", Decimal("-0.10")),
        ("TO_TIMESTAMP_TZ('2024-01-01 00:00:00 +02:00')", "TIMESTAMP_TZ(9)", EARLIER),
        ("PARSE_JSON('{\"a\":1}')", "VARIANT", '{"a":1}'),
        ("TO_BINARY('00ff', 'hex')", "BINARY", b"\x00\xff"),
        ("NULL::VARCHAR", "VARCHAR(16777216)", None),
    ],
)
async def test_every_value_is_shown_as_it_is(engine, sql, type_, shown):
    result = await engine.execute(f"SELECT {sql} AS v")

    assert result.columns[0].type == type_
    assert result.rows.column(0)[0].as_py() == shown


async def test_a_procedure_in_a_with_is_no_query(open_database, server):
    reader = await open_database()
    sql = "WITH p AS PROCEDURE () RETURNS INT LANGUAGE SQL AS $$ BEGIN DROP TABLE t; END $$ CALL p()"
    with pytest.raises(EngineError):
        await reader.execute(sql)
    with pytest.raises(EngineError) as raised:
        await reader.submit(sql)

    assert raised.value.problem.code == "read-only"
    assert sql not in server.asked


async def test_a_warehouse_may_be_resumed_where_the_user_allows_it(engine, server):
    server.warehouse_state = "SUSPENDED"
    await engine.submit("INSERT INTO t VALUES (3, 'y')")

    with billed_to(Bill(may_resume=True)):
        assert (await engine.execute("SELECT a FROM t")).rows.num_rows == 3
        await engine.create_temp_table("speql_a", "SELECT a FROM t")


async def test_a_password_that_is_kept_is_asked_for_at_login(snowflake_database, server, monkeypatch):
    monkeypatch.delenv("SNOWFLAKE_PASSWORD", raising=False)
    engine = await open_engine(snowflake_database(), secret=lambda: Secret("from the keyring"))
    await engine.close()

    assert server.logins[-1]["PASSWORD"] == "from the keyring"
    assert "from the keyring" not in repr(engine.info)


async def test_the_wrong_password_is_told_without_it(snowflake_database, server, monkeypatch):
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    url = snowflake_database().replace("host=127.0.0.1", "host=127.0.0.1.invalid")
    monkeypatch.setattr("speql_engines.snowflake.login._LOGIN_SECONDS", 1)

    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine(url)

    assert "network" in raised.value.hint
    assert raised.value.reason == "network"
    assert "hunter2" not in f"{raised.value.message} {raised.value.hint}"


async def test_nothing_is_logged_of_what_is_asked(engine, caplog):
    with caplog.at_level("DEBUG"):
        await engine.execute("SELECT 'hunter2' AS secret")

    assert "hunter2" not in caplog.text
