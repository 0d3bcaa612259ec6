"""Completion as data: a text with the cursor as ``|``, and what is proposed, in order."""

import pytest

from speql_speculator.completing.completion import completions, quoted
from speql_sql import Catalog, Column, ForeignKey, Table

CATALOG = Catalog(
    (
        Table(
            "flights",
            (Column("carrier", "VARCHAR"), Column("dep_delay", "INTEGER"), Column("Order", "INTEGER")),
            foreign_keys=(ForeignKey(("carrier",), "main.airlines", ("carrier",)),),
            row_count=1_000,
        ),
        Table("airlines", (Column("carrier", "VARCHAR", False), Column("name", "VARCHAR")), primary_key=("carrier",)),
        Table("extra", (Column("z", "DATE"),), schema="other"),
    )
)
FLIGHTS = "carrier dep_delay Order"
TABLES = "flights airlines other"
AFTER_TABLE = "AS JOIN LEFT_JOIN INNER_JOIN CROSS_JOIN WHERE GROUP_BY ORDER_BY LIMIT"

CASES = f"""
| -> SELECT FROM WITH
sel| -> SELECT
SELECT 1; | -> SELECT FROM WITH
SELECT * FROM | -> {TABLES}
SELECT * FROM FL| -> flights
SELECT * FROM "fl| -> flights
SELECT * FROM flights, a| -> airlines
SELECT * FROM flights f JOIN | -> {TABLES}
SELECT * FROM flights f JOIN a| ON f.carrier = -> airlines
SELECT * FROM other.| -> extra
SELECT * FROM main.| -> flights airlines
SELECT * FROM main.fl| -> flights
SELECT * FROM flights | -> {AFTER_TABLE}
SELECT * FROM flights w| -> WHERE
SELECT | FROM flights -> {FLIGHTS} flights
SELECT dep| FROM flights -> dep_delay
SELECT DEP| FROM flights f WHERE -> dep_delay
SELECT car| -> carrier
SELECT f.| FROM flights f -> {FLIGHTS}
SELECT F.| FROM flights f -> {FLIGHTS}
SELECT flights.| FROM flights f ->
SELECT main.flights.| FROM flights -> {FLIGHTS}
SELECT flights.| -> {FLIGHTS}
SELECT zz.| FROM flights ->
SELECT dep_delay * | FROM flights -> {FLIGHTS} flights
SELECT count(| FROM flights -> {FLIGHTS} flights SELECT
SELECT carrier | FROM flights -> AS FROM
SELECT carrier AS | FROM flights ->
SELECT * FROM flights LIMIT | ->
SELECT * FROM flights f JOIN airlines a ON f.carrier = a.| -> carrier name
SELECT * FROM flights f JOIN airlines a ON | -> {FLIGHTS} name f a
SELECT * FROM flights f LEFT JOIN airlines a USING (|) -> {FLIGHTS} name f a SELECT
SELECT carrier, count(*) AS n FROM flights GROUP BY carrier ORDER BY | -> {FLIGHTS} n flights
SELECT carrier, count(*) AS n FROM flights GROUP BY carrier HAVING n| -> n
SELECT * FROM flights WHERE carrier IN (|) -> {FLIGHTS} flights SELECT
SELECT * FROM flights WHERE carrier = 'x' | -> AND OR GROUP_BY ORDER_BY LIMIT
WITH x AS (SELECT carrier, sum(dep_delay) AS total FROM flights) SELECT | FROM x -> carrier total x
WITH x AS (SELECT carrier, sum(dep_delay) AS total FROM flights) SELECT * FROM | -> x {TABLES}
WITH x AS (SELECT * FROM flights) SELECT x.| FROM x -> {FLIGHTS}
WITH x AS (SELECT f.*, 1 AS one FROM flights f) SELECT x.| FROM x -> {FLIGHTS} one
WITH x(a, b) AS (SELECT carrier, dep_delay FROM flights), y AS (SELECT | FROM x) SELECT 1 -> a b x
WITH x AS (SELECT | FROM flights -> {FLIGHTS} flights
WITH x AS (SELECT 1 AS one), y AS (SELECT * FROM |) SELECT 1 -> x {TABLES}
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT x.| FROM x) SELECT 1 -> n
WITH | ->
SELECT * FROM (SELECT carrier AS c, name nm FROM airlines) d WHERE d.| -> c nm
SELECT * FROM (SELECT carrier c FROM airlines) AS d(e) WHERE | -> e d
SELECT * FROM (| -> {TABLES} SELECT
SELECT * FROM airlines a WHERE EXISTS (SELECT 1 FROM flights f WHERE f.carrier = |) -> {FLIGHTS} name f a
SELECT name FROM airlines UNION SELECT | FROM flights -> {FLIGHTS} flights
FROM flights SELECT | -> {FLIGHTS} flights
UPDATE flights SET | -> {FLIGHTS} flights
INSERT INTO | -> {TABLES}
SELECT 'a|b' FROM flights ->
SELECT 'a| FROM flights ->
SELECT 1 -- com| ->
SELECT 1 /* com| */ ->
SELECT 1| ->
SELECT "car|" FROM flights -> carrier
""".strip().splitlines()


@pytest.mark.parametrize("case", CASES)
def test_what_is_proposed(case: str) -> None:
    marked, _, expected = case.partition(" ->")
    offset = marked.index("|")
    found = completions(marked.replace("|", ""), offset, CATALOG)
    assert [one.label.replace(" ", "_") for one in found] == expected.split()


@pytest.mark.parametrize(
    "marked", ["SELECT dep| FROM flights", "SELECT d|ep FROM flights", 'SELECT "de|p" FROM flights']
)
def test_the_whole_word_is_replaced(marked: str) -> None:
    offset = marked.index("|")
    (found,) = completions(marked.replace("|", ""), offset, CATALOG)
    assert found.span.of(marked.replace("|", "")).strip('"') == "dep"


def test_every_position_of_a_broken_text_is_answered() -> None:
    text = "WITH x AS (SELECT a.*, ')' FROM flights a JOIN (SELECT ) ; é😀 SELECT f. FROM ((x f, WHERE ( /* \n 'o\n BY"
    for end in range(len(text) + 1):
        for offset in (0, end // 2, end):
            for found in completions(text[:end], offset, CATALOG):
                assert 0 <= found.span.start <= found.span.end <= end


def test_types_and_keys_are_told() -> None:
    (carrier,) = completions("SELECT a.car FROM airlines a", 12, CATALOG)
    assert carrier.detail == "VARCHAR a"
    assert carrier.documentation == "`airlines.carrier` VARCHAR\n\nPrimary key.\n\nNot null."
    (carrier,) = completions("SELECT f.car FROM flights f", 12, CATALOG)
    assert "Refers to main.airlines.carrier." in carrier.documentation
    (flights,) = completions("FROM fl", 7, CATALOG)
    assert flights.detail == "table in main, 1,000 rows"
    assert "- `dep_delay` INTEGER" in flights.documentation


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("carrier", "carrier"),
        ("Carrier", "Carrier"),
        ("order", '"order"'),
        ("a b", '"a b"'),
        ('a"b', '"a""b"'),
        ("1a", '"1a"'),
    ],
)
def test_names_are_quoted_where_they_must_be(name: str, expected: str) -> None:
    assert quoted(name) == expected
