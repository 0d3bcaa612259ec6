"""What is Redshift's own: names, errors, plans, sessions. Against a stand-in: PostgreSQL behind a proxy."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from speql_engines import Engine, EngineError
from speql_engines.bill import Bill, billed_to
from speql_engines.timed_version import TimedVersion
from speql_sql import Catalog, Column, Table

pytest.importorskip("redshift_connector")

import redshift_connector
from tests.engines.opening import Open, opening
from tests.engines.reading import value
from tests.engines.refused_names import check_refused

from speql_engines.redshift.engine import _limited
from speql_engines.redshift.errors import connection_failed, engine_error
from speql_engines.redshift.location import location_of
from speql_engines.redshift.plan import estimate_of, width_of
from speql_engines.redshift.sampled import sampled_sql
from speql_engines.redshift.statements import only_reads, redshift_statement
from speql_sql.secret import Secret


def test_a_password_is_in_the_environment(monkeypatch):
    monkeypatch.setenv("REDSHIFT_PASSWORD", "hunter2")
    found = location_of("redshift://ann@shop.example/dev?ssl=false")

    assert found.arguments == {
        "host": "shop.example",
        "port": 5439,
        "database": "dev",
        "user": "ann",
        "password": "hunter2",
        "ssl": False,
    }
    assert found.label == "dev on shop.example"
    assert "hunter2" not in repr(found)


def test_a_password_that_is_kept_goes_before_the_environments(monkeypatch):
    monkeypatch.setenv("REDSHIFT_PASSWORD", "of the environment")
    found = location_of("redshift://ann@shop.example/dev", Secret("of the keyring"))

    assert found.arguments["password"] == "of the keyring"
    assert "keyring" not in repr(found)


def test_with_iam_aws_says_who_the_user_is(monkeypatch):
    monkeypatch.delenv("REDSHIFT_PASSWORD", raising=False)
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.delenv("REDSHIFT_USER", raising=False)
    found = location_of("redshift:///dev?iam=true&cluster_identifier=shop&region=eu-west-1&profile=work&db_user=ann")

    assert found.arguments == {
        "port": 5439,
        "database": "dev",
        "iam": True,
        "cluster_identifier": "shop",
        "region": "eu-west-1",
        "profile": "work",
        "db_user": "ann",
    }


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redshift://ann:hunter2@h/d", "holds a secret"),
        ("redshift://ann@h/d?password=hunter2", "holds a secret"),
        ("redshift://ann@h/d?secret_access_key=hunter2&iam=true", "holds a secret"),
        ("redshift://ann@h/d?colour=red", "colour"),
        ("redshift://ann@h", "names no database"),
        ("redshift:///d", "no host"),
        ("redshift://h/d", "names no user"),
        ("redshift://ann@h/d", "no password"),
        ("redshift://ann@h:x/d", "not understood"),
    ],
)
def test_a_name_that_says_too_much_or_too_little_is_refused(url, said, monkeypatch):
    for name in ("REDSHIFT_PASSWORD", "PGPASSWORD", "REDSHIFT_USER"):
        monkeypatch.delenv(name, raising=False)
    check_refused(lambda: location_of(url), said)


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "query"),
        ("COPY t FROM 's3://b/x' IAM_ROLE default", "write"),
        ("UNLOAD ('SELECT 1') TO 's3://b/x' IAM_ROLE default", "write"),
        ("SET query_group TO 'a'", "setting"),
        ("CREATE TABLE #t (a int)", "refused"),
        ("SELECT 1 AS a INTO #t", "refused"),
        ("CREATE TEMP TABLE t (a int)", "refused"),
        ("BEGIN", "refused"),
    ],
)
def test_the_kind_of_a_statement(sql, kind):
    assert redshift_statement(sql).kind == kind


@pytest.mark.parametrize(
    ("sql", "reads"),
    [("SELECT 1", True), ("SELECT 1 AS a INTO t", False), ("SELECT 1; DROP TABLE t", False), ("DROP TABLE t", False)],
)
def test_what_only_reads(sql, reads):
    assert only_reads(sql) is reads


@pytest.mark.parametrize(
    ("fields", "code", "at"),
    [
        ({"C": "42703", "M": 'column "nam" does not exist in r', "P": "8"}, "unknown-column", "nam"),
        ({"C": "42P01", "M": 'relation "sale" does not exist'}, "unknown-table", None),
        ({"C": "XX000", "M": 'column "r.id" must appear in the GROUP BY clause or be used'}, "not-grouped", None),
        ({"C": "57014", "M": "Query (7) canceled on user's request"}, "cancelled", None),
        ({"C": "XX000", "M": "transaction is read-only"}, "read-only", None),
        ({"C": "57P01", "M": "terminating connection due to administrator command"}, "connection-lost", None),
        ({"C": "99999", "M": "Something new"}, "engine-error", None),
    ],
)
def test_errors_keep_their_number_and_find_their_place(fields, code, at):
    sql = "SELECT nam FROM regions r"
    found = engine_error(redshift_connector.ProgrammingError(fields), sql)

    assert found.problem.code == code
    assert f"[{fields['C']}]" in found.message
    assert (found.problem.span.of(sql) if found.problem.span else None) == at


def test_a_failed_login_says_what_to_do():
    found = connection_failed(redshift_connector.InterfaceError({"C": "28000", "M": "password authentication failed"}))

    assert "wrong" in found.hint
    assert "AWS" in connection_failed(redshift_connector.InterfaceError("Unable to locate credentials")).hint


PLAN = """
XN HashAggregate  (cost=2586.84..2586.84 rows=3 width=12)
  ->  XN Hash Join DS_BCAST_INNER  (cost=0.04..1724.56 rows=200 width=12)
        Hash Cond: ("outer".region = "inner".name)
        ->  XN Seq Scan on sales s  (cost=0.00..1724.56 rows=1000 width=8)
              Filter: (amount > 1)
        ->  XN Hash  (cost=0.03..0.03 rows=3 width=4)
              ->  XN Seq Scan on "my regions" r  (cost=0.00..0.03 rows=3 width=4)
"""


def test_a_plan_in_redshifts_words_is_read():
    found = estimate_of(PLAN.splitlines(), {"sales": 5000, "my regions": None}.get)

    assert (found.rows, found.rows_scanned) == (3, 5003)
    assert found.rows_processed == 3 + 200 + 5000 + 3 + 3
    assert found.bytes_scanned == 5000 * 8 + 3 * 4
    assert width_of(PLAN.splitlines()) == 12
    assert estimate_of([], {}.get).rows == 0


@pytest.mark.parametrize(
    ("sql", "limited"),
    [
        ("SELECT a FROM t ORDER BY a -- last", "SELECT a FROM t ORDER BY a -- last\nLIMIT 11"),
        ("SELECT a FROM t;", "SELECT a FROM t\nLIMIT 11"),
        ("SELECT a FROM t UNION ALL SELECT 1", "SELECT a FROM t UNION ALL SELECT 1\nLIMIT 11"),
        ("SELECT a FROM t LIMIT 5", "SELECT a FROM t LIMIT 5"),
        ("SELECT a FROM t OFFSET 5", "SELECT a FROM t OFFSET 5"),
        ("SHOW x", "SHOW x"),
    ],
)
def test_no_more_rows_are_asked_for_than_are_shown(sql, limited):
    assert _limited(sql, 11) == limited


def test_a_sample_is_drawn_row_by_row():
    columns = (Column("a", "integer"),)
    catalog = Catalog(
        (
            Table("t", columns, schema="public", database="d"),
            Table("v", columns, schema="public", database="d", kind="view"),
        ),
        dialect="redshift",
        path=(("d", "public"),),
    )
    found = sampled_sql("SELECT count(DISTINCT speql_unit) FROM t AS x", "t", 0.25, catalog)

    assert "RANDOM() < 0.25000000" in found
    assert "RANDOM() AS speql_unit" in found
    assert found.endswith("AS x")
    for table in ("v", "elsewhere"):
        with pytest.raises(EngineError):
            sampled_sql("SELECT 1 FROM t, v", table, 0.25, catalog)


def test_what_was_read_is_believed_for_ten_seconds(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("speql_engines.timed_version.time.monotonic", lambda: now[0])
    version = TimedVersion()
    first = version.read()
    now[0] += 9
    assert version.read() == first
    now[0] += 1
    assert version.read() != first


@pytest.fixture
async def open_database(redshift_database: Callable[[], str]) -> AsyncIterator[Open]:
    url = redshift_database()
    async with opening(url) as open_database:
        yield open_database


@pytest.fixture
async def engine(open_database: Open) -> Engine:
    return await open_database(writable=True)


async def test_types_that_the_driver_does_not_know_are_shown_as_text(engine):
    assert await value(engine, "SELECT ARRAY[1, NULL, 3]") == "{1,NULL,3}"
    assert await value(engine, "SELECT CAST('1 mon 2 days' AS interval)") == "1 mon 2 days"
    assert str(await value(engine, "SELECT CAST(1.10 AS numeric(10, 4))")) == "1.1000"
    assert str(await value(engine, "SELECT CAST('2024-01-01 10:00:00.123456+02' AS timestamptz)")) == (
        "2024-01-01 08:00:00.123456+00:00"
    )


async def test_what_runs_ahead_has_a_time_limit(engine):
    asked = "SELECT current_setting('statement_timeout') AS a"
    assert await value(engine, asked) == "5min"
    with billed_to(Bill(most_seconds=7.5)):
        assert await value(engine, asked) == "7500ms"
        table = await engine.create_temp_table("speql_limit", asked)
    assert await value(engine, f"SELECT a FROM {table.sql_name}") == "7500ms"
    assert (await engine.submit(asked)).rows.column(0)[0].as_py() == "0"


async def test_sessions_that_were_killed_are_replaced(engine):
    table = await engine.create_temp_table("speql_gone", "SELECT 1 AS a")
    before = await engine.data_version()
    with pytest.raises(EngineError):  # its own session too
        await engine.submit(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "ORDER BY pid = pg_backend_pid()"
        )

    assert await value(engine, "SELECT 2 AS b") == 2
    with pytest.raises(EngineError):
        await engine.execute(f"SELECT a FROM {table.sql_name}")
    assert await engine.data_version() != before
    await engine.drop_temp_table("speql_gone")
    again = await engine.create_temp_table("speql_gone", "SELECT 3 AS a")
    assert await value(engine, f"SELECT a FROM {again.sql_name}") == 3


async def test_a_cancelled_statement_leaves_its_session_usable(engine, until):
    await engine.submit("CREATE TABLE large AS SELECT i AS a FROM generate_series(1, 300000) AS r(i)")
    for _ in range(3):
        task = asyncio.ensure_future(engine.execute("SELECT count(*) FROM large x, large y WHERE x.a * y.a % 7 = 1"))
        await until(lambda: bool(engine.running))
        task.cancel()
        await asyncio.wait({task}, timeout=20)
        assert task.cancelled()
        assert await asyncio.gather(*(value(engine, "SELECT 1") for _ in range(4))) == [1] * 4


async def test_no_transaction_is_left_open(engine):
    await engine.execute("SELECT 1 AS a")
    with pytest.raises(EngineError):
        await engine.execute("SELECT 1 / 0")
    with pytest.raises(EngineError):
        await engine.create_temp_table("speql_none", "SELECT 1 / 0 AS a")
    states = await engine.submit(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    assert set(states.rows.column(0).to_pylist()) <= {"idle"}


async def test_nothing_is_logged_of_what_is_asked(engine, caplog):
    with caplog.at_level("DEBUG"):
        await engine.execute("SELECT 'hunter2' AS secret")

    assert "hunter2" not in caplog.text
