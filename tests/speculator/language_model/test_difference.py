"""The user's words stay: what a model may change of a text, and what not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.edits import apply_edits
from speql_speculator.language_model.difference import Difference, difference
from speql_speculator.tokens import tokenize

KNOWN_TEXT = "SELECT FROM WHERE GROUP BY ORDER AND OR AS COUNT AVG A B C T CARRIER FLIGHTS DEP_DELAY DELETE"
KNOWN = frozenset(KNOWN_TEXT.split())


def between(typed: str, answer: str, cursor: int | None = None) -> Difference:
    return difference(typed, answer, cursor=cursor, exists=lambda word: word.upper() in KNOWN)


KEPT = [
    ("SELEC a FROM t", "SELECT a FROM t"),
    ("select a form t", "select a from t"),
    ("SELECT a FROM t WHERE (b = 1", "SELECT a FROM t WHERE (b = 1)"),
    ("SELECT a FROM t GRUOP BY a", "SELECT a FROM t GROUP BY a"),
    ("SELECT a, FROM t WHERE b = 'x", "SELECT a, c FROM t WHERE b = 'x'"),
    ("SELECT cuont(*) FROM t", "SELECT count(*) FROM t"),
    ("SELECT a /* SELECT 1 */ FROM t -- DROP TABLE t", "SELECT a, b FROM t"),
    ("SELECT a FROM t WHERE b = 1 AND c >", "SELECT a FROM t WHERE b = 1"),
    ("SELECT a FROM t WHERE b = 1 AND zzz", "SELECT a FROM t WHERE b = 1"),
    ("SELECT a FROM t ORDER BY", "SELECT a FROM t"),
]


@pytest.mark.parametrize(("typed", "answer"), KEPT)
def test_what_a_repair_may_do(typed: str, answer: str) -> None:
    found = between(typed, answer)
    assert found.problem is None
    assert words(apply_edits(typed, found.edits)) == words(answer)
    assert comments(apply_edits(typed, found.edits)) == comments(typed)


LOST = [
    ("SELECT a, b FROM t", "SELECT a FROM t"),
    ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 2"),
    ("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 'y'"),
    ("SELECT a FROM t WHERE b = 1 AND c > 5", "SELECT a FROM t WHERE b = 1"),
    ("SELECT a, b FROM t", "SELECT b, a FROM t"),
    ("SELECT a FROM t", "DROP TABLE t"),
    ("DELETE FROM t", "SELECT * FROM t"),
    ("SELECT a FROM t", "SELECT b FROM t"),
    ("SELECT carrier FROM flights", "SELECT carriers FROM flights"),
    ('SELECT "a" FROM t', "SELECT a FROM t"),
    ("SELECT a FROM t", ""),
    ("SELECT a FROM t", "-- SELECT a FROM t"),
    ("SELECT a FROM t", "SELECT 'SELECT a FROM t'"),
]


@pytest.mark.parametrize(("typed", "answer"), LOST)
def test_what_it_may_not(typed: str, answer: str) -> None:
    found = between(typed, answer)
    assert found.problem is not None
    assert found.edits == ()


def test_a_fragment_in_the_middle_may_go_only_at_the_cursor() -> None:
    typed, answer = "SELECT a, zzz FROM t", "SELECT a FROM t"
    assert between(typed, answer, cursor=typed.index(" FROM")).problem is None
    assert between(typed, answer).problem is not None


def test_of_two_alike_at_the_cursor_one_may_go() -> None:
    typed = "SELECT a FROM t WHERE b = = c"
    found = between(typed, "SELECT a FROM t WHERE b = c", cursor=typed.index(" c"))
    assert found.problem is None
    assert words(apply_edits(typed, found.edits)) == words("SELECT a FROM t WHERE b = c")


def test_half_a_word_at_the_cursor_may_become_a_whole_one() -> None:
    typed = "SELECT dep_ FROM flights"
    assert between(typed, "SELECT dep_delay FROM flights", cursor=typed.index(" FROM")).problem is None
    assert between(typed, "SELECT dep_delay FROM flights").problem is not None


PIECES_TEXT = "SELECT FROM a b zzz t ( ) , . = 1 'x' AND 'open -- c\n /* d */ \"q\" 😀 + selec - / *"
PIECES = st.sampled_from(PIECES_TEXT.split(" "))


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=12), st.lists(PIECES, max_size=12), st.integers(0, 60) | st.none())
def test_the_edits_make_the_answer(typed: list[str], answer: list[str], cursor: int | None) -> None:
    """Whatever comes: the edits are in order and inside the text, and lead to the answer's words or nowhere."""
    before, after = " ".join(typed), " ".join(answer)
    found = difference(before, after, cursor=cursor)
    place = 0
    for edit in found.edits:
        assert place <= edit.span.start <= edit.span.end <= len(before)
        place = edit.span.end
    if found.problem is None:
        made = apply_edits(before, found.edits)
        assert words(made) == words(after)


def words(text: str) -> list[str]:
    return [(token.upper or token.text) + token.closer for token in tokenize(text) if token.upper != ";"]


def comments(text: str) -> list[str]:
    return [token.text for token in tokenize(text, comments=True) if token.kind == "comment"]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_whole_query_from_its_beginning(queries: dict[str, list[tuple[str, str]]], data: Any) -> None:
    """Any query is reached from any of its prefixes, with insertions behind the end or a half word at it."""
    _, text = data.draw(st.sampled_from(queries["flights"]))
    cut = data.draw(st.integers(0, len(text)))
    typed = text[:cut]
    found = difference(typed, text)
    if found.problem is None:
        assert words(apply_edits(typed, found.edits)) == words(text)
    else:
        assert tokenize(typed)[-1].kind in ("string", "number", "word", "quoted", "operator", "parameter")
