"""Cells are what DuckDB itself writes: each expression is also cast to VARCHAR by the engine, and compared."""

from collections.abc import Callable, Iterator

import duckdb
import pyarrow as pa
import pytest

from speql_server.cells import cells

AS_JSON = [
    ("NULL", None),
    ("true", True),
    ("1::TINYINT", 1),
    ("-7", -7),
    ("9007199254740992", 9007199254740992),
    ("-9007199254740992", -9007199254740992),
    ("9007199254740993", "9007199254740993"),
    ("(-9223372036854775808)::BIGINT", "-9223372036854775808"),
    ("18446744073709551615::UBIGINT", "18446744073709551615"),
    ("sum(5)", 5),
    ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
    ("0.1::FLOAT", 0.1),
    ("16777217::FLOAT", 16777216.0),
    ("1e300", 1e300),
    ("0.1::DOUBLE + 0.2::DOUBLE", 0.1 + 0.2),
    ("'nan'::DOUBLE", "nan"),
    ("'inf'::FLOAT", "inf"),
    ("'-inf'::DOUBLE", "-inf"),
    ("''", ""),
    ("'NULL'", "NULL"),
    ("'a\n😀é'", "a\n😀é"),
    ("'b'::ENUM('a', 'b')", "b"),
    ("""'{"a": 1}'::JSON""", '{"a": 1}'),
]

AS_TEXT = """
1.50::DECIMAL(10,2)
0.0000000001::DECIMAL(38,10)
-0.05::DECIMAL(4,2)
DATE '2024-02-29'
DATE '1969-12-31'
DATE '0001-01-01'
DATE '0044-03-15 (BC)'
DATE '0001-12-31 (BC)'
DATE '99999-01-01'
DATE '1900-03-01'
'infinity'::DATE
'-infinity'::DATE
TIMESTAMP '2024-01-02 03:04:05.120'
TIMESTAMP '2024-01-02'
TIMESTAMP '1969-12-31 23:59:59.999999'
TIMESTAMP '0044-03-15 (BC) 01:02:03'
'infinity'::TIMESTAMP
'2024-01-02 03:04:05'::TIMESTAMP_S
'2024-01-02 03:04:05.5'::TIMESTAMP_MS
'2024-01-02 03:04:05.123456789'::TIMESTAMP_NS
TIMESTAMPTZ '2024-07-02 03:04:05.5+05:30'
TIMESTAMPTZ '1969-12-31 23:59:59+00'
TIME '03:04:05.100'
TIME '23:59:59.000001'
TIME '24:00:00'
INTERVAL '14 months -3 days 01:02:03.5'
INTERVAL '-14 months'
INTERVAL '1 year'
INTERVAL '-1 second'
INTERVAL '0 days'
INTERVAL '400 hours'
INTERVAL '1 day'
'a\\x00\\xFFb'::BLOB
'quote''s "and" \\x5C'::BLOB
uuid '00000000-0000-0000-0000-000000000001'
[1, NULL, 3]
[]
['a', 'it''s', 'b, c', NULL, '', 'NULL', 'null']
[' x', 'x ', '[', '"', 'a\\b', 'a b', 'x=y', 'k:v', 'a;b', '{', '(', 'é']
{'a': 1, 'b': 'x y', 'c d': NULL}
{'a': [{'b': ''}], 'it''s': true}
MAP {'k': 1, 'l': NULL}
MAP {'a b': 'c=d'}
[[1], [2, 3]]
[{'a': 1.5::DOUBLE, 'b': DATE '2020-01-01'}]
array_value(1, 2, 3)
[true, false, NULL]
[0.1::DOUBLE, 1e20, 1.0, 'nan'::DOUBLE]
[0.1::FLOAT]
[1.50::DECIMAL(5,2)]
[INTERVAL 1 DAY]
[TIMESTAMP '2020-01-01 00:00:00']
[TIME '01:02:03']
{'t': TIMESTAMPTZ '2020-06-01 00:00:00+00'}
""".strip().splitlines()


IN_A_ZONE = [
    (zone, expression)
    for zone in ("America/New_York", "Asia/Kolkata", "Pacific/Apia")
    for expression in ("TIMESTAMPTZ '2024-07-02 03:04:05.5+05:30'", "TIMESTAMPTZ '2024-01-02 23:00:00+00'", "[now()]")
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


Page = Callable[..., tuple[pa.Table, list[str]]]


@pytest.fixture
def page(connection: duckdb.DuckDBPyConnection) -> Page:
    def run(sql: str, zone: str = "UTC") -> tuple[pa.Table, list[str]]:
        connection.execute(f"SET TimeZone = '{zone}'").fetchall()
        relation = connection.sql(sql)
        return relation.to_arrow_table(), [str(kind) for kind in relation.types]

    return run


@pytest.mark.parametrize(("expression", "expected"), AS_JSON)
def test_values_that_json_has(page: Page, expression: str, expected: object) -> None:
    ((cell,),) = cells(*page(f"SELECT {expression} AS x"))
    assert (type(cell), cell) == (type(expected), expected)


@pytest.mark.parametrize(("zone", "expression"), [*(("UTC", case) for case in AS_TEXT), *IN_A_ZONE])
def test_other_values_are_written_as_duckdb_writes_them(page: Page, zone: str, expression: str) -> None:
    rows, types = page(f"SELECT {expression} AS x, ({expression})::VARCHAR AS expected", zone)
    ((cell, expected),) = cells(rows, types)
    assert cell == expected


@pytest.mark.parametrize("expression", [case for case in AS_TEXT if "TIMESTAMPTZ" not in case])
def test_null_is_null_in_every_type(page: Page, expression: str) -> None:
    rows, types = page(f"SELECT x FROM (SELECT {expression} AS x UNION ALL SELECT NULL) ORDER BY x NULLS FIRST")
    assert cells(rows, types)[0] == [None]


def test_rows_keep_their_shape(page: Page) -> None:
    assert cells(*page("SELECT i AS a, i % 2 = 0 AS b FROM range(3) t(i)")) == [[0, True], [1, False], [2, True]]
    assert cells(*page("SELECT 1 AS a, 2 AS a WHERE false")) == []
    assert cells(*page("SELECT 1 AS a, 2 AS a")) == [[1, 2]]
