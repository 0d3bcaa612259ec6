"""The error-tolerant lexer."""

import pytest
import sqlglot

from speql_speculator.tokens import tokenize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b", [("word", "a"), ("punctuation", "."), ("word", "b")]),
        (
            "1.5e-3 .5 1..2",
            [("number", "1.5e-3"), ("number", ".5"), ("number", "1"), ("punctuation", "."), ("number", ".2")],
        ),
        ("x::INT[]", [("word", "x"), ("operator", "::"), ("word", "INT"), ("punctuation", "["), ("punctuation", "]")]),
        ("a->>'b'", [("word", "a"), ("operator", "->>"), ("string", "'b'")]),
        ("$1 :name ?", [("parameter", "$1"), ("parameter", ":name"), ("parameter", "?")]),
        ("{'a':b}", [("punctuation", "{"), ("string", "'a'"), ("operator", ":"), ("word", "b"), ("punctuation", "}")]),
        ("weird$col", [("word", "weird$col")]),
        ("a<>b||c", [("word", "a"), ("operator", "<>"), ("word", "b"), ("operator", "||"), ("word", "c")]),
    ],
)
def test_kinds(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(token.kind, token.text) for token in tokenize(text)] == expected


@pytest.mark.parametrize(
    ("text", "closers"),
    [("'ab", ["'"]), ('"ab', ['"']), ("$$ab", ["$$"]), ("'a' 'b", ["", "'"]), ("'a''", ["'"])],
)
def test_what_is_open_has_a_closer(text: str, closers: list[str]) -> None:
    assert [token.closer for token in tokenize(text)] == closers


def test_names_of_quoted_identifiers() -> None:
    assert [token.name for token in tokenize('"a""b" "c')] == ['a"b', "c"]


def test_spans_agree_with_sqlglot_on_whole_queries(queries: dict[str, list[tuple[str, str]]]) -> None:
    for _, text in (query for found in queries.values() for query in found):
        ours = {token.start for token in tokenize(text)}
        theirs = {token.start for token in sqlglot.tokenize(text, read="duckdb")}
        assert theirs <= ours
