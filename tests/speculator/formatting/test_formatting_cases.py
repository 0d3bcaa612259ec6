"""Formatting as data: a text, then what is made of it; and texts that stay as they are."""

from pathlib import Path

import pytest
import sqlglot

from speql_speculator.edits import apply_edits
from speql_speculator.formatting.formatting import format_edits, formatted
from speql_speculator.formatting.style import Style
from speql_speculator.statements import split_statements
from speql_sql import Span

FIXTURES = Path(__file__).parents[2] / "fixtures" / "formatting"

CASES = [
    tuple(case.split("\n=>\n"))
    for case in (FIXTURES / "cases.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n==\n")
]
"""Cases with ``=>`` between a text and what is made of it, and ``==`` between two."""

UNTOUCHED = [
    "SELECT  a FROM t WHERE (",
    "SELECT  'a\nFROM t",
    "SELECT  a FROM t )",
    "SELECT  'a'\n'b'",
    "UPDATE t  SET a = 1",
    "CREATE TABLE  t (a INT)",
    "SELECT  a FROM t WHERE a = ",
    "select  from t",
    "nonsense  here",
    "",
    "-- only  a comment",
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_text_is_laid_out(text: str, expected: str) -> None:
    assert formatted(text) == expected
    assert formatted(expected) == expected


DIALECTS = [
    (
        "snowflake",
        'select  v:a.b[0]::string as u,v:"x y" from t -- raw\n, lateral flatten(input=>t.v:items) f',
        'select v:a.b[0]::string as u, v:"x y"\nfrom\n    t, -- raw\n    lateral flatten(input => t.v:items) f',
    ),
    ("redshift", "select c.k,o.n,i from t c,c.orders o at i", "select c.k, o.n, i from t c, c.orders o at i"),
    ("postgres", "select a->>'x',b @>'{}'  from t", "select a ->> 'x', b @> '{}' from t"),
    ("bigquery", "select * except(a) from `p-x.d.t`,unnest(b)  c", "select * except (a) from `p-x.d.t`, unnest(b) c"),
    (
        "spark",
        "select transform(a,x->x+1) from `t` lateral view explode(m) e as k,v",
        "select transform(a, x -> x + 1)\nfrom `t`\nlateral view explode(m) e as k, v",
    ),
    (
        "tsql",
        "select top (3) x=a+1,[y] from #t with(nolock)",
        "select top (3) x = a + 1, [y] from #t with (nolock)",
    ),
]


@pytest.mark.parametrize(("dialect", "text", "expected"), DIALECTS)
def test_each_dialect_is_read_as_its_own(dialect: str, text: str, expected: str) -> None:
    assert formatted(text, dialect=dialect) == expected
    assert formatted(expected, dialect=dialect) == expected


@pytest.mark.parametrize("dialect", ["postgres", "redshift", "snowflake", "bigquery", "spark", "tsql"])
def test_queries_of_each_dialect_keep_what_they_say(dialect: str) -> None:
    queries = FIXTURES.parent / "repair" / "dialects" / f"queries_{dialect}.sql"
    for query in split_statements(queries.read_text(encoding="utf-8"), dialect):
        for style in (Style(), Style(width=20, keyword_case="lower")):
            once = formatted(query.text, style, dialect)
            assert once != query.text or style == Style(), query.text
            assert formatted(once, style, dialect) == once
            assert sqlglot.parse_one(once, read=dialect) == sqlglot.parse_one(query.text, read=dialect)


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_not_finished_or_not_known_stays(text: str) -> None:
    assert format_edits(text) == ()


def test_lines_end_as_most_of_the_document_do() -> None:
    text = "SELECT a,\r\n  b\r\nFROM t\r\nWHERE a -- x\r\n"
    assert formatted(text) == "SELECT a, b FROM t WHERE a -- x\r\n"
    text = "WITH x AS (SELECT 1)\r\nSELECT 1 -- x\r\n, 2 FROM x"
    assert formatted(text) == "WITH x AS (SELECT 1)\r\nSELECT\r\n    1, -- x\r\n    2\r\nFROM x"


def test_only_the_statements_that_are_touched_change() -> None:
    text = "SELECT  1;\nSELECT  2;\nSELECT  3"
    edits = format_edits(text, within=Span(text.index("2"), text.index("2")))
    assert apply_edits(text, edits) == "SELECT  1;\nSELECT 2;\nSELECT  3"


def test_edits_are_of_what_differs() -> None:
    text = "SELECT a,b FROM t"
    assert [(edit.span, edit.new_text) for edit in format_edits(text)] == [(Span(9, 9), " ")]


def test_indentation_width_and_case_are_a_matter_of_style() -> None:
    text = 'select "Order", a as "from", left(b, 2), c.select from t where x between 1 and 2 order by 1 desc nulls last'
    style = Style(tab_size=8, tabs=True, width=40, keyword_case="upper")
    assert formatted(text, style) == (
        'SELECT\n\t"Order",\n\ta AS "from",\n\tleft(b, 2),\n\tc.select\nFROM t\nWHERE x BETWEEN 1 AND 2\n'
        "ORDER BY 1 DESC NULLS LAST"
    )
    lower = Style(keyword_case="lower")
    assert (
        formatted("SELECT A, SUM(B) AS Total FROM T GROUP BY A", lower) == "select A, SUM(B) as Total from T group by A"
    )


def test_a_long_text_is_laid_out_quickly() -> None:
    branch = (
        "SELECT carrier, count(*) AS n, sum(CASE WHEN delay > 5 THEN 1 ELSE 0 END) FROM flights WHERE a = 1 GROUP BY 1"
    )
    text = " UNION ALL ".join([branch] * 200)
    assert formatted(text).count("\n") > 600
