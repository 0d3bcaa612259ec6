"""A patch that worked is applied to the texts that follow."""

from typing import Any

import pytest

from speql_speculator.language_model.difference import difference
from speql_speculator.language_model.patches import Patches, patch_of
from speql_speculator.repair import Repair
from speql_sql.guard import GuardPolicy


def repair_of(typed: str, answer: str) -> Repair:
    found = difference(typed, answer)
    assert found.problem is None
    return Repair(typed, answer, found.edits)


@pytest.mark.parametrize(
    ("typed", "answer", "following", "expected"),
    [
        ("SELEC a FROM t", "SELECT a FROM t", "SELEC a FROM t WHERE b", "SELECT a FROM t WHERE b"),
        ("SELEC a FROM t", "SELECT a FROM t", "-- why\nSELEC a, c FROM t", "-- why\nSELECT a, c FROM t"),
        (
            "SELECT a FROM t GRUOP BY a",
            "SELECT a FROM t GROUP BY a",
            "SELECT a FROM t GRUOP BY a, b",
            "SELECT a FROM t GROUP BY a, b",
        ),
        ("SELECT a FORM t", "SELECT a FROM t", "SELECT a FROM t", None),
        ("SELEC a FROM t", "SELECT a FROM t", "SELECT a FROM t WHERE b", None),
        ("SELEC (a FROM t", "SELECT (a) FROM t", "SELEC (a FROM t WHERE", "SELECT (a) FROM t WHERE"),
        (
            "SELEC a FROM t WHERE (b",
            "SELECT a FROM t WHERE (b)",
            "SELEC a FROM t WHERE (bc",
            "SELECT a FROM t WHERE (bc",
        ),
        ("SELECT selec FROM t", "SELECT select FROM t", "SELECT x", None),
    ],
)
def test_edits_find_their_place_by_the_words_around(
    typed: str, answer: str, following: str, expected: str | None
) -> None:
    assert patch_of(repair_of(typed, answer), "duckdb").applied(following) == expected


def test_a_patch_that_leads_to_nothing_is_forgotten(schemas: dict[str, Any]) -> None:
    catalog = schemas["flights"].catalog
    policy = GuardPolicy.for_catalog(catalog)
    patches = Patches()
    patches.keep(repair_of("SELEC carrier FROM flights", "SELECT carrier FROM flights"), "duckdb")
    found = patches.candidates("SELEC carrier FROM flights WHERE (hour > 3", catalog, policy, None)
    assert [str(one.sql) for one in found[0][1]] == ["SELECT carrier FROM flights WHERE (hour > 3)"]
    assert patches.candidates("SELEC carrier FROM flights DELETE ) (", catalog, policy, None) == []
    assert len(patches) == 0
