"""What an editor can do with each part of a text, as data; that the preview goes there is tested with the server."""

import pytest

from speql_speculator.navigating.document import models_of
from speql_speculator.navigating.lenses import lenses
from speql_sql import Catalog

CATALOG = Catalog(version="1")

CASES: list[tuple[str, list[tuple[str, str, str]]]] = [
    ("SELECT 1", [("statement", "SELECT", "SELECT 1")]),
    ("; FROM t", [("statement", "FROM", "FROM t")]),
    ("CREATE TABLE t (a INT)", [("statement", "CREATE", "")]),
    ("CREATE TABLE t AS SELECT 1 UNION SELECT 2", [("statement", "CREATE", "")]),
    (
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        [
            ("statement", "WITH", "SELECT a FROM x"),
            ("cte", "x", "SELECT 1 AS a) SELECT a FROM x"),
            ("select", "SELECT", "SELECT a FROM x"),
        ],
    ),
    (
        "SELECT 1 UNION SELECT 2",
        [
            ("statement", "SELECT", "NION SELECT 2"),
            ("select", "SELECT", "SELECT 1 UNION SELECT 2"),
            ("select", "SELECT", "SELECT 2"),
        ],
    ),
    (
        "SELECT * FROM (SELECT 1) d WHERE EXISTS (SELECT 2)",
        [("statement", "SELECT", "SELECT * FROM"), ("select", "SELECT", "SELECT 1) d")],
    ),
    ("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", [("statement", "SELECT", "NION")]),
    ("WITH x AS (", [("statement", "WITH", "")]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_each_part_has_a_place_and_where_its_preview_is(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = [lens for located in models_of(text, CATALOG) for lens in lenses(located)]
    shown = [
        (lens.kind, lens.place.of(text), text[lens.preview :] if lens.preview is not None else "") for lens in found
    ]
    for (kind, place, rest), wanted in zip(shown, expected, strict=False):
        assert (kind, place) == wanted[:2]
        assert rest.startswith(wanted[2])
        assert bool(rest) == bool(wanted[2])
    assert len(shown) >= len(expected)
