"""Columns that come next: by rules on three schemas, and by history in the user's own names."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.predicting.history import History
from speql_speculator.predicting.likely_columns import LikelyColumn, align_with_history, likely_columns
from speql_speculator.predicting.over_projection import OverProjection
from speql_speculator.predicting.place import place_at
from speql_speculator.predicting.tree_hash import TreeHash
from speql_sql import Catalog


def likely(typed: str, catalog: Catalog, history: History | None = None) -> list[str]:
    """The first five columns at the ``|`` of a text, or at its end."""
    cursor = typed.index("|") if "|" in typed else len(typed)
    place = place_at(typed.replace("|", ""), cursor, catalog)
    assert place is not None
    aligned = align_with_history(place, history) if history is not None else []
    found = likely_columns(place, aligned)
    assert all(0 < column.score <= 1 for column in found)
    assert [column.score for column in found] == sorted((column.score for column in found), reverse=True)
    return [column.name for column in found[:5]]


RULES = [
    # The other side of a join, and joins that are missing.
    ("tpcds", "SELECT d_year FROM store_sales, date_dim WHERE ss_sold_date_sk = ", {"d_date_sk"}),
    ("tpcds", "SELECT i_brand FROM store_sales, item WHERE ", {"ss_item_sk", "i_item_sk"}),
    ("flights", "SELECT a.name FROM flights f JOIN airlines a ON ", {"carrier"}),
    ("shop", "SELECT c.name FROM orders o JOIN customers c ON ", {"customer_id", "id"}),
    # Keys of groups and outputs.
    ("flights", "SELECT origin, dest, avg(dep_delay) AS late FROM flights GROUP BY ", {"origin", "dest"}),
    ("flights", "SELECT origin, avg(dep_delay) AS late FROM flights GROUP BY origin ORDER BY ", {"origin", "late"}),
    ("shop", "SELECT status, sum(total) AS revenue FROM orders GROUP BY status ORDER BY ", {"revenue"}),
    # A half word, a qualifier, text behind the cursor.
    ("flights", "SELECT arr_d| FROM flights", {"arr_delay"}),
    ("flights", "SELECT p.manu| FROM flights f JOIN planes p ON p.tailnum = f.tailnum", {"manufacturer"}),
    # The like of what another branch of the statement has.
    (
        "tpcds",
        "SELECT ss_item_sk, ss_quantity FROM store_sales UNION ALL SELECT cs_item_sk, ",
        {"cs_quantity"},
    ),
    # What a CTE gives.
    ("flights", "WITH c AS (SELECT origin, count(*) AS n FROM flights GROUP BY origin) SELECT ", {"origin", "n"}),
]


@pytest.mark.parametrize(("schema", "typed", "expected"), RULES)
def test_rules(schemas: dict[str, Any], schema: str, typed: str, expected: set[str]) -> None:
    assert expected <= set(likely(typed, schemas[schema].catalog))


PAST = [
    "SELECT f.carrier, avg(f.arr_delay) AS late\nFROM flights f\nWHERE f.month = 7\nGROUP BY f.carrier\nORDER BY late",
    "SELECT p.model, count(*) FROM planes p WHERE p.seats > 100 GROUP BY p.model HAVING max(p.year) > 2000",
]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("SELECT x.carrier, avg(x.arr_delay) AS bad\nFROM flights x\nWHERE ", "month"),
        (
            "SELECT x.carrier, avg(x.arr_delay) AS bad\nFROM flights x\nWHERE x.month = 3\nGROUP BY 1\nORDER BY ",
            "bad",
        ),
        ("SELECT y.model, count(*) FROM planes y WHERE ", "seats"),
        ("SELECT y.model, count(*) FROM planes y WHERE y.seats > 40 GROUP BY y.model HAVING max(", "year"),
    ],
)
def test_history_leads_and_speaks_the_users_names(schemas: dict[str, Any], typed: str, expected: str) -> None:
    catalog = schemas["flights"].catalog
    history = History(TreeHash())
    for at, text in enumerate(PAST):
        history.record(text, catalog, float(at))
    assert likely(typed, catalog, history)[0] == expected


def test_what_a_model_suggests_counts(schemas: dict[str, Any]) -> None:
    place = place_at("SELECT * FROM weather WHERE ", 28, schemas["flights"].catalog)
    assert place is not None
    assert likely_columns(place)[0].name != "humid"
    assert likely_columns(place, suggested={"humid": 1.0})[0].name == "humid"


@pytest.mark.parametrize("text", ["SELECT 'abc", "SELECT 1 -- x", "SELECT 12", "SELECT /* a"])
def test_there_is_no_place_in_strings_comments_and_numbers(text: str) -> None:
    assert place_at(text, len(text), Catalog()) is None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_cut_of_any_query_gets_an_answer(
    schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]], data: st.DataObject
) -> None:
    schema = data.draw(st.sampled_from(sorted(queries)))
    text = data.draw(st.sampled_from(queries[schema]))[1]
    cut = data.draw(st.integers(0, len(text)))
    kept = data.draw(st.booleans())
    place = place_at(text if kept else text[:cut], cut, schemas[schema].catalog)
    if place is not None:
        found = likely_columns(place)
        assert len({column.name.lower() for column in found}) == len(found)
        assert all(column.name.lower().startswith(place.half_name) for column in found)


def test_the_choice_of_what_to_add_is_kept_while_the_tables_are_the_same() -> None:
    choice = OverProjection()
    first = [LikelyColumn("a", 0.9, "t"), LikelyColumn("b", 0.6, "t"), LikelyColumn("c", 0.2, "t")]
    assert choice.choose("t", first) == ("a", "b")
    assert choice.choose("t", [LikelyColumn("d", 0.8, "t")]) == ("a", "b", "d")
    assert choice.choose("t", [LikelyColumn("e", 0.99, "t")]) == ("a", "b", "d"), "no more than three"
    assert choice.choose("u", [LikelyColumn("alias", 0.99)]) == (), "an output's name is no column of a table"
