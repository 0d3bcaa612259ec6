"""Splitting a document into statements."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speql_speculator.statements import split_statements, statement_at
from speql_speculator.tokens import tokenize


def texts(text: str, dialect: str = "duckdb") -> list[str]:
    return [statement.text for statement in split_statements(text, dialect)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n-- only a comment ; here\n/* and ; /* nested ; */ here */ ;;", []),
        ("select 1; select 2", ["select 1", "select 2"]),
        (
            "select ';' ; select \";\" ; select $$;$$, $a$ ; $$ $a$ ; x",
            ["select ';'", 'select ";"', "select $$;$$, $a$ ; $$ $a$", "x"],
        ),
        (
            "select 'it''s; fine'; select E'it\\'s; fine'; select 3",
            ["select 'it''s; fine'", "select E'it\\'s; fine'", "select 3"],
        ),
        ("-- before\nselect 1 -- after ; no\n; select /* ; */ 2", ["select 1", "select /* ; */ 2"]),
        # An open parenthesis does not swallow what follows.
        ("select (1 + ; select 2", ["select (1 +", "select 2"]),
        # An open string ends at its line, also where a later quote would close it in the middle of a word.
        ("select 'abc\n; select 2", ["select 'abc", "select 2"]),
        ("select 'abc;\nselect 'x' as y; select 2", ["select 'abc;", "select 'x' as y", "select 2"]),
        # A string over several lines that is closed is one string.
        ("select 'a;\nb', 1; select 2", ["select 'a;\nb', 1", "select 2"]),
        # An open comment ends at its line.
        ("select 1 /* todo\n; select 2", ["select 1", "select 2"]),
        ("select 1 /* todo ; x\n; select 2 /* fine */", ["select 1", "select 2"]),
        # An open identifier ends at its line.
        ('select "a from t\n; select 2', ['select "a from t', "select 2"]),
        # Nor does the one of a call or a list, in which an empty line is no place for a SELECT.
        ("select a, sum(b\n\nselect c from t", ["select a, sum(b", "select c from t"]),
        (
            "select a from t where b in (1, 2\n\nwith x as (select 1)\nselect 3",
            ["select a from t where b in (1, 2", "with x as (select 1)\nselect 3"],
        ),
        ("select a from (from t\n\nselect a)", ["select a from (from t\n\nselect a)"]),
        ("select a from t where b in (\n\nselect c from u)", ["select a from t where b in (\n\nselect c from u)"]),
        ("with x as (insert into t\n\nselect 1) select 2", ["with x as (insert into t\n\nselect 1) select 2"]),
        # A SELECT that cannot go on the statement before begins a new one, where the semicolon is not typed yet.
        ("select a from\n\nselect b from t", ["select a from", "select b from t"]),
        (
            "select a from t\nwith x as (select 1) select * from x",
            ["select a from t", "with x as (select 1) select * from x"],
        ),
        ("select a union all\n\nselect b", ["select a union all\n\nselect b"]),
        ("with x as (\nselect 1)\nselect * from x", ["with x as (\nselect 1)\nselect * from x"]),
        ("insert into t\nselect 1", ["insert into t\nselect 1"]),
        ("select a from (\nselect b", ["select a from (\nselect b"]),
        ("select a from (select b from t\n\nselect 2", ["select a from (select b from t", "select 2"]),
    ],
)
def test_split(text: str, expected: list[str]) -> None:
    # The fourth case above has an open string with a semicolon in it: the string keeps it.
    assert texts(text) == [part for wanted in expected for part in wanted.split("\0")]


def test_spans_are_code_points() -> None:
    text = "select '😀';  select 'é'"
    assert [statement.span.of(text) for statement in split_statements(text)] == ["select '😀'", "select 'é'"]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("bigquery", 'select `a;b`, "c;d" # e;f\n; x', ['select `a;b`, "c;d"', "x"]),
        ("tsql", "select [a;b]; x", ["select [a;b]", "x"]),
        ("snowflake", "select 'a\\';b' // c;d\n; x", ["select 'a\\';b'", "x"]),
        ("spark", "select 'a\\';b'; x", ["select 'a\\';b'", "x"]),
        ("postgres", "select $x$;$x$; x", ["select $x$;$x$", "x"]),
    ],
)
def test_dialects(dialect: str, text: str, expected: list[str]) -> None:
    assert texts(text, dialect) == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("select 1|; select 2", "select 1"),
        ("select 1;| select 2", "select 1"),
        ("select 1; |select 2", "select 2"),
        ("select 1;\n\n|\n\nselect 2", "select 1"),
        ("|\nselect 1", "select 1"),
        ("select 1; select 2;  |", "select 2"),
        ("  |", None),
    ],
)
def test_statement_at(marked: str, expected: str | None) -> None:
    offset = marked.index("|")
    found = statement_at(split_statements(marked.replace("|", "")), offset)
    assert (found.text if found else None) == expected


PIECES = st.sampled_from(
    [
        "'",
        '"',
        "`",
        "$$",
        "$a$",
        "--",
        "/*",
        "*/",
        ";",
        "\n",
        "\r\n",
        " ",
        "(",
        ")",
        "\\",
        "e'",
        "select",
        "with x as (",
        "é",
        "\0",
        "1.5e",
        ".",
        "union",
        "[",
        "]",
    ]
)


@given(
    st.one_of(st.text(), st.lists(PIECES).map("".join)),
    st.sampled_from(["duckdb", "bigquery", "tsql", "snowflake", "spark"]),
)
def test_spans_cover_all_but_space_comments_and_semicolons(text: str, dialect: str) -> None:
    statements = split_statements(text, dialect)
    position = 0
    for statement in statements:
        assert position <= statement.span.start < statement.span.end <= len(text)
        assert statement.text == statement.span.of(text)
        position = statement.span.end
    covered = {place for statement in statements for place in range(statement.span.start, statement.span.end)}
    tokens = tokenize(text, dialect, comments=True)
    for token in tokens:
        if token.kind != "comment" and token.upper != ";":
            assert covered.issuperset(range(token.start, token.end)), token
    lexed = {place for token in tokens for place in range(token.start, token.end)}
    assert all(text[place].isspace() for place in range(len(text)) if place not in lexed)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a, 'b''c', \"d\" FROM t WHERE x >= 1.5 -- hi\n;\n" * 20_000,
        "'a\n" * 300_000,
        "/*\n" * 300_000,
        "'" * 1_000_000,
        "".join(f"$a{number}$ " for number in range(120_000)),
        "(select\n\n" * 100_000,
        "select " * 140_000,
        bytes(range(256)).decode("latin1") * 4_000,
    ],
    ids=["sql", "open strings", "open comments", "quotes", "open tags", "open parentheses", "selects", "binary"],
)
def test_a_megabyte_is_split_in_linear_time(text: str) -> None:
    # A quadratic scan of these takes minutes; the limit leaves room for a slow machine.
    started = time.process_time()
    split_statements(text)
    assert time.process_time() - started < 6


def test_a_byte_order_mark_is_no_word_of_the_first_statement() -> None:
    text = "\ufeffselect 1;\nselect 2"
    assert [(one.span.start, one.text) for one in split_statements(text)] == [(1, "select 1"), (11, "select 2")]
    assert [one.text for one in split_statements("\ufeff-- a comment\r\nselect 1")] == ["select 1"]
