"""The call that a place is in, as data: ``|`` is the cursor."""

import pytest

from speql_speculator.navigating.calls import call_at

CASES = [
    ("SELECT round(|", ("round", 0, "")),
    ("SELECT round(sum(x), |", ("round", 1, "")),
    ("SELECT round(sum(x|), 2) FROM t", ("sum", 0, "")),
    ("SELECT round(sum(x), 2|) FROM t", ("round", 1, "")),
    ("SELECT round(sum(x), 2)| FROM t", None),
    ("SELECT round(a, [1, 2|], 3)", None),
    ("SELECT concat(a, (b), [1, 2], c|)", ("concat", 3, "")),
    ("SELECT a IN (1, |", None),
    ("SELECT (a + |", None),
    ("SELECT count(*) OVER (|", None),
    ("SELECT exists(SELECT a, |", None),
    ("SELECT round((SELECT max(a|), b FROM t), 2)", ("max", 0, "")),
    ("SELECT left(a, |", ("left", 1, "")),
    ("SELECT * FROM read_csv('f', header := |", ("read_csv", 1, "header")),
    ("SELECT 1; SELECT lower(|", ("lower", 0, "")),
    ("SELECT lower(a; SELECT |", None),
    ("SELECT lower('a, b|", ("lower", 0, "")),
    ("|", None),
]


@pytest.mark.parametrize(("marked", "expected"), CASES)
def test_the_innermost_call_is_found(marked: str, expected: tuple[str, int, str] | None) -> None:
    found = call_at(marked.replace("|", ""), marked.index("|"))
    assert (None if found is None else (found.name, found.argument, found.label)) == expected


def test_every_position_of_a_broken_text_is_answered() -> None:
    text = "WITH x AS (SELECT round(a, ')' FROM f( [ }, lower( ; é😀 SELECT f. FROM ((x f, WHERE ( /* \n 'o\n BY"
    for end in range(len(text) + 1):
        for offset in (0, end // 2, end):
            call_at(text[:end], offset)
