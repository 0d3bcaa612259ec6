"""Renaming as data: ``|`` is the cursor, then the new name, then the text that comes of it or why there is none."""

from dataclasses import replace

import pytest

from speql_speculator.edits import apply_edits
from speql_speculator.navigating.places import places
from speql_speculator.navigating.renaming import renamable, rename
from speql_speculator.rewriting.code_actions import code_actions
from speql_sql import Span

from .test_places import CATALOG

CASES = [
    ("SELECT f|.delay FROM flights f", "g", "SELECT g.delay FROM flights g"),
    ("SELECT f.delay FROM flights f|", '"my f"', 'SELECT "my f".delay FROM flights "my f"'),
    ("SELECT f|.delay FROM flights f", "select", 'SELECT "select".delay FROM flights "select"'),
    ("SELECT f|.delay FROM flights f", "over", 'SELECT "over".delay FROM flights "over"'),
    ("SELECT f|.delay FROM flights f", 'a"b', 'SELECT "a""b".delay FROM flights "a""b"'),
    ("SELECT f|.delay FROM flights f", "f", "SELECT f.delay FROM flights f"),
    ("SELECT f|.delay FROM flights f", "F", "SELECT F.delay FROM flights F"),
    ("SELECT 1; SELECT f|.delay FROM flights f", "gg", "SELECT 1; SELECT gg.delay FROM flights gg"),
    (
        "WITH x AS (SELECT delay FROM flights), y AS (SELECT delay FROM x) SELECT y.delay| FROM y",
        "d",
        "WITH x AS (SELECT delay AS d FROM flights), y AS (SELECT d FROM x) SELECT y.d FROM y",
    ),
    (
        "WITH x AS (SELECT f.* EXCLUDE (carrier), 1 AS one FROM flights f) SELECT one| FROM (SELECT * FROM x)",
        "uno",
        "WITH x AS (SELECT f.* EXCLUDE (carrier), 1 AS uno FROM flights f) SELECT uno FROM (SELECT * FROM x)",
    ),
    (
        "WITH x AS (SELECT delay d FROM flights UNION ALL SELECT 1) SELECT d| FROM x ORDER BY d",
        "e",
        "WITH x AS (SELECT delay e FROM flights UNION ALL SELECT 1) SELECT e FROM x ORDER BY e",
    ),
    (
        "WITH x| AS (SELECT 1 AS x) SELECT x.x FROM x",
        "y",
        "WITH y AS (SELECT 1 AS x) SELECT y.x FROM y",
    ),
    ("SELECT f|.delay FROM flights f WHERE (", "gg", "SELECT gg.delay FROM flights gg WHERE ("),
    (
        "WITH x AS (SELECT 1 AS k|) SELECT [k + v for v in [1]] FROM x",
        "j",
        "WITH x AS (SELECT 1 AS j) SELECT [j + v for v in [1]] FROM x",
    ),
]

REFUSED = [
    ("SELECT delay FROM fli|ghts", "x", "table of the database"),
    ("SELECT del|ay FROM flights", "x", "column of table `flights`"),
    ("WITH x AS (SELECT * FROM flights) SELECT del|ay FROM x", "x", "column of table `flights`"),
    ("SELECT 1|", "x", "no name here"),
    ("SELECT 'f|' FROM flights f", "x", "no name here"),
    ("SELECT f|.delay FROM flights f", "  ", "at least one character"),
    ("SELECT f|.delay FROM flights f, airlines a", "a", "already means"),
    ("WITH x| AS (SELECT 1), y AS (SELECT 2) SELECT * FROM x", "Y", "already means"),
    ("WITH x| AS (SELECT 1 AS one) SELECT * FROM x, flights", "flights", "already means"),
    ("SELECT carrier AS c|, delay AS d FROM flights", "d", "already means"),
    ("SELECT carrier AS c| FROM flights ORDER BY delay", "delay", "already means"),
    ("SELECT f.delay FROM flights f| WHERE EXISTS (SELECT 1 FROM airlines a WHERE f.delay > 1)", "a", "already means"),
    (
        "SELECT * FROM (SELECT 1 AS k|) a JOIN (SELECT 1 AS k) b USING (k)",
        "j",
        "USING joins two columns",
    ),
    ("SELECT * FROM (SELECT 1 AS k|) a NATURAL JOIN flights", "j", "NATURAL JOIN"),
    ("SELECT 1 AS k| UNION ALL BY NAME SELECT 2 AS k", "j", "BY NAME"),
    ("WITH x AS (SELECT 1 AS k|) SELECT COLUMNS('k') FROM x", "j", "COLUMNS"),
    ("WITH x AS (SELECT 1 AS k|) SELECT [k for k in [1]] FROM x", "j", "cannot tell"),
]


@pytest.mark.parametrize(("marked", "name", "expected"), CASES)
def test_a_name_is_changed_everywhere(marked: str, name: str, expected: str) -> None:
    text = marked.replace("|", "", 1)
    edits = rename(text, marked.index("|"), name, CATALOG)
    assert not isinstance(edits, str), edits
    assert apply_edits(text, edits) == expected


@pytest.mark.parametrize(("marked", "name", "reason"), REFUSED)
def test_what_would_change_a_meaning_is_refused(marked: str, name: str, reason: str) -> None:
    found = rename(marked.replace("|", "", 1), marked.index("|"), name, CATALOG)
    assert isinstance(found, str), found
    assert reason in found


APART = [
    ("postgres", 'WITH x AS (SELECT delay AS d|, carrier AS "D" FROM flights) SELECT d, "D" FROM x'),
    ("postgres", 'SELECT f|.delay, "F".carrier FROM flights f, airlines "F"'),
    ("postgres", 'WITH "X|" AS (SELECT 1 AS a), x AS (SELECT 2 AS b) SELECT * FROM x, "X"'),
    ("snowflake", 'WITH x AS (SELECT delay AS d|, carrier AS "d" FROM flights) SELECT D, "d" FROM x'),
    ("snowflake", 'SELECT f|.delay, "f".carrier FROM flights F, airlines "f"'),
    ("snowflake", 'WITH "x|" AS (SELECT 1 AS a), x AS (SELECT 2 AS b) SELECT * FROM x, "x"'),
]


@pytest.mark.parametrize(("dialect", "marked"), APART)
def test_names_that_the_engine_tells_apart_by_case_are_not_taken_for_one(dialect: str, marked: str) -> None:
    catalog = replace(CATALOG, dialect=dialect)
    text, at = marked.replace("|", "", 1), marked.index("|")
    assert isinstance(rename(text, at, "other", catalog), str)
    assert places(text, at, catalog) == ()
    star = text.rindex("SELECT ") + len("SELECT ")
    assert code_actions(text, Span(star, star), catalog, ("refactor.rewrite",)) == ()


GROUPED = "SELECT upper(carrier) AS carrier|, count(*) AS n FROM flights GROUP BY carrier"
GROUPED_FOR = [
    ("bigquery", GROUPED, "SELECT upper(carrier) AS c, count(*) AS n FROM flights GROUP BY c"),
    (
        "bigquery",
        "SELECT delay AS carrier|, count(*) FROM flights GROUP BY carrier, upper(carrier) ORDER BY carrier",
        "SELECT delay AS c, count(*) FROM flights GROUP BY c, upper(carrier) ORDER BY c",
    ),
    ("duckdb", GROUPED, "SELECT upper(carrier) AS c, count(*) AS n FROM flights GROUP BY carrier"),
]


@pytest.mark.parametrize(("dialect", "marked", "expected"), GROUPED_FOR)
def test_a_name_in_group_by_is_an_alias_first_where_the_engine_says_so(
    dialect: str, marked: str, expected: str
) -> None:
    text = marked.replace("|", "", 1)
    edits = rename(text, marked.index("|"), "c", replace(CATALOG, dialect=dialect))
    assert not isinstance(edits, str), edits
    assert apply_edits(text, edits) == expected


@pytest.mark.parametrize(
    ("dialect", "new_name", "written"),
    [
        ("postgres", "Other", "Other"),
        ("postgres", '"Other"', '"Other"'),
        ("snowflake", "other", "other"),
        ("snowflake", '"other"', '"other"'),
        ("snowflake", "select", '"select"'),
        ("bigquery", "two words", "`two words`"),
    ],
)
def test_a_new_name_is_written_as_it_is_typed(dialect: str, new_name: str, written: str) -> None:
    text = "SELECT F.delay FROM flights f WHERE f.carrier IS NULL"
    edits = rename(text, 7, new_name, replace(CATALOG, dialect=dialect))
    assert not isinstance(edits, str), edits
    assert apply_edits(text, edits) == f"SELECT {written}.delay FROM flights {written} WHERE {written}.carrier IS NULL"


def test_letters_that_the_engine_folds_are_one_name() -> None:
    text = 'SELECT F.delay FROM flights f WHERE "f".carrier IS NULL'
    edits = rename(text, 7, "other", replace(CATALOG, dialect="postgres"))
    assert not isinstance(edits, str), edits
    assert apply_edits(text, edits) == "SELECT other.delay FROM flights other WHERE other.carrier IS NULL"


def test_what_is_renamed_is_told_before() -> None:
    found = renamable('SELECT 1 AS "a b"', 14, CATALOG)
    assert not isinstance(found, str)
    assert (found[0].start, found[0].end, found[1]) == (12, 17, "a b")
