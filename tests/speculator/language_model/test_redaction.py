"""Literals stay here, and come back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.language_model.redaction import redact
from speql_speculator.tokens import tokenize

PIECES_TEXT = """SELECT FROM WHERE a b t . , ( ) = <> * + - 1 2.5 1e3 42 'x' 'it''s' E'q' DATE '2024-01-31' "Name" $1 :p
? $$q$$ ORDER BY LIMIT 10 -- /* d */ ; text_1 'text_1' $number_1 "name_1" date_2 é 😀 '"""
PIECES = st.sampled_from([*PIECES_TEXT.split(), "\n"])


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=25).map(" ".join), st.lists(PIECES, max_size=12).map("".join), st.text()))
def test_what_leaves_comes_back(text: str) -> None:
    redacted = redact(text, comments=False)
    if redacted is not None:
        closed = [token for token in tokenize(text) if token.kind == "string" and token.closer]
        assert redacted.restored(redacted.text) == (text if not closed else _closed(text))


def _closed(text: str) -> str:
    for token in reversed(tokenize(text)):
        if token.kind == "string":
            text = text[: token.end] + token.closer + text[token.end :]
    return text


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="'\\\r\n"), min_size=1), min_size=1, max_size=4),
    st.integers(100, 10**9),
)
def test_no_literal_leaves(texts: list[str], number: int) -> None:
    marked = [f"§{text}§" for text in texts]
    query = f"SELEC a FROM t WHERE b IN ({', '.join(repr_sql(one) for one in marked)}) AND c > {number} LIMIT 5"
    redacted = redact(query)
    assert redacted is not None
    assert "§" not in redacted.text
    assert str(number) not in redacted.text
    assert redacted.restored(redacted.text) == query


def repr_sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t WHERE name = 'O'Brien' AND b = 1",
        "SELECT a FROM t WHERE name = 'Bob AND b = 1\nORDER BY a",
        "SELECT a FROM t WHERE name = ''secret''",
        "SELECT a FROM t WHERE name = ‘secret’",
        "SELECT a FROM t WHERE name = “secret”",
    ],
)
def test_where_quotes_do_not_pair_nothing_is_sure(text: str) -> None:
    assert redact(text, cursor=0) is None


def test_quotes_of_prose_in_a_literal_say_nothing() -> None:
    redacted = redact("SELECT a FROM t WHERE name = 'the “secret”' -- ‘as told’")
    assert redacted is not None
    assert redacted.text == "SELECT a FROM t WHERE name = 'text_1' "


def test_a_string_open_at_the_cursor_is_redacted_and_comes_back_closed() -> None:
    text = "SELECT a FROM t WHERE name = 'Bo"
    redacted = redact(text, cursor=len(text))
    assert redacted is not None
    assert "Bo" not in redacted.text
    assert redacted.restored(redacted.text) == text + "'"


def test_a_literal_in_double_quotes_does_not_leave() -> None:
    redacted = redact('SELECT "a b" FROM t WHERE name = "Bob"', names={"a b"})
    assert redacted is not None
    assert redacted.text == 'SELECT "a b" FROM t WHERE name = "name_1"'


def test_comments_leave_only_if_asked() -> None:
    text = "SELECT a -- Bob's salary\nFROM t /* 99 */ WHERE b"
    assert redact(text).text == "SELECT a \nFROM t   WHERE b"  # type: ignore[union-attr]
    assert redact(text, comments=False).text == text  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", ["SELECT 'text_7'", "SELECT $number_9", 'SELECT "name_1"'])
def test_a_placeholder_that_was_not_given_is_refused(answer: str) -> None:
    redacted = redact("SELECT 'a', 5")
    assert redacted is not None
    assert redacted.restored(answer) is None


def test_places_move_with_the_text() -> None:
    text = "SELECT 'abc', x FROM t"
    redacted: Any = redact(text)
    assert redacted.text[redacted.offset(text.index("x")) :] == "x FROM t"
    assert redacted.text[redacted.offset(text.index("b")) :] == ", x FROM t"


@pytest.mark.parametrize(
    "text", ["SELECT date(20240131) FROM t", "SELECT char(4711)", "SELECT a FROM t ORDER BY b, 4711", "SELECT -4711"]
)
def test_numbers_that_look_like_structure(text: str) -> None:
    redacted = redact(text)
    assert redacted is not None
    assert not [number for number in ("20240131", "4711") if number in redacted.text]


def test_structure_is_kept() -> None:
    text = (
        "SELECT CAST(a AS DECIMAL(10, 2)), sum(b) FROM t WHERE c > 77 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50 OFFSET 10"
    )
    redacted = redact(text)
    assert redacted is not None
    assert redacted.text == text.replace("77", "$number_1")
