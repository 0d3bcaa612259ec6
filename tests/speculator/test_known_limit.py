"""A number of LIMIT that is typed: what is remembered of the last one says what repairing anew says."""

from dataclasses import replace

import pytest

from speql_speculator.repair import Repair, repair

QUERIES = [
    "SELECT name FROM airlines ORDER BY name",
    "SELECT carrier, count(*) FROM flights GROUP BY carrier ORDER BY 2 DESC",
    "SELECT carrier FROM flights UNION SELECT carrier FROM airlines",
    "WITH late AS (SELECT * FROM flights WHERE dep_delay > 10 LIMIT 7) SELECT carrier FROM late",
    "(SELECT name FROM airlines)",
    "SELECT carrier FROM flights -- limit 5\n",
    "SELECT 'limit 5' AS name FROM airlines",
    "SELECT name FROM airlines LIMIT 9 OFFSET 2 --",
    "SELECT carrier, dep_delay FROM flights GROUP BY carrier",
    "SELECT nme FROM airlines",
    "FROM airlines",
]


def said(found: Repair) -> Repair:
    """What a repair says, its tree as text, of which comments are no part."""
    assert found.query is None or found.sql is not None
    return replace(found, query=found.query.sql("duckdb", comments=False) if found.query is not None else None)  # type: ignore[arg-type]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("numbers", [("1", "10", "100", "10"), ("0", "5"), ("07", "7"), ("1", "1.5", "1"), ("9", "9 ")])
@pytest.mark.parametrize("behind", [None, 0, -1, 1])
def test_another_limit_is_repaired_as_if_nothing_were_known(schemas, query, numbers, behind):
    known, fresh = schemas["flights"].catalog, schemas["flights"].catalog
    for number in numbers:
        text = f"{query} LIMIT {number}"
        cursor = None if behind is None else len(text) + behind
        assert said(repair(text, known, cursor)) == said(repair(text, replace(fresh), cursor))


def test_a_known_limit_needs_no_parser(schemas, monkeypatch):
    catalog = schemas["flights"].catalog
    repair("SELECT name FROM airlines LIMIT 4", catalog, 33)
    monkeypatch.setattr("speql_speculator.repair._repair", None)
    assert repair("SELECT name FROM airlines LIMIT 42", catalog, 34).query.sql("duckdb").endswith("LIMIT 42")
