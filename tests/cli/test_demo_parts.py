from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from speql_engines import Result, ResultColumn
from speql_server.cli.comparison import not_among, page_difference, page_of_result
from speql_server.cli.demo.demo_query import demo_query, query_names
from speql_server.cli.demo.typist import keystrokes, retyped
from speql_server.cli.read_sql import read_sql
from speql_server.protocol import Cell
from speql_sql import SpeqlError
from speql_sql.ordering import ordered_columns


@pytest.mark.parametrize("name", query_names())
def test_every_query_of_the_demo_has_a_question_and_an_edit(name: str) -> None:
    query = demo_query(name)
    assert query.question.endswith(("?", "airport"))
    assert query.edited_text is not None
    assert query.edited_text != query.text


@pytest.mark.parametrize("name", query_names())
def test_typing_ends_with_the_whole_text_and_edits_with_the_edited_one(name: str) -> None:
    query = demo_query(name)
    assert query.edited_text is not None
    assert [stroke.text for stroke in keystrokes(query.text)][-1] == query.text
    assert [stroke.text for stroke in retyped(query.text, query.edited_text)][-1] == query.edited_text


def test_typing_passes_over_no_character_but_indentation() -> None:
    typed = [stroke.text for stroke in keystrokes("SELECT 1,\n  2")]
    assert typed[8:] == ["SELECT 1,", "SELECT 1,\n", "SELECT 1,\n  2"]


def test_speed_divides_the_pauses() -> None:
    slow, fast = (sum(stroke.pause for stroke in keystrokes("SELECT 1\nFROM t", speed)) for speed in (1, 20))
    assert slow == pytest.approx(20 * fast)


@pytest.mark.parametrize(
    ("before", "after", "typed"),
    [
        ("x > 50 AND y", "x > 200 AND y", ["x > 2 AND y", "x > 20 AND y", "x > 200 AND y"]),
        ("k <= 3\nORDER BY 3", "k <= 5\nORDER BY 3", ["k <= 5\nORDER BY 3"]),
        ("LIMIT 10", "LIMIT 100", ["LIMIT 1", "LIMIT 10", "LIMIT 100"]),
    ],
)
def test_an_edit_types_over_the_whole_word(before: str, after: str, typed: list[str]) -> None:
    strokes = list(retyped(before, after))
    assert [stroke.text for stroke in strokes] == typed
    assert all(stroke.text[: stroke.cursor] in after for stroke in strokes)


@pytest.mark.parametrize(
    ("source", "edited"),
    [
        ("SELECT * FROM t WHERE a > 10 LIMIT 7", "SELECT * FROM t WHERE a > 5 LIMIT 7"),
        ("-- edit: 7 => 9\nSELECT * FROM t WHERE a > 10 LIMIT 7", "SELECT * FROM t WHERE a > 10 LIMIT 9"),
        ("SELECT a2 FROM t3 WHERE d > '2013-11-02'", None),
        (
            "SELECT a2 FROM t3 WHERE a > 8 AND d > DATE '2013-01-02'",
            "SELECT a2 FROM t3 WHERE a > 4 AND d > DATE '2013-01-02'",
        ),
    ],
)
def test_a_query_of_ones_own_gets_an_edit(tmp_path: Path, source: str, edited: str | None) -> None:
    path = tmp_path / "own.sql"
    path.write_text(source)
    assert demo_query(str(path)).edited_text == edited


@pytest.mark.parametrize("argument", ["nothing.sql", "/"])
def test_sql_that_cannot_be_read_is_told(argument: str) -> None:
    with pytest.raises(SpeqlError, match=r"Check the name|Name a \.sql file"):
        read_sql(argument)


def test_sql_is_text_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "q.sql"
    path.write_bytes(b"\xef\xbb\xbfSELECT 1")
    assert read_sql(str(path)) == "SELECT 1"
    assert read_sql("SELECT 2") == "SELECT 2"
    assert read_sql("SELECT '" + "x" * 10_000 + "'").startswith("SELECT")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpeqlError, match="not UTF-8"):
        read_sql(str(path))


@pytest.mark.parametrize(
    ("served", "direct", "order", "equal"),
    [
        ([[1, "a"], [2, "b"]], [[1, "a"], [2, "b"]], (0,), True),
        ([[2, "b"], [1, "a"]], [[1, "a"], [2, "b"]], (), True),
        ([[2, "b"], [1, "a"]], [[1, "a"], [2, "b"]], (0,), False),
        ([[1, "b"], [1, "a"]], [[1, "a"], [1, "b"]], (0,), True),
        ([[1, "a"]], [[1, "a"], [1, "a"]], (), False),
        ([[0.1 + 0.2]], [[0.3]], (), True),
        ([[0.31]], [[0.3]], (), False),
        ([[None]], [[0]], (), False),
        ([["1"]], [[1]], (), False),
        ([["28551.995000000003"]], [["28551.995"]], (), True),
        ([["28551.996"]], [["28551.995"]], (), False),
        ([["1.50"]], [["1.5"]], (), False),
        ([["1.5"]], [[1.5]], (), False),
    ],
)
def test_page_difference(
    served: list[list[Cell]], direct: list[list[Cell]], order: tuple[int, ...], equal: bool
) -> None:
    assert (page_difference(served, direct, order) is None) is equal


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT a, b FROM t", ()),
        ("SELECT a, b FROM t ORDER BY b, a", (1, 0)),
        ("SELECT a, b AS c FROM t ORDER BY C DESC, 1", (1, 0)),
        ("SELECT a, b FROM t ORDER BY a + 1, b", ()),
        ("SELECT a FROM t UNION SELECT b FROM u ORDER BY a", (0,)),
        ("SELECT * FROM t ORDER BY a", ()),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a) s", ()),
        ("not sql at all (", ()),
    ],
)
def test_ordered_columns(sql: str, columns: tuple[int, ...]) -> None:
    assert ordered_columns(sql) == columns


@pytest.mark.parametrize(
    ("served", "allowed", "found"),
    [
        ([[1, 2]], [[1, 2], [1, 3]], True),
        ([[1, 2], [1, 2]], [[1, 2], [1, 3]], False),
        ([[1, 4]], [[1, 2], [1, 3]], False),
        ([[0.1 + 0.2]], [[0.3]], True),
        ([["0.30000000000000004"]], [["0.3"]], True),
        ([["0.3"]], [[0.3]], False),
    ],
)
def test_rows_that_a_limit_may_choose(served: list[list[Cell]], allowed: list[list[Cell]], found: bool) -> None:
    assert (not_among(served, allowed) is None) is found


def test_an_edit_that_is_not_in_the_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "own.sql"
    path.write_text("-- edit: 999 => 5\nSELECT 1")
    with pytest.raises(SpeqlError, match="has no 999"):
        demo_query(str(path))


@pytest.mark.parametrize(("kind", "equal"), [("numeric", True), ("numeric(9,2)", False), ("text", False)])
def test_decimals_of_no_declared_scale_are_compared_by_value(kind: str, equal: bool) -> None:
    def page(text: str) -> list[list[Cell]]:
        rows = pa.table({"a": [text] if kind == "text" else pa.array([Decimal(text)])})
        return page_of_result(Result((ResultColumn("a", kind),), rows, True, 0.0)).rows

    assert (page("108.6700") == page("108.67000000")) is equal
    assert page("100.00") != page("1.00")
    assert page("0.00") != page("-1")
