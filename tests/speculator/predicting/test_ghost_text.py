"""Ghost text: what is shown parses, binds on DuckDB, changes nothing that is written, and is what the rules promise."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from speql_speculator.predicting.candidate import Candidate
from speql_speculator.predicting.ghost_text import GhostText, first_that_binds, ghost_texts
from speql_speculator.predicting.history import History
from speql_speculator.predicting.proposals import proposals
from speql_speculator.predicting.tree_hash import TreeHash
from speql_speculator.tokens import tokenize

EMPTY = History(TreeHash())


def ghost(typed: str, schema: Any, history: History = EMPTY, suggested: tuple[Candidate, ...] = ()) -> GhostText | None:
    """What is shown at the ``|`` of a text, or at its end."""
    cursor = typed.index("|") if "|" in typed else len(typed)
    text = typed.replace("|", "")
    found = proposals(text, cursor, schema.catalog, history, suggested_texts=suggested).candidates
    return first_that_binds(
        ghost_texts(text, cursor, found, schema.catalog), lambda sql: schema.binding_error(sql) is None
    )


RULES = [
    ("flights", "SELECT * FROM flights f JOIN airlines a", " ON f.carrier = a.carrier"),
    ("flights", "SELECT * FROM flights f JOIN airlines a ", "ON f.carrier = a.carrier"),
    ("flights", "select * from flights f join airlines a ", "on f.carrier = a.carrier"),
    ("flights", "SELECT * FROM flights f JOIN airlines a O", "N f.carrier = a.carrier"),
    ("flights", "SELECT * FROM flights JOIN planes ON ", "flights.tailnum = planes.tailnum"),
    ("shop", "SELECT c.name FROM orders o JOIN customers c ON o.customer_id = ", "c.id"),
    ("flights", "SELECT origin, dest, count(*) FROM flights GROUP BY ", "origin, dest"),
    ("flights", "SELECT origin, dest, count(*) FROM flights GROUP BY or", "igin, dest"),
    ("flights", "SELECT upper(origin) AS o, count(*) FROM flights GROUP BY ", "upper(origin)"),
    (
        "tpcds",
        "SELECT i_brand FROM store_sales, item, date_dim WHERE ",
        "ss_item_sk = i_item_sk\n  AND ss_sold_date_sk = d_date_sk",
    ),
    # A condition that was written before, in the other branch of a UNION; its constant may be another one.
    (
        "flights",
        "SELECT f.origin, avg(f.dep_delay) AS late FROM flights f WHERE f.month = 1 GROUP BY f.origin\nUNION ALL\n"
        "SELECT g.origin, avg(g.dep_delay) AS late FROM flights g WHERE g.month = 2 ",
        "GROUP BY g.origin",
    ),
    # Nothing where nothing is sure, where it stands already, or in strings and comments.
    ("flights", "SELECT * FROM flights f JOIN airlines a| ON f.carrier = a.carrier", None),
    ("flights", "SELECT origin, count(*) FROM flights GROUP BY | origin", None),
    ("flights", "SELECT * FROM flights f CROSS JOIN airlines a ", None),
    ("flights", "SELECT 'FROM flights f JOIN airlines a ", None),
    ("flights", "SELECT 1 -- FROM flights f JOIN airlines a ", None),
    ("flights", "", None),
]


@pytest.mark.parametrize(("schema", "typed", "expected"), RULES)
def test_rules(schemas: dict[str, Any], schema: str, typed: str, expected: str | None) -> None:
    found = ghost(typed, schemas[schema])
    assert (found.text if found is not None else None) == expected


PAST = [
    "SELECT f.carrier, avg(f.arr_delay) AS late\nFROM flights f\nWHERE f.month = {}\n  AND f.origin = 'JFK'\n"
    "GROUP BY f.carrier\nORDER BY late DESC\nLIMIT 10",
]

FROM_HISTORY = [
    # As far as it goes: constants that were the same each time are proposed, with the aliases of now.
    (
        "SELECT x.carrier, avg(x.arr_delay) AS bad\nFROM flights x\nWHERE x.month = 5\n",
        "  AND x.origin = 'JFK'\nGROUP BY x.carrier\nORDER BY bad DESC\nLIMIT 10",
    ),
    ("SELECT x.carrier, avg(x.arr_delay) AS bad\nFROM flights x\nWHERE x.month = 5\n  AND x.ori", "gin = 'JFK'\n"),
    # A column in the place of another one is taken over.
    (
        "SELECT x.dest, avg(x.arr_delay) AS bad\nFROM flights x\nWHERE x.month = 5\n  AND x.origin = 'JFK'\n",
        "GROUP BY x.dest\nORDER BY bad DESC\nLIMIT 10",
    ),
]


@pytest.mark.parametrize(("typed", "expected"), FROM_HISTORY)
def test_the_rest_of_a_past_query(schemas: dict[str, Any], typed: str, expected: str) -> None:
    schema, history = schemas["flights"], History(TreeHash())
    for month in (1, 2, 3):
        history.record(PAST[0].format(month), schema.catalog, float(month))
    found = ghost(typed, schema, history)
    assert found is not None
    assert found.text.split()[: len(expected.split())] == expected.split()


def test_a_constant_that_was_another_each_time_is_not_guessed(schemas: dict[str, Any]) -> None:
    schema, history = schemas["flights"], History(TreeHash())
    for month in (1, 2, 3):
        history.record(PAST[0].format(month), schema.catalog, float(month))
    found = ghost("SELECT x.carrier, avg(x.arr_delay) AS bad\nFROM flights x\nWHERE ", schema, history)
    assert found is None or "month" not in found.text


@pytest.mark.parametrize(
    "text",
    [
        "; DROP TABLE flights",
        " UNION SELECT * FROM nowhere",
        " WHERE nothing = 1",
        " WHERE random() > 0",
        ")",
        " WHERE (",
    ],
)
def test_what_a_model_suggests_is_shown_only_if_it_is_good(schemas: dict[str, Any], text: str) -> None:
    suggested = (Candidate(text, 0.99, "model", ""),)
    found = ghost("SELECT origin FROM flights", schemas["flights"], suggested=suggested)
    assert found is None or found.source != "model"


def test_a_good_suggestion_of_a_model_is_shown(schemas: dict[str, Any]) -> None:
    suggested = (Candidate(" WHERE month = 7", 0.9, "model", ""),)
    found = ghost("SELECT origin FROM flights", schemas["flights"], suggested=suggested)
    assert found is not None
    assert found.text == " WHERE month = 7"


@pytest.fixture(scope="module")
def histories(schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]]) -> dict[str, History]:
    """For each schema a history of all its queries."""
    made = {}
    for name, texts in queries.items():
        made[name] = History(TreeHash())
        for at, (_, text) in enumerate(texts):
            made[name].record(text, schemas[name].catalog, float(at))
    return made


PLACES = st.integers(0, 1_000_000)


@settings(max_examples=120, deadline=None)
@example(schema="demo", query=3, place=483148, behind=1)  # the cursor before ``.dest``
@given(
    schema=st.sampled_from(["demo", "flights", "shop", "tpcds"]), query=PLACES, place=PLACES, behind=st.integers(0, 2)
)
def test_whatever_is_shown_binds_and_keeps_every_word(
    schemas: dict[str, Any],
    queries: dict[str, list[tuple[str, str]]],
    histories: dict[str, History],
    schema: str,
    query: int,
    place: int,
    behind: int,
) -> None:
    text = queries[schema][query % len(queries[schema])][1]
    cut = place % (len(text) + 1)
    typed = text[:cut] + ("", text[cut:], "\nORDER BY 1")[behind]
    catalog = schemas[schema].catalog
    found = proposals(typed, cut, catalog, histories[schema]).candidates
    shown = first_that_binds(
        ghost_texts(typed, cut, found, catalog), lambda sql: schemas[schema].binding_error(sql) is None
    )
    if shown is None:
        return
    assert shown.text.strip()
    assert not schemas[schema].has_cross_product(shown.sql) or "CROSS" in shown.sql.upper() or "," in typed
    # Every word of the text is in the statement that binds, in order: nothing of it had to be mended.
    words = iter(token.text for token in tokenize(shown.sql))
    proposed = [token.text for token in tokenize(text[:cut] + shown.text) if token.start >= cut]
    assert all(any(word == token for word in words) for token in proposed)
