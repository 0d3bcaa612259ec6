"""Places of names as data: ``|`` is the cursor, ``‹name›`` where it is given, ``«name»`` where it is used."""

import re

import pytest

from speql_speculator.navigating.places import definition, places
from speql_sql import Catalog, Column, Table

CATALOG = Catalog(
    (
        Table("flights", (Column("carrier", "VARCHAR"), Column("delay", "INTEGER"), Column("Order", "INTEGER"))),
        Table("airlines", (Column("carrier", "VARCHAR", False), Column("name", "VARCHAR"))),
        Table("extra", (Column("z", "DATE"),), schema="other"),
    )
)

CASES = """
SELECT «f|».delay FROM flights ‹f› WHERE «f».carrier = 'AA'
SELECT f.delay FROM «flights|» f, (SELECT 1 FROM «flights») g
SELECT «flights».delay FROM «fli|ghts»
SELECT f.«del|ay», «delay» FROM flights f, (SELECT «delay» d FROM flights) g
SELECT «f».delay FROM (SELECT f.delay FROM flights f) ‹f› WHERE «f|».delay > 1
SELECT f.delay FROM (SELECT «f|».delay FROM flights ‹f›) f WHERE f.delay > 1
SELECT «f».delay FROM flights ‹f|› WHERE EXISTS (SELECT 1 FROM airlines a WHERE a.carrier = «f».carrier)
SELECT f.delay FROM flights f WHERE EXISTS (SELECT 1 FROM airlines ‹f› WHERE «f|».carrier = 'AA')
WITH ‹x|› AS (SELECT 1 AS one) SELECT «x».one FROM «x»
WITH ‹x› AS (SELECT 1 AS one), y AS (SELECT * FROM «x|») SELECT * FROM y
WITH x AS (SELECT 1 AS one) SELECT * FROM x a, (WITH ‹x› AS (SELECT 2 AS two) SELECT «x|».two FROM «x») b
WITH x AS (SELECT delay AS ‹d› FROM flights) SELECT «d|» FROM x WHERE x.«d» > 1
WITH x AS (SELECT delay AS ‹d› FROM flights), y AS (SELECT * FROM x) SELECT y.«d|» FROM y ORDER BY «d»
WITH x AS (SELECT ‹delay› FROM flights) SELECT x.«de|lay» FROM x
WITH x(‹a›, b) AS (SELECT carrier, delay FROM flights) SELECT «a|», b FROM x
WITH x(a, b) AS (SELECT carrier, «del|ay» FROM flights) SELECT a, b FROM x
WITH RECURSIVE x AS (SELECT 1 AS ‹n› UNION ALL SELECT «n|» + 1 FROM x WHERE x.«n» < 5) SELECT «n» FROM x
WITH RECURSIVE ‹x›(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM «x|») SELECT n FROM «x»
WITH x AS (SELECT 1 AS ‹n›) SELECT * EXCLUDE («n|») FROM x
WITH x AS (SELECT 1 AS ‹n›) SELECT * REPLACE («n|» + 1 AS «n») FROM x
WITH x AS (SELECT 1 AS ‹n›) SELECT * FROM x a JOIN x b USING («n|») WHERE a.«n» = 1
SELECT delay AS ‹d|› FROM flights ORDER BY «d»
SELECT -delay AS ‹delay› FROM flights ORDER BY «delay|»
SELECT -«delay» AS delay FROM flights ORDER BY «delay|» + 1
SELECT -«delay» AS delay FROM flights WHERE «delay|» > 1
SELECT carrier, sum(delay) AS ‹total› FROM flights GROUP BY ALL HAVING «total|» > 1
SELECT carrier, sum(«delay») AS delay FROM flights GROUP BY carrier HAVING sum(«delay|») > 1
SELECT carrier, sum(delay) AS ‹delay› FROM flights GROUP BY carrier HAVING «delay|» > 1
SELECT delay AS ‹d›, «d|» + 1 FROM flights
SELECT carrier AS ‹c› FROM flights UNION SELECT name AS n FROM airlines ORDER BY «c|»
SELECT d.«x|» FROM (SELECT delay AS ‹x› FROM flights) d
SELECT sum(delay) OVER «w|» FROM flights WINDOW ‹w› AS (PARTITION BY carrier)
SELECT list_transform([1], lambda ‹y›: «y|» + delay) FROM flights
SELECT list_filter([1], ‹delay› -> «delay|» > 0), delay FROM flights
SELECT {'carrier': 1, delay: «del|ay»} FROM flights
SELECT struct_pack(delay := «del|ay») FROM flights
SELECT z FROM other.«ex|tra»
SELECT z, «extra».z FROM other.«ext|ra»
SELECT «"a b|"» FROM (SELECT delay AS ‹"a b"› FROM flights)
SELECT «"A B|"» FROM (SELECT delay AS ‹"a b"› FROM flights)
SELECT d.«a» FROM flights AS d(‹a›, b) WHERE «a|» = 'x'
FROM flights ‹f› SELECT «f|».delay
SELECT 1 FROM airlines ‹delay› WHERE EXISTS (SELECT 1 FROM flights f WHERE «delay|».name = f.carrier)
EXPLAIN SELECT «f|».delay FROM flights ‹f›
CREATE TABLE t AS SELECT «f|».delay FROM flights ‹f›
INSERT INTO «airlines|» SELECT carrier, name FROM «airlines»
SELECT 1; SELECT «f|».delay FROM flights ‹f›; SELECT f.delay FROM flights f
SELECT «f|». FROM flights ‹f› WHERE
SELECT («f|».delay FROM flights ‹f› WHERE «f»
WITH ‹x› AS (SELECT * FROM flights) SELECT * FROM «x|» WHERE (
SELECT «u|».anything FROM unknown ‹u›
SELECT u.«any|thing» FROM unknown u WHERE u.«anything» = 1
""".strip().splitlines()

NOTHING = """
SELECT nothing| FROM flights
SELECT carrier| FROM flights, airlines
SELECT 'f|' FROM flights f
SELECT 1 -- f|
SEL|ECT delay FROM flights
SELECT sum|(delay) FROM flights
SELECT delay::INTE|GER FROM flights
SELECT x.nothing| FROM (SELECT 1 AS one) x
UPDATE flights SET del|ay = 1
|
""".strip("\n").splitlines()


def _read(marked: str) -> tuple[str, int, dict[tuple[int, int], str]]:
    """The text, its cursor (the first given or used name without one), and the expected places."""
    text, cursor, expected, opened = "", -1, {}, 0
    for character in marked:
        if character in "‹«":
            opened = len(text)
        elif character in "›»":
            expected[opened, len(text)] = "declaration" if character == "›" else "reference"
        elif character == "|":
            cursor = len(text)
        else:
            text += character
    return text, cursor if cursor >= 0 else min(expected, default=(0, 0))[0], expected


@pytest.mark.parametrize("case", CASES)
def test_all_places_of_a_name(case: str) -> None:
    text, offset, expected = _read(case)
    found = places(text, offset, CATALOG)
    assert {(place.span.start, place.span.end): place.role for place in found} == expected


@pytest.mark.parametrize("case", [case for case in CASES if "‹" in case])
def test_the_definition_is_where_the_name_is_given(case: str) -> None:
    text, offset, expected = _read(case)
    found = definition(text, offset, CATALOG)
    given = [at for at, role in expected.items() if role == "declaration"]
    assert found is not None
    assert (found.target.start, found.target.end) in given
    assert found.origin.start <= offset <= found.origin.end


@pytest.mark.parametrize("case", NOTHING)
def test_what_means_nothing_has_no_places(case: str) -> None:
    text, offset, _ = _read(case)
    assert places(text, offset, CATALOG) == ()
    assert definition(text, offset, CATALOG) is None


def test_a_column_of_a_table_leads_to_its_table_in_from() -> None:
    text = "SELECT f.delay, name FROM flights f JOIN airlines USING (carrier)"
    for name, expected in (("delay", "f"), ("name", "airlines")):
        found = definition(text, text.index(name), CATALOG)
        assert found is not None
        assert found.target.of(text) == expected
        assert found.target.start > text.index("FROM")


def test_every_position_of_a_broken_text_is_answered() -> None:
    whole = "WITH x AS (SELECT a.*, ')' FROM flights a JOIN (SELECT ) ; é😀 SELECT f. FROM ((x f, WHERE ( /* \n 'o"
    for end in range(len(whole) + 1):
        text = whole[:end]
        for offset in (0, end // 2, end):
            for place in places(text, offset, CATALOG):
                assert 0 <= place.span.start <= place.span.end <= end
                assert re.search(r"\w", place.span.of(text))
