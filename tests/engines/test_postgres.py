"""What is PostgreSQL's own: its sessions, its transactions, its types and its words."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from tests.engines.opening import Open, opening
from tests.engines.reading import value

from speql_engines import ConnectionFailedError, Engine, EngineError, open_engine
from speql_engines.bill import Bill, billed_to
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.parse import parse_query

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def url(postgres_database: Callable[[], str]) -> str:
    return postgres_database()


@pytest.fixture
async def open_database(url: str) -> AsyncIterator[Open]:
    async with opening(url) as open_database:
        yield open_database


@pytest.fixture
async def engine(open_database: Open) -> Engine:
    return await open_database(writable=True)


@pytest.fixture
def psql(url: str):
    """Another client of the same database."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("sql", "type_", "shown"),
    [
        ("'NaN'::numeric", "numeric", "NaN"),
        ("'infinity'::date", "date", "infinity"),
        ("'0044-03-15 BC'::date", "date", "0044-03-15 BC"),
        ("'-infinity'::timestamp", "timestamp without time zone", "-infinity"),
        ("'infinity'::float8", "double precision", float("inf")),
        ("repeat('9', 90)::numeric", "numeric", "9" * 90),
        ("1e-20::numeric", "numeric", "0.00000000000000000001"),
        ("ARRAY[1, NULL, 3]", "integer[]", "{1,NULL,3}"),
        ("'1 mon 2 days'::interval", "interval", "1 mon 2 days"),
        ("'{\"a\": 1}'::jsonb", "jsonb", '{"a": 1}'),
        ("'10:20:30+02'::timetz", "time with time zone", "10:20:30+02"),
        ("'\\x00ff'::bytea", "bytea", b"\x00\xff"),
        ("ROW(1, 'x')", "record", "(1,x)"),
        ("NULL", "text", None),
    ],
)
async def test_every_value_is_shown_as_it_is(engine, sql, type_, shown):
    result = await engine.execute(f"SELECT {sql} AS v")

    found = result.rows.column(0)[0].as_py()
    assert result.columns[0].type == type_
    assert found == shown or f"{found:f}" == shown


async def test_a_numeric_of_many_digits_is_exact(engine):
    text = "1234567890123456789012345678901234567890.123456789"

    assert str(await value(engine, f"SELECT {text}")) == text
    assert str(await value(engine, "SELECT 1.10::numeric(10, 4)")) == "1.1000"


async def test_a_session_that_was_killed_is_replaced(engine, psql):
    await engine.execute("SELECT 1")
    table = await engine.create_temp_table("speql_gone", "SELECT 1 AS a")
    before = await engine.data_version()
    psql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )

    assert await value(engine, "SELECT 2") == 2
    with pytest.raises(EngineError):  # with its session the temp table is gone, and nothing takes another for it
        await engine.execute(f"SELECT a FROM {table.sql_name}")
    assert await engine.data_version() != before
    await engine.drop_temp_table("speql_gone")
    again = await engine.create_temp_table("speql_gone", "SELECT 3 AS a")
    assert await value(engine, f"SELECT a FROM {again.sql_name}") == 3


async def test_a_lost_write_is_not_run_again(engine, psql, until):
    await engine.submit("CREATE TABLE t (a int)")
    task = asyncio.ensure_future(engine.submit("INSERT INTO t SELECT 1 FROM pg_sleep(30)"))
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO t%' AND state = 'active'"
    )
    await until(lambda: bool(psql.execute(ended).fetchall()))

    with pytest.raises(EngineError) as raised:
        await task

    assert raised.value.problem.code == "connection-lost"
    assert await value(engine, "SELECT count(*) FROM t") == 0


async def test_the_data_version_follows_the_transactions_of_others(engine, url, psql):
    psql.execute("CREATE TABLE t (a int)")
    seen = [await engine.data_version()]
    with psycopg.connect(url) as other:
        other.execute("INSERT INTO t VALUES (1)")
        seen.append(await engine.data_version())
        await engine.create_temp_table("speql_between", "SELECT count(*) AS n FROM t")
        assert await engine.data_version() == seen[-1]
        psql.execute("INSERT INTO t VALUES (2)")  # begun later, ended sooner
        seen.append(await engine.data_version())
        other.commit()
    seen.append(await engine.data_version())
    await engine.drop_temp_table("speql_between")

    assert await engine.data_version() == seen[-1]
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


async def test_nothing_is_left_on_the_server(open_database, psql, until):
    engine = await open_database()
    await engine.create_temp_table("speql_left", "SELECT 1 AS a")
    await engine.close()

    others = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    await until(lambda: not psql.execute(others).fetchall())
    assert psql.execute("SELECT 1 FROM pg_class WHERE relname = 'speql_left'").fetchall() == []


async def test_no_transaction_is_left_open(engine, psql):
    await engine.execute("SELECT generate_series(1, 1000)", 10)
    await engine.bind("SELECT 1")
    with pytest.raises(EngineError):
        await engine.execute("SELECT 1 / 0")

    states = psql.execute(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    ).fetchall()
    assert {state for (state,) in states} == {"idle"}


async def test_what_a_submit_leaves_in_its_session_is_gone(engine):
    await engine.submit("SELECT set_config('application_name', 'left behind', false)")
    await engine.submit(
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN CREATE TEMP TABLE hidden(a int); RETURN 1; END'"
    )
    await engine.submit("SELECT f()")

    names = await asyncio.gather(*(value(engine, "SELECT current_setting('application_name')") for _ in range(5)))
    assert "left behind" not in names
    assert not (await engine.bind("SELECT * FROM hidden")).ok


@pytest.mark.parametrize(
    "sql",
    [
        "SET default_transaction_read_only = off",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "COPY t TO STDOUT",
    ],
)
async def test_what_would_undo_the_rules_is_refused(engine, sql):
    with pytest.raises(EngineError) as raised:
        await engine.submit(sql)

    assert raised.value.problem.code == "not-supported"


async def test_a_query_that_writes_runs_when_it_is_submitted(engine):
    await engine.submit("CREATE TABLE t (a int)")
    await engine.submit("CREATE SEQUENCE s")
    written = await engine.submit("WITH w AS (INSERT INTO t VALUES (7) RETURNING a) SELECT a FROM w")

    assert written.rows.to_pylist() == [{"a": 7}]
    assert (await engine.submit("SELECT nextval('s')")).rows.to_pylist() == [{"nextval": 1}]
    assert await value(engine, "SELECT count(*) FROM t") == 1


async def test_the_catalog_knows_what_must_not_be_speculated(engine):
    for statement in (
        "CREATE SCHEMA other",
        'CREATE TABLE other."Mixed Case" ("Key" int PRIMARY KEY, "a,b" text UNIQUE NOT NULL)',
        "CREATE TABLE parts (a int, b int) PARTITION BY RANGE (a)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
        "CREATE VIEW calm AS SELECT a, upper(b::text) AS u FROM parts",
        "CREATE VIEW moody AS SELECT now() AS n",
        "CREATE VIEW on_moody AS SELECT n FROM moody",
        "CREATE TABLE secret (a int)",
        "ALTER TABLE secret ENABLE ROW LEVEL SECURITY",
        "CREATE FUNCTION mine(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ):
        await engine.submit(statement)
    catalog = await engine.catalog()

    assert {table.name: bool(table.unsafe) for table in catalog.tables} == {
        "Mixed Case": False,
        "parts": False,
        "calm": False,
        "moody": True,
        "on_moody": True,
        "secret": True,
    }
    mixed = catalog.find("Mixed Case", "other")
    assert (mixed.primary_key, mixed.unique_keys) == (("Key",), (("a,b",),))
    assert "mine" in catalog.user_functions
    assert catalog.find("calm").kind == "view"


@pytest.mark.parametrize(
    ("made", "passes", "refused"),
    [
        (
            [
                "CREATE FUNCTION alike(text, text) RETURNS bool STABLE LANGUAGE sql AS 'SELECT $1 < $2'",
                "CREATE OPERATOR % (LEFTARG = text, RIGHTARG = text, FUNCTION = alike)",
            ],
            ["SELECT name FROM t WHERE name LIKE '%x%' AND a IN (1, 2)", "SELECT a + 1 FROM t -- 100 %"],
            ["SELECT name FROM t WHERE name % 'x'", "SELECT a % 2 FROM t", "SELECT a OPERATOR(public.%) 2 FROM t"],
        ),
        (
            [
                "CREATE FUNCTION alike(text, int) RETURNS bool VOLATILE LANGUAGE sql AS 'SELECT random() < 1'",
                "CREATE OPERATOR = (LEFTARG = text, RIGHTARG = int, FUNCTION = alike)",
            ],
            [],
            ["SELECT name FROM t", "SELECT name IN (1) FROM t"],
        ),
        (
            ["CREATE OPERATOR public.!! (RIGHTARG = float8, FUNCTION = pg_sleep)"],
            ["SELECT name FROM t WHERE a <> 1"],
            ["SELECT OPERATOR(public.!!) 1.0::float8 FROM t"],
        ),
        (
            ["CREATE DOMAIN waits AS int CHECK (pg_sleep(VALUE) IS NOT NULL)"],
            ["SELECT name FROM t WHERE a <> 1"],
            ["SELECT a::waits FROM t", "SELECT CAST(ARRAY[a] AS public.waits[]) FROM t", "SELECT waits '1'"],
        ),
        (
            ["CREATE DOMAIN small AS int CHECK (VALUE > 0 AND VALUE < 10)"],
            ["SELECT a::small FROM t"],
            ["SELECT small(a) FROM t"],
        ),
        (
            [
                "CREATE FUNCTION as_int(bool[]) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT 1'",
                "CREATE CAST (bool[] AS int) WITH FUNCTION as_int(bool[]) AS IMPLICIT",
            ],
            [],
            ["SELECT ARRAY[true] = a FROM t"],
        ),
    ],
    ids=["an extension's operator", "=", "a built-in function's operator", "a domain", "a harmless domain", "a cast"],
)
async def test_operators_and_domains_of_the_database_are_not_called_ahead(engine, psql, made, passes, refused):
    for statement in ("CREATE TABLE t (a int, name text)", *made):
        psql.execute(statement)
    policy = GuardPolicy.for_catalog(await engine.catalog())

    def may_run(sql: str) -> bool:
        query = parse_query(sql, "postgres").query
        from_text = query is not None and not speculation_problems(query, policy, sql)
        assert query is None or from_text == (not speculation_problems(query, policy))
        return from_text

    assert {sql: may_run(sql) for sql in passes} == dict.fromkeys(passes, True)
    assert {sql: may_run(sql) for sql in refused} == dict.fromkeys(refused, False)


@pytest.mark.parametrize(("limit", "shown"), [(None, "5min"), (0.25, "250ms")])
async def test_the_server_stops_what_works_ahead(engine, limit, shown):
    asked = "SELECT current_setting('statement_timeout') AS v"
    with billed_to(Bill(most_seconds=limit)):
        assert await value(engine, asked) == shown
        table = await engine.create_temp_table("speql_timed", asked)
    assert await value(engine, f"SELECT v FROM {table.sql_name}") == shown
    own = (await engine.submit(asked)).rows.column("v").to_pylist()
    assert own == ["0"]
    await engine.submit("SET statement_timeout = '200ms'")
    assert await value(engine, asked) == "200ms"
    with pytest.raises(EngineError) as raised:
        await engine.execute("SELECT pg_sleep(60)")
    assert "57014" in raised.value.message


async def test_the_search_path_is_the_sessions(engine):
    await engine.submit("CREATE SCHEMA other")
    await engine.submit("CREATE TABLE other.t AS SELECT 1 AS a")
    assert (await engine.catalog()).find("t") is None

    await engine.submit("SET search_path = other, public")

    assert (await engine.catalog()).find("t") is not None
    assert await value(engine, "SELECT a FROM t") == 1


REFUSED = [
    "SELECT now()",
    "SELECT current_date",
    "SELECT 'today'::date",
    "SELECT 1 WHERE DATE '2024-01-01' < ' Tomorrow'",
    "SELECT random()",
    "SELECT age(TIMESTAMP '2024-01-01')",
    "SELECT nextval('s')",
    "SELECT pg_sleep(10)",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT set_config('a.b', 'c', false)",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_notify('a', 'b')",
    "SELECT query_to_xml('SELECT 1', true, true, '')",
    "SELECT dblink('host=x', 'SELECT 1')",
    "SELECT * FROM dblink('host=x', 'SELECT 1') AS t(a int)",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT * FROM pg_catalog.pg_user",
    "SELECT gen_random_uuid()",
    "SELECT current_user",
    "SELECT inet_server_addr()",
    "SELECT txid_current()",
    "SELECT clock_timestamp()",
    "SELECT PG_CATALOG.SETVAL('s', 1)",
    'SELECT "pg_sleep"(1)',
    "SELECT U&'x', pg_sleep(1)",
    "SELECT /* harmless */ pg_sleep(1)",
    "SELECT mine(1)",
    "SELECT round(1.5, 2)",
    "SELECT a FROM t FOR UPDATE",
    "SELECT a FROM t FOR SHARE",
    "SELECT a INTO u FROM t",
    "WITH w AS (DELETE FROM t RETURNING a) SELECT a FROM w",
    "INSERT INTO t VALUES (1)",
    "SELECT a FROM t TABLESAMPLE SYSTEM (10)",
    "SELECT * FROM generate_series(1, 10) WHERE random() > 0.5",
    "SELECT upper((SELECT pg_read_file('/etc/passwd')))",
    "SELECT a FROM t WHERE EXISTS (SELECT lo_unlink(1))",
    "SELECT sum(a) FILTER (WHERE pg_sleep(1) IS NULL) FROM t",
    "SELECT a FROM t ORDER BY random()",
    "SELECT CASE WHEN a > 1 THEN pg_sleep(1)::text END FROM t",
    "TABLE pg_stat_activity",
    "VALUES (now())",
    "SHOW ALL",
    "EXPLAIN ANALYZE DELETE FROM t",
    "CALL p()",
    "DO 'BEGIN END'",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_the_guard_refuses(sql):
    policy = GuardPolicy("postgres", (), frozenset({"mine", "round"}))
    parsed = parse_query(sql, "postgres")

    assert parsed.query is None or speculation_problems(parsed.query, policy)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT upper(a), length(b), coalesce(c, 0), nullif(d, ''), greatest(e, f) FROM t",
        "SELECT date_trunc('month', d), extract(year FROM d), to_char(d, 'YYYY'), d::date FROM t",
        "SELECT region, sum(x), avg(x), count(DISTINCT y), string_agg(z, ',') FROM t GROUP BY ROLLUP (region)",
        "SELECT a, row_number() OVER (PARTITION BY b ORDER BY c), lag(a) OVER (ORDER BY c) FROM t",
        "SELECT * FROM generate_series(1, 10) AS g(i) WHERE i % 2 = 0",
        "SELECT a ILIKE 'x%', a ~ '^b', b IS DISTINCT FROM c, j ->> 'k' FROM t",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), round(x::numeric, 2), mod(a, 2) FROM t",
        "SELECT md5(a), substring(a FROM 1 FOR 2), position('x' IN a), regexp_replace(a, 'x', 'y') FROM t",
    ],
)
def test_the_guard_lets_pass(sql):
    assert speculation_problems(parse_query(sql, "postgres").query, GuardPolicy("postgres")) == ()


async def test_the_data_of_the_guard_is_up_to_date(postgres_server):
    import json
    from importlib import resources

    from speql_engines.postgres.known_functions import known_functions

    with psycopg.connect(f"{postgres_server} dbname=postgres") as connection:
        if connection.info.server_version // 10000 != 15:
            pytest.skip("the data is that of PostgreSQL 15")
        asked = known_functions(connection)
    kept = json.loads(resources.files("speql_sql").joinpath("postgres_functions.json").read_text("utf-8"))

    assert asked == kept


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("postgresql://nobody:hunter2@127.0.0.1:1/x", "~/.pgpass"),
        ("postgresql://127.0.0.1:1/x?password=hunter2", "~/.pgpass"),
        ("postgresql://nobody@127.0.0.1:1/x", "Is the server running"),
        ("postgresql://nobody:hunter2@[", "not understood"),
        ("postgresql://speql@/nowhere?host={host}", "Check the name of the database"),
    ],
)
async def test_a_connection_that_fails_says_why_and_holds_no_password(postgres_server, name, said):
    host = postgres_server.split()[0].removeprefix("host=")
    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine(name.format(host=host))

    text = f"{raised.value.message} {raised.value.hint}"
    assert said in text
    assert "hunter2" not in text


async def test_the_catalog_is_not_read_again_for_rows(engine, psql):
    psql.execute("CREATE TABLE t (a int)")
    known = await engine.catalog()
    psql.execute("INSERT INTO t VALUES (1)")
    await engine.create_temp_table("speql_rows", "SELECT a FROM t")
    await engine.submit("INSERT INTO t VALUES (2)")

    assert await engine.catalog() is known


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t ADD COLUMN c int",
        "ALTER TABLE t RENAME COLUMN a TO z",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ADD PRIMARY KEY (a)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE OR REPLACE VIEW v AS SELECT random() AS r",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP TABLE u",
        "CREATE SCHEMA s",
        "SET search_path = pg_catalog",
    ],
)
async def test_what_changes_a_table_is_seen_at_once(engine, sql):
    await engine.submit("CREATE TABLE t (a int)")
    await engine.submit("CREATE TABLE u (a int)")
    await engine.submit("CREATE VIEW v AS SELECT 1.0::float8 AS r")
    before = await engine.catalog()

    await engine.submit(sql)

    assert (await engine.catalog()).version != before.version


async def test_what_reads_a_temp_table_waits_while_another_is_made(engine, until):
    await engine.create_temp_table("speql_a", "SELECT 1 AS a")
    assert not engine.temp_tables_wait
    making = asyncio.create_task(
        engine.create_temp_table("speql_b", "SELECT count(*) AS n FROM generate_series(1, 1000000000)")
    )
    await until(lambda: engine.temp_tables_wait)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert not engine.temp_tables_wait
