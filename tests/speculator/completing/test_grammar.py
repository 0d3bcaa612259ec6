"""Key words at each place of whole queries: the engine's grammar allows them, and the one that follows is there."""

import re
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.completing.completion_groups import words
from speql_speculator.completing.following_keywords import following_keywords, writes_lower
from speql_speculator.completing.grammar_place import grammar_place
from speql_speculator.tokens import Token, tokenize

from ..conftest import FIXTURES, read_queries

QUERIES = [
    text for name in ("flights", "shop", "demo", "tpcds") for _, text in read_queries(FIXTURES / f"queries_{name}.sql")
]
KNOWN = words(
    """SELECT FROM WHERE GROUP ORDER BY HAVING QUALIFY JOIN LEFT INNER CROSS ON USING AND OR AS IN IS NOT NULL LIKE
    BETWEEN LIMIT OFFSET WHEN THEN ELSE END CASE UNION EXCEPT INTERSECT DISTINCT DESC ASC NULLS FIRST LAST OVER
    PARTITION ROWS WITH EXISTS"""
)


def places() -> Iterator[tuple[list[Token], int]]:
    """The tokens of each query, and the index of each of them."""
    for text in QUERIES:
        tokens = tokenize(text)
        yield from ((tokens, index) for index in range(len(tokens)))


def is_keyword(tokens: list[Token], index: int) -> bool:
    token = tokens[index]
    before, after = tokens[index - 1].text if index else "", tokens[index + 1].text if index + 1 < len(tokens) else ""
    called = after == "(" and token.upper in ("LEFT", "FIRST", "LAST")
    return token.kind == "word" and token.upper in KNOWN and before != "." and not called


def test_the_key_word_that_follows_is_proposed() -> None:
    missing = []
    count = 0
    for tokens, index in places():
        if is_keyword(tokens, index):
            count += 1
            found = {keyword.split()[0] for keyword in following_keywords(grammar_place(tokens[:index]))}
            if tokens[index].upper not in found:
                missing.append(" ".join(token.text for token in tokens[max(0, index - 8) : index + 1]))
    assert count > 500
    assert missing == []


REST = {
    **dict.fromkeys(["JOIN", "LEFT JOIN", "INNER JOIN", "RIGHT JOIN", "FULL JOIN"], " t9 ON true"),
    **dict.fromkeys(["SEMI JOIN", "ANTI JOIN"], " t9 ON true"),
    **dict.fromkeys(["CROSS JOIN", "NATURAL JOIN", "POSITIONAL JOIN"], " t9"),
    "ASOF JOIN": " t9 ON 1 >= 1",
    "OUTER JOIN": " t9 ON true",
    "FROM": " t9",
    "UPDATE": " t9 SET x9 = 1",
    "INSERT INTO": " t9 SELECT 1",
    "DELETE FROM": " t9",
    "LATERAL": " (SELECT 1) t9",
    "GROUP BY": " 1",
    "ORDER BY": " 1",
    "BY": " 1",
    "WINDOW": " w9 AS ()",
    "UNION": " SELECT 1",
    "SELECT": " 1",
    "WITH": " x9 AS (SELECT 1) SELECT 1",
    "VALUES": " (1)",
    "USING": " (c9)",
    "IN": " (1)",
    "BETWEEN": " 1 AND 2",
    "EXISTS": " (SELECT 1)",
    "CASE": " WHEN true THEN 1 END",
    "INTERVAL": " 1 DAY",
    "OVER": " ()",
    "FILTER": " (WHERE true)",
    "WITHIN GROUP": " (ORDER BY 1)",
    "DISTINCT ON": " (1) 1",
    "ROLLUP": " (1)",
    "CUBE": " (1)",
    "GROUPING SETS": " ((1))",
    "EXCLUDE": " (c9)",
    "REPLACE": " (1 AS c9)",
    "RENAME": " (c9 AS c8)",
    "TABLESAMPLE": " 1%",
    "PIVOT": " (sum(x) FOR y IN (1))",
    "UNPIVOT": " (x FOR y IN (a, b))",
    "WHEN": " true THEN 1 END",
    "THEN": " 1 END",
    "ELSE": " 1 END",
    "TIME ZONE": " 'x'",
    "ROWS": " 1 PRECEDING",
    "RANGE": " 1 PRECEDING",
    "GROUPS": " 1 PRECEDING",
    "COLLATE": " nocase",
    "RECURSIVE": " x9 AS (SELECT 1) SELECT 1",
    **dict.fromkeys(
        ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "QUARTER", "WEEK", "DOW", "DOY", "EPOCH"], " FROM x9"
    ),
}
"""What makes a query of the key word, where a single operand does not."""

FRAMES = " UNBOUNDED PRECEDING AND CURRENT ROW"
ENDINGS = [
    "",
    " 1",
    " true",
    " x9",
    " (SELECT 1)",
    " AND 1",
    " 1 AND 2",
    " THEN 1 END",
    " END",
    " 1 END",
    " 'x'",
    " (1) 1",
    " ()",
    " AND CURRENT ROW",
    " CURRENT ROW",
    FRAMES,
]
AFTERWARDS = [
    "",
    " WHEN true THEN 1 END",
    " SELECT 1",
    " THEN 1 END",
    " END",
    " 1 DAY",
    " AS x9",
    " ON true",
    " AND 1",
    " () FROM t9",
    ", 1",
]


def is_query(text: str) -> bool:
    try:
        duckdb.extract_statements(text)
    except duckdb.ParserException as error:
        return "syntax error" not in str(error)  # or else it is about what the text lacks: a window's definition
    return True


def can_go_on(before: str, keyword: str) -> bool:
    """Whether the engine's parser accepts the key word there, followed by something."""
    # Quotes and comments of the queries of the tests hold no parentheses that matter.
    opened = max(before.count("(") - before.count(")"), 0)
    for rest in dict.fromkeys((REST.get(keyword, ""), *ENDINGS)):
        for ending in AFTERWARDS:
            for closing in range(2 if opened else 1):
                text = f"{before} {keyword}{rest}{ending if not closing else ''}{')' * opened}"
                text += ending if closing else ""
                if is_query(text) or is_query(text + " SELECT 1") or is_query(text + " FROM t9"):
                    return True
    return False


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(QUERIES), st.floats(0, 1))
def test_the_grammar_of_the_engine_allows_what_is_proposed(text: str, where: float) -> None:
    tokens = tokenize(text)
    index = int(where * len(tokens))
    before = text[: tokens[index - 1].end] if index else ""
    if before.count("'") % 2 or (index < len(tokens) and tokens[index].text == "("):
        return  # in a string, or between a name of the grammar's own and its parenthesis: `cast (`
    refused = [
        keyword
        for keyword in following_keywords(grammar_place(tokens[:index]))
        if index and not can_go_on(before, keyword)
    ]
    assert refused == [], before[-80:]


@pytest.mark.parametrize(
    ("text", "typed", "lower"),
    [
        ("select a from t", "", True),
        ("SELECT a FROM t", "wh", False),
        ("", "sel", True),
        ("", "SEL", False),
        ("x", "", False),
    ],
)
def test_key_words_are_in_the_letters_of_the_user(text: str, typed: str, lower: bool) -> None:
    assert writes_lower(tokenize(text), typed) is lower


def test_any_tokens_are_taken() -> None:
    pieces = re.findall(
        r"\S+", "SELECT ) ( , . ; CASE WHEN OVER ( FROM [ ] } :: AND AND GROUP ( BY LIMIT UNION ) x . . AS AS 1 'x' *"
    )
    for start in range(len(pieces)):
        for end in range(start, len(pieces)):
            tokens = tokenize(" ".join(pieces[start:end]))
            following_keywords(grammar_place(tokens))
