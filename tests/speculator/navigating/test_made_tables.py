"""Tables that texts make for one another, as data: ``|`` is the cursor, ``«»`` are around the places of its table."""

import pytest

from speql_speculator.embedding.project import project
from speql_speculator.navigating.made_tables import made_by, made_table
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Column, Table

CATALOG = Catalog(
    (Table("t", (Column("a", "INTEGER"),)), Table("t", (Column("a", "INTEGER"),), schema="s")), version="1"
)

CASES = [
    ["CREATE TABLE «m» AS SELECT a FROM t; SELECT * FROM «|m» x JOIN «m» USING (a)"],
    ["CREATE TABLE «|M» (a INT); INSERT INTO «m» SELECT 1; WITH x AS (FROM «m») FROM x"],
    ["CREATE OR REPLACE TEMP VIEW «m» AS SELECT 1;", "SELECT 1", "FROM «m», «|M»"],
    ["CREATE TABLE m (a INT); FROM m; CREATE OR REPLACE TABLE «m» AS SELECT 2;", "FROM «m|»", "FROM «m»"],
    ["CREATE TABLE «m» (a INT); FROM «|m»; CREATE OR REPLACE TABLE m AS SELECT * FROM «m»;", "FROM m"],
    ['CREATE TABLE IF NOT EXISTS main."«M M»" (a INT)', 'FROM "«|M M»"'],
    ["CREATE TABLE s.t AS SELECT 1; FROM |t"],
    ["CREATE TABLE s.«t» AS SELECT 1; FROM t; FROM s.«|t»"],
    ["FROM |m", "CREATE TABLE m (a INT)"],
    ["WITH m AS (SELECT 1) FROM |m; CREATE TABLE m (a INT)"],
    ["CREATE TABLE m (|a INT); SELECT a FROM m"],
    ["CREATE MACRO m() AS TABLE SELECT 1; FROM |m"],
    ["FROM |t"],
    ["|"],
]


def parsed(text: str) -> tuple[str, int, list[tuple[int, int]]]:
    plain, cursor, places, opened = "", -1, [], 0
    for point in text:
        if point == "|":
            cursor = len(plain)
        elif point == "«":
            opened = len(plain)
        elif point == "»":
            places.append((opened, len(plain)))
        else:
            plain += point
    return plain, cursor, places


@pytest.mark.parametrize("texts", CASES, ids=[" // ".join(case) for case in CASES])
def test_the_places_of_a_table(texts: list[str]) -> None:
    read = [parsed(text) for text in texts]
    number = next(at for at, (_, cursor, _) in enumerate(read) if cursor >= 0)
    snapshots = [Snapshot(f"file:///{at}.sql", 1, plain) for at, (plain, _, _) in enumerate(read)]
    quoted = {(at, start, end) for at, (plain, _, places) in enumerate(read) for start, end in places}
    found = made_table(snapshots, number, read[number][1], CATALOG)
    inside = {
        (
            place.text,
            place.span.start + (snapshots[place.text].text[place.span.start] == '"'),
            place.span.end - (snapshots[place.text].text[place.span.end - 1] == '"'),
        )
        for place in found
    }
    assert inside == quoted
    assert [place.made for place in found] == [True] * bool(found) + [False] * (len(found) - 1)


def test_a_result_with_a_name_is_made_where_the_name_is() -> None:
    texts = [
        "%%sql --save nums\nSELECT 1 AS nums",
        "nums_2, x = 1, 2\nframe = duckdb.sql('FROM nums')",
        "SELECT * FROM frame",
    ]
    snapshots = []
    for number, text in enumerate(texts):
        projection = project(text, "python-cell" if number < 2 else "sql")
        snapshots.append(Snapshot(f"{number}", 1, projection.sql if projection else text, None, projection))
    made, used = made_table(snapshots, 1, snapshots[1].text.index("nums"), CATALOG)
    assert (made.text, made.in_host, made.span.of(texts[0])) == (0, True, "nums")
    assert made.span.start == texts[0].index("nums")
    assert (used.text, used.in_host, used.span.of(snapshots[1].text)) == (1, False, "nums")
    frame = made_table(snapshots, 2, len(texts[2]), CATALOG)
    assert frame[0].span.of(texts[1]) == "frame"


def test_only_tables_and_views_are_made() -> None:
    statements = [
        "CREATE TABLE a(x int)",
        'create view "B c" as select 1',
        "CREATE INDEX i ON a (x)",
        "DROP TABLE a",
        "",
    ]
    assert [made_by(statement, "duckdb") for statement in statements] == ["a", "b c", "", "", ""]
