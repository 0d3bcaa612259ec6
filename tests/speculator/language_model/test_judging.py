"""What an answer may become: a query that parses, only reads and keeps the user's words, or nothing."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.edits import apply_edits
from speql_speculator.language_model.judging import judged, known_words
from speql_speculator.tokens import tokenize
from speql_sql.guard import GuardPolicy, speculation_problems

TYPED = "SELEC carrier, cnt FROM flights flt WHERE origin = 'JFK' -- the carriers\n AND ("
PIECES_TEXT = """SELECT SELEC carrier , cnt count(*) AS FROM flights flt WHERE origin = 'JFK' AND ( ) 1 > dep_delay
GROUP BY ORDER airlines JOIN ON ; DROP TABLE read_csv('x') random() -- /* */ ' UNION ALL"""
PIECES = st.sampled_from(PIECES_TEXT.split())


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=25).map(" ".join), st.text()), st.integers(0, 90) | st.none())
def test_any_answer(schemas: dict[str, Any], answer: str, cursor: int | None) -> None:
    catalog = schemas["flights"].catalog
    policy = GuardPolicy.for_catalog(catalog)
    judgement = judged(TYPED, answer, catalog, policy, cursor)
    assert judgement.repairs or judgement.problem is not None
    for repaired in judgement.repairs:
        assert repaired.sql == apply_edits(TYPED, repaired.edits)
        assert repaired.query is not None
        assert not speculation_problems(repaired.query, policy)
        assert "-- the carriers" in repaired.sql
        kept = [token.upper or token.text for token in tokenize(repaired.sql)]
        place = -1
        for word in ("CARRIER", "FROM", "FLIGHTS", "WHERE", "ORIGIN", "=", "'JFK'"):
            place = kept.index(word, place + 1)


@pytest.mark.parametrize(
    ("typed", "word", "known"),
    [
        ("SELECT x FROM flights flt", "flt", True),
        ("SELECT x AS total FROM flights", "total", True),
        ("WITH recent AS (SELECT 1) SELECT", "recent", True),
        ("SELECT x FROM (SELECT 1) sub", "sub", True),
        ("SELECT cuont(x) FROM flights", "cuont", False),
        ("SELECT count(x) FROM flights", "count", True),
        ("SELECT dep_delay", "dep_delay", True),
        ("SELECT x FROM flights WERE", "x", False),
        ("SELECT x FROM flights WERE dep_delay", "WERE", False),
        ("SELECT x FROM flights GRUOP BY x", "GRUOP", False),
        ("SELECT were.x FROM flights were", "were", True),
        ("SELECT x GRUOP BY", "GRUOP", False),
    ],
)
def test_words_that_mean_something(schemas: dict[str, Any], typed: str, word: str, known: bool) -> None:
    assert known_words(typed, schemas["flights"].catalog)(word) is known


def test_a_long_answer_to_a_long_text_is_judged_in_bounded_time(schemas: dict[str, Any]) -> None:
    """Two texts of thousands of words that have little in common are not compared word by word."""
    catalog = schemas["flights"].catalog
    typed = "SELEC " + ", ".join(f"a{number}" for number in range(2_000)) + " FROM flights"
    answer = "SELECT " + ", ".join(f"b{number}" for number in range(2_000)) + " FROM flights"
    started = time.process_time()
    assert judged(typed, answer, catalog, GuardPolicy(), None).repairs == ()
    assert time.process_time() - started < 2
