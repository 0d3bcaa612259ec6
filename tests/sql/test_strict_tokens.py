"""Only what every reader of a dialect reads alike has tokens."""

import pytest

from speql_sql.strict_tokens import strict_tokens

ALL = ["duckdb", "postgres", "redshift", "snowflake", "bigquery", "tsql", "spark", "databricks"]
STANDARD = ["duckdb", "postgres", "redshift", "tsql"]
BACKSLASH = ["snowflake", "bigquery", "spark", "databricks"]


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("SELECT a.b, 1.5e3 -- c\nFROM t", ["SELECT", "a", ".", "b", ",", "1.5e3", "FROM", "t"]),
        ("SELECT 'a' /* 'b' -- c */ AS x;", ["SELECT", "'a'", "AS", "x", ";"]),
        ("SELECT größe GROUP\n  BY 1\r\n", ["SELECT", "größe", "GROUP", "BY", "1"]),
        ("SELECT ''", ["SELECT", "''"]),
        ("SELECT x -- 'open", ["SELECT", "x"]),
        ("SELECT (1)*-2", ["SELECT", "(", "1", ")", "*", "-", "2"]),
    ],
)
def test_what_is_certain(dialect: str, text: str, tokens: list[str]) -> None:
    reading = strict_tokens(text, dialect)
    assert (reading.doubt, [token.text for token in reading.tokens]) == ("", tokens)
    assert all(text[token.start : token.end] == token.text for token in reading.tokens)


@pytest.mark.parametrize(
    ("text", "dialects"),
    [
        ("SELECT 1 /* /* */ , 2 */", ALL),
        ("SELECT 1 /*+ x */", ALL),
        ("SELECT 1 /*!50000 , 2 */", ALL),
        ("SELECT 1 /* open", ALL),
        ("SELECT 1 -- a\r, 2", ALL),
        ("SELECT 1 -- a\u2028, 2", ALL),
        ("SELECT 1 -- a\x0b, 2", ALL),
        ("SELECT 1 -- a\\\n, 2", ALL),
        ("SELECT 1\x0c", ALL),
        ("SELECT\u00a01", ALL),
        ("SELECT\u200b1", ALL),
        ("SELECT 1\x00", ALL),
        ("SELECT ſum(a)", ALL),
        ("SELECT ｓｕｍ(a)", ALL),
        ("SELECT 'a\\' , 2 , ' '", ALL),
        ("SELECT e'a\\' , 2 , ' '", ALL),
        ("SELECT 'a\\\\'", STANDARD),
        ("SELECT 'a' 'b'", ALL),
        ("SELECT 'a'\n'b'", ALL),
        ("SELECT 'a''b'", ["bigquery", "spark", "databricks"]),
        ("SELECT '''a'''", ["bigquery", "spark", "databricks"]),
        ('SELECT """a"""', ["bigquery", "spark", "databricks"]),
        ("SELECT 'a\nb'", ["bigquery", "spark", "databricks"]),
        ("SELECT U&'a'", ALL),
        ('SELECT U&"a"', ALL),
        ("SELECT r'a'", [dialect for dialect in ALL if dialect != "bigquery"]),
        ("SELECT $$a$$", [dialect for dialect in ALL if dialect not in ("duckdb", "postgres")]),
        ("SELECT ${x}", [dialect for dialect in ALL if dialect != "duckdb"]),
        ("SELECT {# 1 #}", ALL),
        ("SELECT `a`", ["duckdb", "postgres", "redshift", "snowflake", "tsql"]),
        ("SELECT `a``b`", ALL),
        ("SELECT [a]]b]", ["tsql"]),
        ("SELECT 1a", ALL),
        ("SELECT a # b", ["redshift", "snowflake", "tsql", "spark", "databricks"]),
        ("SELECT @a", [dialect for dialect in ALL if dialect not in ("duckdb", "postgres")]),
        ("SELECT 'open", ALL),
    ],
)
def test_what_is_in_doubt(text: str, dialects: list[str]) -> None:
    certain = [dialect for dialect in dialects if not strict_tokens(text, dialect).doubt]
    assert certain == []


@pytest.mark.parametrize("dialect", BACKSLASH)
def test_a_backslash_that_escapes_is_no_doubt_where_it_always_does(dialect: str) -> None:
    assert [token.text for token in strict_tokens("SELECT 'a\\\\' , '\\n'", dialect).tokens] == [
        "SELECT",
        "'a\\\\'",
        ",",
        "'\\n'",
    ]


@pytest.mark.parametrize(
    ("text", "dialect", "tokens"),
    [
        ("SELECT $x$ ' $x$", "postgres", ["SELECT", "$x$ ' $x$"]),
        ("SELECT x$$, y$$", "postgres", ["SELECT", "x$$", ",", "y$$"]),
        ("SELECT [a b], N'x'", "tsql", ["SELECT", "[a b]", ",", "N'x'"]),
        ("SELECT 1 # 'x\n, 2", "bigquery", ["SELECT", "1", ",", "2"]),
        ("SELECT 1 // 'x\n, 2", "snowflake", ["SELECT", "1", ",", "2"]),
        ("SELECT 7 // 2", "duckdb", ["SELECT", "7", "/", "/", "2"]),
        ("SELECT e'\\n', x'00'", "postgres", ["SELECT", "e'\\n'", ",", "x'00'"]),
        ("SELECT `a b`, 5", "spark", ["SELECT", "`a b`", ",", "5"]),
    ],
)
def test_what_one_dialect_has(text: str, dialect: str, tokens: list[str]) -> None:
    assert [token.text for token in strict_tokens(text, dialect).tokens] == tokens


def test_a_dialect_that_is_not_known_is_in_doubt() -> None:
    assert strict_tokens("SELECT 1", "mysql").doubt
