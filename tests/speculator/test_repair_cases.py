"""What repair makes of snippets, each with its cursor; what it makes binds on a real DuckDB."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from speql_speculator.edits import apply_edits
from speql_speculator.repair import repair
from speql_sql import Catalog

FIXTURES = Path(__file__).parent.parent / "fixtures" / "repair"


@pytest.mark.parametrize("schema", ["flights", "shop", "saas", "tpcds", "friendly"])
def test_cases(schema: str, schemas: dict[str, Any], cases: Callable[[str], list[Any]]) -> None:
    failures = []
    found = cases(f"cases_{schema}.txt")
    assert len(found) > 10
    for case in found:
        result = repair(case.typed, schemas[schema].catalog, case.cursor)
        codes = {problem.code for problem in result.problems}
        got = result.sql.rstrip() if result.sql is not None else None
        if got != case.expected or (case.code and case.code not in codes):
            expected = case.expected or case.code
            failures.append(f"{case.title}: {case.typed!r}\n  expected {expected!r}\n  got      {got!r} {codes}")
        elif result.sql is not None:
            error = schemas[schema].binding_error(result.sql)
            if error:
                failures.append(f"{case.title}: {result.sql!r} does not bind: {error}")
            if apply_edits(case.typed, result.edits) != result.sql:
                failures.append(f"{case.title}: the edits do not give the query")
            if (result.confidence == 1.0) != (not result.edits):
                failures.append(f"{case.title}: confidence {result.confidence} with {len(result.edits)} edits")
            if any(not edit.reason or not edit.code for edit in result.edits):
                failures.append(f"{case.title}: an edit without a reason")
    assert not failures, "\n".join(failures)


def test_problems_say_where_and_what_else(schemas: dict[str, Any]) -> None:
    typed = "SELECT name FROM airlins WHERE carier = 'UA'"
    result = repair(typed, schemas["flights"].catalog, 3)
    assert result.sql == "SELECT name FROM airlines WHERE carrier = 'UA'"
    assert {(edit.span.of(typed), edit.code) for edit in result.edits} == {
        ("airlins", "name-corrected"),
        ("carier", "name-corrected"),
    }
    unknown = repair("SELECT a FROM nowhere WHERE b = 1", schemas["flights"].catalog, 3)
    problem = next(problem for problem in unknown.problems if problem.code == "unknown-table")
    assert problem.span is not None
    assert problem.span.of(unknown.typed) == "nowhere"
    assert "flights" in problem.hint


def test_a_space_ends_a_misspelt_word_and_makes_its_correction_surer(schemas: dict[str, Any]) -> None:
    catalog = schemas["flights"].catalog
    at_cursor, ended = (
        repair(text, catalog) for text in ("SELECT carrier FROM fligths", "SELECT carrier FROM fligths ")
    )
    assert ended.sql == "SELECT carrier FROM flights "
    assert [(edit.code, edit.reason) for edit in at_cursor.edits] == [(edit.code, edit.reason) for edit in ended.edits]
    assert 0 < at_cursor.confidence < ended.confidence < 1


@pytest.mark.parametrize("typed", ["SELECT carrier FROM xyz", "SELECT carrier FROM xyz ", "SELECT * FROM nope"])
def test_an_unknown_table_is_all_that_is_told(typed: str, schemas: dict[str, Any]) -> None:
    (problem,) = repair(typed, schemas["flights"].catalog).problems
    assert (problem.code, problem.severity) == ("unknown-table", "error")
    assert "flights" in problem.hint


def test_left_out_table_is_told(schemas: dict[str, Any]) -> None:
    result = repair("SELECT o.total FROM orders o JOIN item i", schemas["shop"].catalog)
    assert result.sql == "SELECT o.total FROM orders o"
    assert [problem.code for problem in result.problems] == ["left-out"]


@pytest.mark.parametrize(
    ("condition", "edits"),
    [
        ("i_brand = 'x' AND i_item_id|", [("unfinished", " AND i_item_id")]),
        ("i_item_id| AND i_brand = 'x'", [("unfinished", " i_item_id AND")]),
        ("nosuch = 1 AND i_item_id|", [("unknown-column", " WHERE nosuch = 1"), ("unfinished", " AND i_item_id")]),
        ("i_brand = 'x' AND (i_brand = 'y' OR i_item_id|)", [("unfinished", " OR i_item_id")]),
    ],
)  # fmt: skip
def test_a_condition_that_is_begun_has_an_edit_of_its_own(
    condition: str, edits: list[tuple[str, str]], schemas: dict[str, Any]
) -> None:
    """The engine may bind it, as text that is a truth value; running it fails. The server looks at the edit's code."""
    typed = f"SELECT i_item_id FROM item WHERE {condition} GROUP BY i_item_id"
    cursor = typed.index("|")
    typed = typed.replace("|", "")
    result = repair(typed, schemas["shop"].catalog, cursor)
    assert [(edit.code, edit.span.of(typed)) for edit in result.edits] == edits
    assert result.sql is not None
    assert schemas["shop"].binding_error(result.sql) is None


def test_positions_are_moved(schemas: dict[str, Any]) -> None:
    typed = "SELECT carrier, dep_d FROM flights"
    result = repair(typed, schemas["flights"].catalog, typed.index(" FROM"))
    assert result.sql == "SELECT carrier FROM flights"
    assert result.cursor == result.sql.index(" FROM")
    assert result.offset_in_sql(typed.index("flights")) == result.sql.index("flights")


def test_the_cursor_beyond_the_text_is_a_space_behind_it(schemas: dict[str, Any]) -> None:
    catalog = schemas["flights"].catalog
    assert repair("SELECT carrier FROM flights WHERE month", catalog, 39).sql == "SELECT carrier FROM flights"
    assert repair("SELECT * FROM fligh", catalog, 19).sql == "SELECT * FROM flights"
    assert repair("SELECT * FROM fligh", catalog, 20).sql is None


def test_without_a_catalog_only_the_syntax_is_mended() -> None:
    empty = Catalog()
    assert repair("SELECT a, b FROM t WHERE x = ", empty).sql == "SELECT a, b FROM t "
    assert repair("SELECT a, count(* FROM t JOIN u USING (k)", empty, 17).sql == (
        "SELECT a, count(*) FROM t JOIN u USING (k)"
    )
    assert repair("SELECT anything.at_all FROM nowhere n", empty).edits == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("\0\1\2", "not-a-query"),
        ("INSERT INTO t SELECT 1", "not-a-query"),
        ("WITH x AS (SELECT 1) DELETE FROM t", "not-a-query"),
        ("SEL", "unfinished"),
        ("SELECT 1; SELECT 2", "several-statements"),
        ("SELECT " + "(" * 5_000, "too-deep"),
        ("SELECT " + "CASE WHEN " * 3_000, "too-deep"),
        ("SELECT '" + "x" * 300_000, "too-long"),
        ("SELECT " + "1," * 50_000, "too-long"),
    ],
)
def test_refusals(text: str, code: str, schemas: dict[str, Any]) -> None:
    result = repair(text, schemas["flights"].catalog)
    assert result.sql is None
    assert [problem.code for problem in result.problems] == [code]
    assert result.confidence == 0.0


def test_a_statement_that_is_no_query_says_how_to_run_it(schemas: dict[str, Any]) -> None:
    (problem,) = repair("UPDATE flights SET year = 1", schemas["flights"].catalog).problems
    assert problem.severity == "information"
    assert "ubmit" in problem.hint


def test_the_same_question_is_answered_from_memory(schemas: dict[str, Any]) -> None:
    catalog = schemas["flights"].catalog
    assert repair("SELECT carrier FROM flights W", catalog, 29) is repair("SELECT carrier FROM flights W", catalog, 29)
