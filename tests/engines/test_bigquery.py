"""What is BigQuery's own: names, logins, what a job is told, what it may cost, sessions, its errors and its types.

Against a stand-in (`bigquery_stand_in.py`): Google's own client speaks to bqemulator through a relay with scripted
answers, which writes down what was asked.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from speql_engines import ConnectionFailedError, Engine, EngineError, open_engine
from speql_engines.bill import Bill, billed_to
from speql_engines.engine import SpeculationHeldError
from speql_engines.governed.governed_engine import GovernedEngine
from speql_engines.governed.governor import Governor
from speql_engines.governed.ledger import Ledger
from speql_engines.governed.ledger_writer import LedgerWriter
from speql_engines.governed.settings import DEFAULT_SPECULATION, Limit, SpeculationSettings
from speql_sql import Catalog, Column, Table

from .bigquery_stand_in import StandIn

pytest.importorskip("google.cloud.bigquery")

import requests
from google.api_core.exceptions import BadRequest, Forbidden, NotFound, ServiceUnavailable
from google.auth.exceptions import RefreshError
from google.cloud.bigquery import SchemaField, TableReference
from google.cloud.bigquery import Table as Resource
from tests.engines.refused_names import check_refused

from speql_engines.bigquery.catalog import TOLD_AT_ONCE, read_catalog
from speql_engines.bigquery.data_version import DataVersion
from speql_engines.bigquery.errors import connection_failed, engine_error
from speql_engines.bigquery.information_schema import read_tables
from speql_engines.bigquery.location import Location, location_of
from speql_engines.bigquery.plan import estimate_of
from speql_engines.bigquery.results import arrow_table
from speql_engines.bigquery.sampled import sampled_sql
from speql_engines.bigquery.sessions import DryRun
from speql_engines.bigquery.statements import statement_of
from speql_engines.bigquery.table_page import table_page
from speql_engines.bigquery.types import spelled

# Names


def test_a_name_says_where_statements_run_and_who_pays():
    found = location_of(
        "bigquery://data/shop?location=EU&billing_project=ours&information_schema=true&datasets=a,other.b"
    )

    assert found == Location("data", "shop", "EU", "ours", (("data", "a"), ("other", "b")), True)
    assert location_of("bigquery://example.com:data").project == "example.com:data"
    assert location_of("bigquery://data").billing_project == "data"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("bigquery://ann@data/shop", "a secret"),
        ("bigquery://data/shop?password=hunter2", "a secret"),
        ("bigquery://data/shop?credentials=hunter2", "a secret"),
        ("bigquery://data?colour=red", "colour"),
        ("bigquery:///shop", "no project"),
        ("bigquery://data/a/b", "too many parts"),
        ("bigquery://[data/a", "not understood"),
    ],
)
def test_a_name_that_says_too_much_or_too_little_is_refused(url, said):
    check_refused(lambda: location_of(url), said)


async def test_without_a_login_is_said_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))

    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine("bigquery://data/shop")

    assert raised.value.reason == "login"
    assert "gcloud auth application-default login" in raised.value.hint


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RefreshError("Token has been expired or revoked."), "expired"),
        (requests.ConnectionError("no route"), "network"),
        (Forbidden("Access Denied"), "login"),
        (NotFound("Not found: Dataset data:shop"), "other"),
    ],
)
def test_why_there_is_no_connection(error, reason):
    found = connection_failed(error)

    assert found.reason == reason
    assert found.hint


# Statements


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "query"),
        ("-- a\n# b\n/* c */ WITH a AS (SELECT 1) SELECT * FROM a", "query"),
        ("(SELECT 1)", "query"),
        ("FROM t |> AGGREGATE COUNT(*)", "query"),
        ("SET @@time_zone = 'Asia/Tokyo';", "setting"),
        ('set @@dataset_id = "shop"', "setting"),
        ("SET x = 1", "refused"),
        ("SET @@query_label = 'a'", "refused"),
        ("SET @@time_zone = x", "refused"),
        ("BEGIN", "refused"),
        ("BEGIN TRANSACTION", "refused"),
        ("COMMIT TRANSACTION;", "refused"),
        ("DECLARE x INT64", "refused"),
        ("create or replace temp table t (a int64)", "refused"),
        ("BEGIN DECLARE x INT64; SELECT x; END", "write"),
        ("CREATE TABLE t (a INT64)", "write"),
        ("CALL p()", "write"),
        ("EXPORT DATA OPTIONS () AS SELECT 1", "write"),
    ],
)
def test_the_kind_of_a_statement(sql, kind):
    found = statement_of(sql)

    assert found.kind == kind
    assert bool(found.reason) is (kind == "refused")


# Errors, in BigQuery's own words


@pytest.mark.parametrize(
    ("reason", "message", "sql", "code", "at"),
    [
        (
            "invalidQuery",
            "Unrecognized name: amuont; Did you mean amount? at [1:16]",
            "SELECT region, amuont FROM sales",
            "unknown-column",
            "amuont",
        ),
        ("invalidQuery", "Unrecognized name: b at [2:9]", "SELECT\n\tb\nFROM t", "unknown-column", "b"),
        ("invalidQuery", "Function not found: nope at [1:8]", "SELECT nope(1)", "unknown-function", "nope"),
        (
            "notFound",
            "Not found: Table data:shop.sale was not found in location EU",
            "SELECT 'sale', 1 FROM `shop.sale`",
            "unknown-table",
            "`shop.sale`",
        ),
        (
            "invalid",
            'Table "sale" must be qualified with a dataset (e.g. dataset.table).',
            "SELECT 1 FROM sale",
            "unknown-table",
            "sale",
        ),
        ("notFound", "Not found: Dataset data:shap was not found in location EU", "SELECT 1", "unknown-schema", None),
        (
            "invalidQuery",
            "SELECT list expression references column id which is neither grouped nor aggregated at [1:16]",
            "SELECT region, id FROM sales GROUP BY region",
            "not-grouped",
            "id",
        ),
        (
            "invalidQuery",
            "Column name name is ambiguous at [1:8]",
            "SELECT name FROM a JOIN b ON TRUE",
            "ambiguous-column",
            "name",
        ),
        (
            "invalidQuery",
            "Syntax error: Unexpected keyword WHERE at [1:13]",
            "SELECT FROM WHERE",
            "syntax-error",
            "WHERE",
        ),
        ("invalidQuery", "Bad int64 value: x", "SELECT CAST(s AS INT64) FROM t", "type-error", None),
        ("invalidQuery", "int64 overflow: 9 + 9", "SELECT 1", "out-of-range", None),
        ("accessDenied", "Access Denied: Table data:shop.t: User does not", "SELECT 1", "access-refused", None),
        ("rateLimitExceeded", "Exceeded rate limits", "SELECT 1", "quota-exceeded", None),
        ("stopped", "Job execution was cancelled: Job timed out after 1 sec", "SELECT 1", "timed-out", None),
        ("stopped", "Job execution was cancelled: User requested cancellation", "SELECT 1", "cancelled", None),
        ("somethingNew", "Something new", "SELECT 1", "engine-error", None),
    ],
)
def test_errors_keep_their_reason_and_find_their_place(reason, message, sql, code, at):
    found = engine_error(BadRequest(message, errors=[{"reason": reason, "message": message}]), sql)

    assert found.problem.code == code
    assert f"[{reason}]" in found.message
    assert (found.problem.span.of(sql) if found.problem.span else None) == at


@pytest.mark.parametrize("error", [requests.ConnectionError("gone"), ServiceUnavailable("later"), TimeoutError()])
def test_what_is_lost_is_told(error):
    assert engine_error(error).problem.code == "connection-lost"


def test_a_login_that_has_expired_is_told_with_the_way_back():
    found = engine_error(RefreshError("Token has been expired or revoked."))

    assert found.problem.code == "login-expired"
    assert "gcloud auth application-default login" in found.hint


# Types


def test_types_are_spelled_as_bigquery_does():
    fields = [
        SchemaField("a", "INTEGER"),
        SchemaField("b", "NUMERIC", precision=9, scale=2),
        SchemaField("c", "STRING", max_length=20, mode="REPEATED"),
        SchemaField("d", "RANGE", range_element_type="DATE"),
        SchemaField("e", "RECORD", fields=[SchemaField("x", "FLOAT"), SchemaField("y", "BOOLEAN", mode="REPEATED")]),
    ]

    assert [spelled(field) for field in fields] == [
        "INT64",
        "NUMERIC(9, 2)",
        "ARRAY<STRING(20)>",
        "RANGE<DATE>",
        "STRUCT<x FLOAT64, y ARRAY<BOOL>>",
    ]


def test_values_have_the_types_of_their_columns_whatever_they_are():
    nested = SchemaField("s", "RECORD", mode="REPEATED", fields=[SchemaField("j", "JSON"), SchemaField("n", "NUMERIC")])
    fields = [
        SchemaField("n", "NUMERIC"),
        SchemaField("b", "BIGNUMERIC"),
        SchemaField("ts", "TIMESTAMP"),
        SchemaField("dt", "DATETIME"),
        SchemaField("d", "DATE"),
        SchemaField("t", "TIME"),
        SchemaField("y", "BYTES"),
        SchemaField("j", "JSON"),
        SchemaField("g", "GEOGRAPHY"),
        SchemaField("a", "INTEGER", mode="REPEATED"),
        SchemaField("r", "RANGE", range_element_type="DATE"),
        nested,
    ]
    row: tuple[Any, ...] = (
        Decimal("99999999999999999999999999999.999999999"),
        Decimal("1.00000000000000000000000000000000000001"),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1, 1, 1),
        date(1, 1, 1),
        time(23, 59, 59, 999999),
        b"\x00\xff",
        {"b": [1, "ü"], "a": 12345678901234567890},
        "POINT(1 2)",
        [1, 2],
        {"start": date(2024, 1, 1), "end": None},
        [{"j": {"x": None}, "n": Decimal("0.1")}],
    )

    found = arrow_table(fields, [row, (None,) * 9 + ([], None, [])])

    assert [str(column.type) for column in found.columns[:7]] == [
        "decimal128(38, 9)",
        "decimal256(76, 38)",
        "timestamp[us, tz=UTC]",
        "timestamp[us]",
        "date32[day]",
        "time64[us]",
        "binary",
    ]
    first, second = found.to_pylist()
    assert first["j"] == '{"b":[1,"ü"],"a":12345678901234567890}'
    assert first["s"] == [{"j": '{"x":null}', "n": Decimal("0.1")}]
    names = ("n", "b", "ts", "dt", "d", "t", "y", "g", "a", "r")
    given = dict(zip([field.name for field in fields], row, strict=True))
    assert {name: first[name] for name in names} == {name: given[name] for name in names}
    assert (second["n"], second["a"], second["s"]) == (None, [], [])
    assert arrow_table(fields, []).schema == found.schema


def test_a_number_that_no_decimal_holds_is_shown_as_its_text():
    most = Decimal("578960446186580977117854925043439539266.34992332820282019728792003956564819967")

    (column,) = arrow_table([SchemaField("b", "BIGNUMERIC")], [(most,), (None,)]).columns

    assert column.to_pylist() == [str(most), None]


def test_a_struct_with_two_fields_of_a_name_is_refused():
    field = SchemaField("s", "RECORD", fields=[SchemaField("a", "STRING"), SchemaField("a", "STRING")])

    with pytest.raises(EngineError, match="several fields of one name"):
        arrow_table([field], [({"a": "2"},)])


# Estimates and samples


def test_an_estimate_knows_what_is_free_and_what_is_not_known():
    tables = (TableReference.from_string("data.shop.sales"),)

    def estimate(scanned: int | None, sql: str = "SELECT COUNT(*) AS n FROM sales"):
        return estimate_of(
            DryRun((), scanned, tables, "SELECT"), sql, lambda parts: 7 if parts[-1] == "sales" else None
        )

    assert (estimate(5).bytes_scanned, estimate(5).dollars, estimate(5).rows, estimate(5).rows_scanned) == (
        5,
        None,
        1,
        7,
    )
    assert estimate(0).dollars == 0.0
    assert (estimate(None).bytes_scanned, estimate(None).dollars) == (None, None)
    assert estimate(5, "SELECT a FROM sales").rows == 7


def test_large_tables_are_sampled_by_blocks_and_others_by_rows():
    def sql(query: str, size: int) -> str:
        table = Table("t", (Column("a", "INT64"),), schema="shop", database="data", bytes=size)
        catalog = Catalog((table,), dialect="bigquery", path=(("data", "shop"),))
        return sampled_sql(query, "t", 0.25, catalog)

    assert "TABLESAMPLE SYSTEM (25.000000 PERCENT)" in sql("SELECT SUM(a) FROM t", 1 << 30)
    assert "RAND() < 0.25" in sql("SELECT SUM(a) FROM t", 1 << 20)
    units = sql("SELECT COUNT(DISTINCT speql_unit) FROM t", 1 << 30)
    assert "RAND() < 0.25" in units
    assert "FARM_FINGERPRINT(GENERATE_UUID()) AS speql_unit" in units


# What data has changed


def resource(name: str, modified: int, **more: Any) -> Resource:
    reference = {"projectId": "data", "datasetId": "shop", "tableId": name}
    return Resource.from_api_repr(
        {"tableReference": reference, "type": "TABLE", "lastModifiedTime": str(modified * 1000), **more}
    )


class Look:
    """Stands in for BigQuery's answer to `tables.get`."""

    def __init__(self, **tables: Resource) -> None:
        self.tables = tables
        self.asked = 0

    def __call__(self, wanted: Sequence[TableReference]) -> list[Resource | None]:
        self.asked += len(wanted)
        return [self.tables.get(one.table_id) for one in wanted]


def named(*names: str) -> list[TableReference]:
    return [TableReference.from_string(f"data.shop.{name}") for name in names]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks are looked at each time."""
    monkeypatch.setattr("speql_engines.bigquery.data_version._BELIEVED_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
def test_the_version_changes_with_the_tables_that_were_read_and_no_others():
    look, version = Look(t=resource("t", 100), u=resource("u", 100)), DataVersion()
    version.mark(named("t"), at(200), look)
    seen = version.read(look)
    look.tables["u"] = resource("u", 300)
    assert version.read(look) == seen
    look.tables["t"] = resource("t", 300)
    changed = version.read(look)
    assert changed != seen
    assert version.read(look) == changed


@pytest.mark.usefixtures("at_once")
def test_a_table_that_was_written_to_while_it_was_read_is_another_version():
    look, version = Look(t=resource("t", 200)), DataVersion()
    seen = version.read(look)

    version.mark(named("t"), at(199), look)

    assert version.read(look) != seen
    assert version.read(look) == version.read(look)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "table",
    [
        resource("t", 1, type="EXTERNAL"),
        resource("t", 1, type="MATERIALIZED_VIEW"),
        resource("t", 1, streamingBuffer={"estimatedRows": "1"}),
        None,
    ],
)
def test_what_tells_no_time_is_never_the_same(table):
    look, version = Look(t=table), DataVersion()
    version.mark(named("t"), at(200), look)

    assert version.read(look) != version.read(look)


def test_what_is_not_known_is_never_the_same_and_temp_tables_need_no_mark():
    look, version = Look(), DataVersion()
    version.mark([TableReference.from_string("data._script1.speql_a")], at(200), look)
    assert version.read(look) == version.read(look)
    assert look.asked == 0

    version.mark(None, at(200), look)

    assert version.read(look) != version.read(look)


def test_marks_are_asked_for_once_a_second():
    look, version = Look(t=resource("t", 100)), DataVersion()
    version.mark(named("t"), at(200), look)
    for _ in range(10):
        version.read(look)
        version.mark(named("t"), at(200), look)

    assert look.asked == 2


# The catalog


class ManyTables:
    """Stands in for the metadata of a project with one dataset of many tables."""

    def __init__(self, count: int) -> None:
        self.count = count

    def datasets(self) -> list[tuple[str, str]]:
        return [("data", "shop")]

    def side_by_side(self, ask: Callable[[Any], Any], about: Sequence[Any]) -> list[Any]:
        return [ask(one) for one in about]

    def routines_in(self, dataset: tuple[str, str]) -> list[Any]:
        return []

    def tables_in(self, dataset: tuple[str, str]) -> list[TableReference]:
        return named(*(f"t{number}" for number in range(self.count)))

    def get(self, tables: Sequence[TableReference], wanted: Callable[[], object]) -> list[Resource | None]:
        wanted()
        schema = {"fields": [{"name": "a", "type": "INTEGER", "mode": "REQUIRED"}]}
        found: list[Resource | None] = [resource(one.table_id, 1, schema=schema, numRows="5") for one in tables]
        return [*found[:-1], None]


def test_of_ten_thousand_tables_the_names_are_told_first():
    told: list[Catalog] = []

    found = read_catalog(ManyTables(10_000), ("data", "shop"), lambda: None, told.append)  # type: ignore[arg-type]

    (part,) = told
    assert part.partial
    assert not part.certain
    assert (len(part.tables), part.tables[0].listed_only) == (10_000, True)
    assert len(found.tables) == 9_999  # one was dropped meanwhile
    assert found.certain
    assert found.find("t5").row_count == 5
    assert found.find("t5").columns == (Column("a", "INT64", nullable=False),)
    few: list[Catalog] = []
    read_catalog(ManyTables(TOLD_AT_ONCE), ("data", "shop"), lambda: None, few.append)  # type: ignore[arg-type]
    assert few == []


def test_a_dataset_is_read_by_four_queries_where_that_is_allowed():
    answers = {
        "COLUMNS": [
            {"table_name": "sales", "column_name": "id", "data_type": "INT64", "is_nullable": "NO"},
            {"table_name": "sales", "column_name": "region", "data_type": "STRING(20)", "is_nullable": "YES"},
            {"table_name": "regions", "column_name": "name", "data_type": "STRING", "is_nullable": "NO"},
            {"table_name": "v", "column_name": "n", "data_type": "INT64", "is_nullable": "YES"},
        ],
        "VIEWS": [{"table_name": "v", "view_definition": "SELECT 1 AS n", "use_standard_sql": "YES"}],
        "KEY_COLUMN_USAGE": [
            {"constraint_name": "p", "constraint_type": "PRIMARY KEY", "table_name": "regions", "column_name": "name"},
            {
                "constraint_name": "f",
                "constraint_type": "FOREIGN KEY",
                "table_name": "sales",
                "column_name": "region",
                "position_in_unique_constraint": 1,
                "target": "shop.regions",
            },
        ],
        "__TABLES__": [
            {"table_id": "regions", "row_count": 3, "size_bytes": 30, "type": 1},
            {"table_id": "sales", "row_count": 2000, "size_bytes": 64000, "type": 1},
            {"table_id": "v", "row_count": 0, "size_bytes": 0, "type": 2},
            {"table_id": "x", "row_count": 0, "size_bytes": 0, "type": 3},
        ],
    }
    asked: list[str] = []

    def rows(sql: str) -> list[dict[str, Any]]:
        asked.append(sql)
        return next(found for name, found in answers.items() if name in sql)

    found = read_tables(rows, ("data", "shop"))

    tables = {table.name: table for table in found.tables}
    assert len(asked) == 4
    assert all("`data`.`shop`." in sql for sql in asked)
    assert (tables["sales"].row_count, tables["sales"].bytes) == (2000, 64000)
    assert [column.nullable for column in tables["sales"].columns] == [False, True]
    (reference,) = tables["sales"].foreign_keys
    assert (reference.columns, reference.target, reference.target_columns) == (("region",), "shop.regions", ("name",))
    assert tables["regions"].primary_key == ("name",)
    assert (tables["v"].kind, tables["v"].row_count) == ("view", None)
    assert tables["x"].unsafe
    assert found.views == {("data", "shop", "v"): ["SELECT 1 AS n"]}


# Against the stand-in

Open = Callable[..., Awaitable[Engine]]


@pytest.fixture
def server(bigquery_server: tuple[StandIn, int]) -> Iterator[StandIn]:
    """What was asked from here on. The tests of other files find it as it was."""
    state, _ = bigquery_server
    as_it_is(state)
    yield state
    as_it_is(state)


def as_it_is(state: StandIn) -> None:
    """Nothing was asked, and nothing is out of the ordinary."""
    state.asked.clear()
    state.jobs.clear()
    state.cancelled.clear()
    state.begun.clear()
    state.bytes_scanned, state.accuracy, state.cached, state.streaming, state.lose = 4096, "PRECISE", False, False, 0


@pytest.fixture
async def open_shop(server: StandIn, bigquery_database: Callable[[], str], tmp_path: Path) -> AsyncIterator[Open]:
    """Opens one small dataset, also behind a governor."""
    database = bigquery_database()
    maker = await open_engine(database, writable=True)
    await maker.submit("CREATE TABLE t AS SELECT i AS a FROM UNNEST(GENERATE_ARRAY(1, 10)) AS i")
    await maker.submit("INSERT INTO t VALUES (11)")
    await maker.submit("CREATE TABLE large AS SELECT 1 AS a, 2 AS b")
    await maker.close()
    server.jobs.clear()
    server.asked.clear()
    engines: list[Engine] = []

    async def open_shop(
        settings: SpeculationSettings | None = None, *, more: str = "", writable: bool = False
    ) -> Engine:
        engine: Engine = await open_engine(database + more, writable=writable)
        if settings is not None:
            writer = LedgerWriter(Ledger(tmp_path / "spending.sqlite"))
            engine = GovernedEngine(engine, Governor(engine.info, "shop", settings, writer))
        engines.append(engine)
        return engine

    yield open_shop
    server.lose = 0
    for engine in engines:
        await engine.close()


async def values(engine: Engine, sql: str) -> list[object]:
    return list((await engine.execute(sql)).rows.column(0).to_pylist())


async def test_before_the_user_allows_it_nothing_but_dry_runs_is_run(open_shop, server):
    shop = await open_shop(DEFAULT_SPECULATION)

    await shop.catalog()
    assert (await shop.bind("SELECT a FROM t")).ok
    assert (await shop.estimate("SELECT SUM(a) AS s FROM t")).bytes_scanned == 4096
    for work in (
        shop.execute("SELECT SUM(a) AS s FROM t"),
        shop.create_temp_table("speql_a", "SELECT SUM(a) AS s FROM t"),
        shop.sample("SELECT COUNT(*) AS n FROM t", "t", 0.5),
    ):
        with pytest.raises(SpeculationHeldError):
            await work

    assert server.jobs
    assert all(job["dryRun"] for job in server.jobs)
    assert (await shop.execute("SELECT 1 AS a")).rows.to_pylist() == [{"a": 1}]
    (ran,) = (job for job in server.jobs if not job.get("dryRun"))
    assert (ran["query"]["query"], ran["query"]["maximumBytesBilled"]) == ("SELECT 1 AS a", "1")


async def test_the_catalog_asks_no_query(open_shop, server):
    shop = await open_shop()

    catalog = await shop.catalog()

    assert server.jobs == []
    assert sorted(table.name for table in catalog.tables) == ["large", "t"]
    assert {method for method, _ in server.asked} == {"GET"}


async def test_what_works_ahead_tells_bigquery_what_it_may_cost(open_shop, server):
    limits = SpeculationSettings(mode="budget", per_statement=Limit(dollars=1.0, bytes=20_000_000, seconds=50.0))
    shop = await open_shop(limits)

    assert len(await values(shop, "SELECT a FROM t")) == 11
    await shop.create_temp_table("speql_a", "SELECT a FROM t")
    await shop.submit("SELECT a FROM t")

    asked = {job["query"]["query"].partition("\n")[0][:16]: job for job in server.jobs if not job.get("dryRun")}
    for head in ("SELECT a FROM t", "CREATE TEMP TABL"):
        ahead = next(job for job in server.jobs if not job.get("dryRun") and job["query"]["query"].startswith(head))
        assert ahead["query"]["maximumBytesBilled"] == "20000000"
        assert int(ahead["jobTimeoutMs"]) <= 50_000
        assert ahead["labels"] == {"speql": "ahead"}
    own = asked["SELECT a FROM t"]
    assert own["labels"] == {"speql": "submit"}
    assert "maximumBytesBilled" not in own["query"]
    assert "jobTimeoutMs" not in own


async def test_what_was_billed_is_told(open_shop, server):
    shop = await open_shop()
    bill, cached, own = Bill(most_bytes=1 << 30), Bill(), Bill()

    with billed_to(bill):
        await shop.execute("SELECT a FROM t")
    with billed_to(own):
        await shop.submit("SELECT a FROM t")
    server.cached = True
    with billed_to(cached):
        await shop.execute("SELECT a FROM t")

    assert (bill.bytes, bill.dollars) == (10 << 20, None)
    assert (own.bytes, own.dollars) == (10 << 20, None)
    assert (cached.bytes, cached.dollars) == (0, 0.0)


async def test_what_would_be_billed_for_more_than_it_may_is_held_back(open_shop, server):
    shop = await open_shop()
    server.bytes_scanned = 1 << 30

    with billed_to(Bill(most_bytes=1 << 20)), pytest.raises(SpeculationHeldError, match="bytesBilledLimitExceeded"):
        await shop.execute("SELECT a FROM t")

    with billed_to(Bill(most_bytes=1 << 31)):
        assert len(await values(shop, "SELECT a FROM t")) == 11


async def test_bytes_that_may_be_more_are_not_known(open_shop, server):
    shop = await open_shop()
    server.accuracy = "LOWER_BOUND"

    found = await shop.estimate("SELECT SUM(a) AS s FROM t")

    assert (found.bytes_scanned, found.dollars) == (None, None)


async def test_a_cancel_names_the_job_that_was_handed_in(open_shop, server, until):
    shop = await open_shop()
    task = asyncio.ensure_future(shop.execute("SELECT COUNT(*) AS n FROM large x, large y"))
    await until(lambda: bool(server.held) and any("queries" in path for _, path in server.asked))
    task.cancel()
    await asyncio.wait({task}, timeout=10)

    assert task.cancelled()
    (job,) = {id_ for id_ in server.cancelled if id_ in server.held}
    assert job.startswith("speql_")
    assert server.stopped[job].is_set()


async def test_a_job_whose_end_was_not_heard_of_is_asked_for_again_and_not_run_again(open_shop, server):
    shop = await open_shop()
    server.lose = 1

    assert len(await values(shop, "SELECT a FROM t")) == 11

    assert server.lose == 0
    assert server.queries(dry=False) == ["SELECT a FROM t"]


async def test_temp_tables_are_in_one_session_and_nothing_else_is(open_shop, server):
    shop = await open_shop()

    table = await shop.create_temp_table("speql_a", "SELECT a FROM t")
    await shop.create_temp_table("speql_b", "SELECT a FROM t")
    await shop.execute(f"SELECT a FROM {table.sql_name}")
    await shop.execute("SELECT a FROM t")
    await shop.close()

    (session,) = server.begun
    inside = {
        job["query"]["query"]: [one["value"] for one in job["query"].get("connectionProperties", ())]
        for job in server.jobs
    }
    assert inside[f"SELECT a FROM {table.sql_name}"] == [session]
    assert inside["SELECT a FROM t"] == []
    assert list(inside)[-1] == f"CALL BQ.ABORT_SESSION('{session}')"


async def test_a_session_that_is_over_is_begun_again(open_shop, server):
    shop = await open_shop()
    before = await shop.data_version()
    table = await shop.create_temp_table("speql_a", "SELECT 1 AS a")
    server.over.add(server.begun[0])

    with pytest.raises(EngineError) as raised:
        await shop.execute(f"SELECT a FROM {table.sql_name}")
    assert raised.value.problem.code == "connection-lost"
    await shop.drop_temp_table("speql_a")
    again = await shop.create_temp_table("speql_a", "SELECT 2 AS a")

    assert await values(shop, f"SELECT a FROM {again.sql_name}") == [2]
    assert await shop.data_version() != before


async def test_a_setting_is_told_with_all_that_follows(open_shop, server):
    shop = await open_shop()
    before = await shop.data_version()

    await shop.submit("SET @@time_zone = 'Asia/Tokyo'")
    await shop.execute("SELECT 1 AS a")

    assert server.jobs[-1]["query"]["connectionProperties"] == [{"key": "time_zone", "value": "Asia/Tokyo"}]
    assert await shop.data_version() != before


async def test_a_setting_that_bigquery_does_not_take_is_not_made(open_shop, server):
    shop = await open_shop()
    before = await shop.data_version()

    with pytest.raises(EngineError, match="Invalid time zone"):
        await shop.submit("SET @@time_zone = 'Nowhere'")

    assert await values(shop, "SELECT 1 AS a") == [1]
    assert await shop.data_version() == before


@pytest.mark.usefixtures("at_once")
async def test_what_others_write_makes_another_version(open_shop, server):
    shop, other = await open_shop(), await open_shop(writable=True)
    await shop.execute("SELECT a FROM t")
    before = await shop.data_version()
    assert await shop.data_version() == before

    await other.submit("INSERT INTO t VALUES (12)")

    assert await shop.data_version() != before


async def test_of_a_cached_answer_a_dry_run_tells_the_tables(open_shop, server):
    shop = await open_shop()
    server.cached = True

    await shop.execute("SELECT a FROM t")

    assert server.queries(dry=True) == ["SELECT a FROM t"]
    assert await shop.data_version() == await shop.data_version()
    assert any(path.endswith("/tables/t") for _, path in server.asked)


async def test_a_read_only_connection_asks_bigquery_what_a_statement_is(open_shop, server):
    shop = await open_shop()

    with pytest.raises(EngineError) as raised:
        await shop.submit("CREATE TABLE u AS SELECT 1 AS a")

    assert raised.value.problem.code == "read-only"
    assert server.queries(dry=False) == []


async def test_a_dataset_that_is_not_there_is_told(bigquery_database):
    with pytest.raises(ConnectionFailedError, match="could not be opened"):
        await open_engine(f"{bigquery_database()}_of_somebody")


async def test_no_text_of_the_users_is_in_the_log(open_shop, caplog):
    shop = await open_shop()
    with caplog.at_level("DEBUG"):
        await shop.execute("SELECT 'hunter2' AS a")

    assert "hunter2" not in json.dumps([record.getMessage() for record in caplog.records])


async def test_types_arrive_as_the_client_gives_them(open_shop):
    shop = await open_shop()

    found = (
        await shop.execute(
            "SELECT TIMESTAMP '2024-01-01 00:00:00.5+00' AS ts, TIME '12:00:00.25' AS t, NUMERIC '1.5' AS n, "
            "[1, 2] AS arr, STRUCT(1 AS x, 'a' AS y) AS s, INTERVAL 3 DAY AS i"
        )
    ).rows

    assert found.to_pylist()[0] == {
        "ts": datetime(2024, 1, 1, 0, 0, 0, 500000, tzinfo=UTC),
        "t": time(12, 0, 0, 250000),
        "n": Decimal("1.5"),
        "arr": [1, 2],
        "s": {"x": 1, "y": "a"},
        "i": pa.MonthDayNano([0, 3, 0]),
    }


# The first rows of a table, which are free

PAGE_CATALOG = Catalog(
    (
        Table("t", (Column("a", "INT64"),), schema="shop", database="data"),
        Table("v", (Column("a", "INT64"),), schema="shop", database="data", kind="view"),
        Table("x", (Column("a", "INT64"),), schema="shop", database="data", unsafe="external"),
    ),
    dialect="bigquery",
    path=(("data", "shop"),),
)


@pytest.mark.parametrize(
    ("sql", "columns", "limit"),
    [
        ("SELECT * FROM t", (), None),
        ("SELECT * FROM `data`.shop.t LIMIT 10", (), 10),
        ("SELECT b, y.a AS c FROM t AS y", (("b", "b"), ("a", "c")), None),
    ],
)
def test_the_first_rows_of_a_table_are_known_as_such(sql, columns, limit):
    found = table_page(sql, PAGE_CATALOG)

    assert (str(found.table), found.columns, found.limit) == ("data.shop.t", columns, limit)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM v",
        "SELECT * FROM x",
        "SELECT * FROM T",
        "SELECT * FROM u",
        "SELECT * FROM t, t AS s",
        "SELECT * FROM t WHERE a = 1",
        "SELECT * FROM t ORDER BY a LIMIT 10",
        "SELECT * FROM t LIMIT 10 OFFSET 5",
        "SELECT * EXCEPT (a) FROM t",
        "SELECT DISTINCT a FROM t",
        "SELECT AS STRUCT a FROM t",
        "SELECT a, a FROM t",
        "SELECT a + 1 FROM t",
        "SELECT t FROM t",
        "SELECT s.a FROM t",
        "SELECT _PARTITIONTIME FROM t",
        "SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01'",
        "SELECT * FROM t TABLESAMPLE SYSTEM (10 PERCENT)",
        "SELECT * FROM t UNION ALL SELECT * FROM t",
        "WITH t AS (SELECT 1 AS a) SELECT * FROM t",
        "SELECT COUNT(*) FROM t",
    ],
)
def test_anything_else_is_a_query(sql):
    assert table_page(sql, PAGE_CATALOG) is None


async def test_the_first_rows_of_a_table_are_free(open_shop, server):
    shop = await open_shop(DEFAULT_SPECULATION)
    before = await shop.data_version()

    page = await shop.execute("SELECT * FROM t", 3)
    some = await shop.execute("SELECT b AS second, a FROM large LIMIT 5", 10)

    assert (page.rows.num_rows, page.complete, [column.name for column in page.columns]) == (3, False, ["a"])
    assert (some.rows.to_pylist(), some.complete) == ([{"second": 2, "a": 1}], True)
    with pytest.raises(SpeculationHeldError):
        await shop.create_temp_table("speql_a", "SELECT * FROM t")
    assert server.queries(dry=False) == []
    assert await shop.data_version() == before


async def test_a_table_that_has_to_be_queried_is_not_free(open_shop, server):
    shop = await open_shop(DEFAULT_SPECULATION)
    server.streaming = True

    with pytest.raises(SpeculationHeldError):
        await shop.execute("SELECT * FROM t", 3)

    (job,) = (job for job in server.jobs if not job.get("dryRun"))
    assert job["query"]["maximumBytesBilled"] == "1"
