"""What tokens are, as data: the text, then its tokens with their kinds; ``!`` gives a name, ``+`` is SQL's own."""

import pytest

from speql_speculator.navigating.token_kinds import token_kinds

from .test_places import CATALOG

SHORT = {
    "keyword": "k", "function": "f", "type": "t", "table": "T", "alias": "a", "column": "c", "string": "s",
    "number": "n", "operator": "o", "comment": "#", "parameter": "p", "namespace": "N", "label": "l",
}  # fmt: skip

CASES = [
    ("SELECT f.delay FROM flights f", "SELECT:k f:a delay:c FROM:k flights:T f:a!"),
    ("SELECT sum(delay) AS date FROM flights", "SELECT:k sum:f+ delay:c AS:k date:c! FROM:k flights:T"),
    ("SELECT delay::DECIMAL(5, 2), DATE '2001'", "SELECT:k delay: :::o DECIMAL:t+ 5:n 2:n DATE:t+ '2001':s"),
    ("WITH x AS (SELECT 1) FROM x -- done", "WITH:k x:a! AS:k SELECT:k 1:n FROM:k x:a -- done:#"),
    ("SELECT my_own(z) FROM other.extra", "SELECT:k my_own:f z:c FROM:k other:N extra:T"),
    ("SELECT {'a': $1}, list_filter(l, v -> v > 0)", "SELECT:k 'a':s ::o $1:p list_filter:f+ l: v:p! ->:o v:p >:o 0:n"),
    ("SELECT extract(year FROM z) FROM other.extra", "SELECT:k extract:f+ year:k FROM:k z:c FROM:k other:N extra:T"),
    ("CREATE TABLE a (b INTEGER)", "CREATE:k TABLE:k a: b: INTEGER:t+"),
    ("SELECT nothing, FROM flights WHERE", "SELECT:k nothing: FROM:k flights:T WHERE:k"),
    ("SELECT z AS \"a b\" FROM other.extra, 'x", "SELECT:k z:c AS:k \"a b\":c! FROM:k other:N extra:T 'x:s"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_tokens_have_their_meaning(text: str, expected: str) -> None:
    found = [
        f"{one.span.of(text)}:{SHORT[one.kind]}{'!' * one.declared}{'+' * one.built_in}"
        for one in token_kinds(text, CATALOG)
    ]
    assert found == [part for part in _split(expected) if not part.endswith(":") or part == "::o"]


def _split(expected: str) -> list[str]:
    parts: list[str] = []
    for part in expected.split(" "):
        if parts and ":" not in parts[-1].removeprefix(":"):
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return parts


def test_tokens_are_in_order_and_apart_on_every_beginning_of_a_text() -> None:
    whole = "WITH x AS (SELECT a.*, 'é😀' FROM flights a) SELECT x.carrier c FROM x /* \n y */ WHERE \"q r\" = $$ it's"
    for end in range(len(whole) + 1):
        position = 0
        for one in token_kinds(whole[:end], CATALOG):
            assert position <= one.span.start < one.span.end <= end
            position = one.span.end
