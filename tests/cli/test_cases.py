"""Files of cases, as a user runs them: `speql rewrite --cases` and `speql repair --cases`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from speql_engines.compare import rows_differ

Run = Callable[..., subprocess.CompletedProcess[str]]

SCHEMA = """
    CREATE TABLE items (id INTEGER PRIMARY KEY, brand VARCHAR, cost DECIMAL(7, 2));
    CREATE TABLE sales (item INTEGER REFERENCES items (id), month INTEGER, qty INTEGER, note VARCHAR,
        CONSTRAINT no_key CHECK (true));
    CREATE TABLE returns (item INTEGER, month INTEGER, qty INTEGER);
    CREATE VIEW dear AS SELECT id, brand FROM items WHERE cost > 4;
"""
DATA = """
    INSERT INTO items SELECT i, CASE WHEN i % 4 > 0 THEN 'brand ' || i % 3 END, CASE WHEN i % 5 > 0 THEN i * 1.25 END
        FROM range(12) r(i);
    INSERT INTO sales SELECT CASE WHEN i % 11 > 0 THEN i % 12 END, CASE WHEN i % 7 > 0 THEN i % 13 END,
        CASE WHEN i % 5 > 0 THEN i % 9 - 3 END, CASE WHEN i % 3 > 0 THEN 'note ' || i % 4 END FROM range(400) r(i);
    INSERT INTO sales SELECT * FROM sales WHERE month > 6;
    INSERT INTO returns SELECT CASE WHEN i % 6 > 0 THEN i % 20 END, i % 13, i % 4 FROM range(60) r(i);
"""
# Name of the case: the views by name, the query.
SERVED: dict[str, tuple[dict[str, str], str]] = {
    "a filter": (
        {"v": "SELECT month, qty, note FROM sales WHERE month > 3"},
        "SELECT note, qty FROM sales WHERE month BETWEEN 5 AND 9 AND qty <> 2",
    ),
    "roll up": (
        {"v": "SELECT item, month, sum(qty) AS s, count(qty) AS n, count(*) AS c FROM sales GROUP BY item, month"},
        "SELECT month, sum(qty) AS total, avg(qty) AS mean, count(*) AS n FROM sales GROUP BY 1 HAVING count(*) > 9",
    ),
    "no rows": (
        {"v": "SELECT month, sum(qty) AS s, count(*) AS n FROM sales GROUP BY month"},
        "SELECT sum(qty) AS s, count(*) AS n FROM sales WHERE month > 90",
    ),
    "columns that have no name": (
        {"v": "SELECT month, sum(qty), count(*) FROM sales GROUP BY month"},
        "SELECT sum(qty) AS s, count(*) AS n FROM sales WHERE month < 5",
    ),
    "a cast that has no name": (
        {"v": "SELECT CAST(qty AS BIGINT), month FROM sales"},
        "SELECT month, CAST(qty AS BIGINT) AS q FROM sales WHERE month = 8",
    ),
    "two columns of one name": (
        {"v": "SELECT s.item, i.id AS item, s.qty, i.brand FROM sales s JOIN items i ON s.item = i.id"},
        "SELECT i.brand, s.qty FROM items i, sales s WHERE i.id = s.item AND i.brand IS NOT NULL",
    ),
    "one more table in the query": (
        {"v": "SELECT item, month, qty FROM sales WHERE qty > 0"},
        "SELECT i.brand, sum(s.qty) AS q FROM sales s JOIN items i ON i.id = s.item WHERE s.qty > 0 GROUP BY i.brand",
    ),
    "one more table in the view, by its key": (
        {"v": "SELECT r.month, r.qty, r.item, i.brand FROM returns r LEFT JOIN items i ON i.id = r.item"},
        "SELECT month, qty FROM returns WHERE qty > 1",
    ),
    "DISTINCT": (
        {"v": "SELECT note, month, qty FROM sales"},
        "SELECT DISTINCT note FROM sales WHERE month IS NULL OR qty < 0",
    ),
    "ORDER BY and LIMIT": (
        {"v": "SELECT month, sum(qty) AS s FROM sales GROUP BY month"},
        "SELECT month, sum(qty) AS s FROM sales GROUP BY month ORDER BY s DESC NULLS LAST, month LIMIT 4",
    ),
    "a CTE": (
        {"v": "SELECT item, qty FROM sales WHERE qty > 1"},
        "WITH c AS (SELECT item, count(*) AS n FROM sales WHERE qty > 1 GROUP BY item) "
        "SELECT i.brand, c.n FROM c JOIN items i ON c.item = i.id",
    ),
    "two views": (
        {"v": "SELECT item, qty FROM sales WHERE month > 2", "odd name": "SELECT item, month FROM returns"},
        "SELECT qty AS x FROM sales WHERE month > 2 UNION ALL SELECT month FROM returns",
    ),
    "the best of three": (
        {
            "wide": "SELECT * FROM sales",
            "not_read": "SELECT FROM (",
            "narrow": "SELECT month, sum(qty) AS s FROM sales GROUP BY month",
        },
        "SELECT month, sum(qty) AS s FROM sales GROUP BY month",
    ),
    "NOT IN with NULL": (
        {"v": "SELECT item, month, qty FROM sales"},
        "SELECT item, qty FROM sales WHERE item NOT IN (SELECT item FROM returns WHERE qty = 3) AND month > 1",
    ),
    "over a view of the schema": (
        {"v": "SELECT id, brand FROM dear"},
        "SELECT brand FROM dear WHERE id > 6",
    ),
}
# Name of the case: the views, the query, what the reason says.
NOT_SERVED: dict[str, tuple[dict[str, str], str, str]] = {
    "a wider range": ({"v": "SELECT qty, month FROM sales WHERE month > 5"}, "SELECT qty FROM sales", "v: "),
    "no such view column": ({"v": "SELECT qty FROM sales"}, "SELECT note FROM sales", "does not have"),
    "three views": (
        dict.fromkeys(("a", "b", "c", "d"), "SELECT qty FROM sales WHERE qty = 1"),
        "SELECT qty FROM sales WHERE qty = 2",
        "and 1 more",
    ),
    "no views": ({}, "SELECT 1 AS a", "no views"),
    "no such table": ({"v": "SELECT qty FROM sales"}, "SELECT a FROM nowhere", "names do not resolve"),
    "no query": ({"v": "SELECT qty FROM sales"}, "DROP TABLE sales", "cannot be read"),
    "half a query": ({"v": "SELECT qty FROM sales"}, "SELECT qty FROM (", "cannot be read"),
    "half a view": ({"v": "SELECT qty FROM ("}, "SELECT qty FROM sales", "v: it cannot be read"),
    "a view that does not resolve": ({"v": "SELECT a FROM nowhere"}, "SELECT qty FROM sales", "nowhere"),
    "a view that draws lots": (
        {"v": "SELECT qty, random() AS r FROM sales"},
        "SELECT qty FROM sales",
        "may not be kept",
    ),
    "a view named as a table": ({"Sales": "SELECT qty FROM sales"}, "SELECT qty FROM sales", "a table of the schema"),
    "a view named as a CTE": (
        {"v": "SELECT qty FROM sales"},
        "WITH V AS (SELECT 1 AS a) SELECT sales.qty FROM sales, v",
        "a CTE of the query",
    ),
    "two views of one name": (
        {"v": "SELECT qty FROM sales", "V": "SELECT qty FROM sales"},
        "SELECT qty FROM sales",
        "two",
    ),
}


def _case(id_: object, views: dict[str, str], query: str) -> dict[str, Any]:
    listed = [{"name": name, "sql": sql} for name, sql in views.items()]
    return {"id": id_, "schema": SCHEMA, "views": listed, "query": query}


def _answers(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def rewritten(speql: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The answers to all cases, from one run of the command."""
    cases = [_case(name, views, query) for name, (views, query) in SERVED.items()]
    cases += [_case(name, views, query) for name, (views, query, _) in NOT_SERVED.items()]
    path = tmp_path_factory.mktemp("cases") / "cases.jsonl"
    path.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
    done = speql("rewrite", "--cases", str(path))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    answers = _answers(done)
    assert [answer["id"] for answer in answers] == [case["id"] for case in cases]
    return {answer["id"]: answer for answer in answers}


@pytest.mark.parametrize("name", SERVED)
def test_what_is_served_has_the_rows_of_the_query(name: str, rewritten: dict[str, dict[str, Any]]) -> None:
    views, query = SERVED[name]
    answer = rewritten[name]
    assert answer["sql"] is not None, answer["reason"]
    assert answer["uses"]
    assert set(answer["uses"]) <= set(views)
    assert answer["reason"].startswith(f"Served from {answer['uses'][0]}")
    for data in (DATA, ""):
        with duckdb.connect() as connection:
            connection.execute(SCHEMA)
            connection.execute(data)
            for view in answer["uses"]:
                connection.execute(f'CREATE TEMP TABLE "{view}" AS {views[view]}')
            direct = connection.sql(query).to_arrow_table()
            served = connection.sql(answer["sql"]).to_arrow_table()
        assert served.schema.names == direct.schema.names
        assert rows_differ(direct, served, ordered="ORDER BY" in query) is None
        assert not data or direct.num_rows > 0


@pytest.mark.parametrize("name", NOT_SERVED)
def test_what_is_not_served_has_a_reason(name: str, rewritten: dict[str, dict[str, Any]]) -> None:
    answer = rewritten[name]
    assert (answer["sql"], answer["uses"]) == (None, [])
    assert NOT_SERVED[name][2] in answer["reason"]
    assert answer["reason"].endswith(".")
    assert "\n" not in answer["reason"]


GOOD = {"id": 7, "schema": "CREATE TABLE t (a INT)", "views": [{"name": "v", "sql": "SELECT a FROM t"}]}
BROKEN = [
    (b"nonsense", None, "is not a case"),
    (b'{"id": 1, "schema": ""', None, "is not a case"),
    (b'{"id": "x", "schema": "CREATE TABLE t (a INT)"}', "x", "query"),
    (b'{"id": 2, "query": "SELECT 1", "views": {"v": "SELECT 1"}}', 2, "views"),
    (b"[1, 2]", None, "is not a case"),
    (b'{"id": 3, "query": "\xff"}', None, "is not a case"),
    (b"[" * 100_000, None, ""),
]


def test_broken_lines_are_answered_and_the_next_ones_go_on(speql: Run, tmp_path: Path) -> None:
    good = json.dumps({**GOOD, "query": "SELECT a FROM t WHERE a > 1", "more": True}).encode()
    lines = [b"\xef\xbb\xbf" + good, b"", b"  \t", *(line for line, _, _ in BROKEN), good]
    cases, output = tmp_path / "cases.jsonl", tmp_path / "answers.jsonl"
    cases.write_bytes(b"\r\n".join(lines))
    done = speql("rewrite", "--cases", str(cases), "--output", str(output))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    first, *middle, last = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert first == last
    assert first["sql"] is not None
    assert [(answer["id"], answer["sql"], answer["uses"]) for answer in middle] == [
        (id_, None, []) for _, id_, _ in BROKEN
    ]
    assert all(said in answer["reason"] for answer, (_, _, said) in zip(middle, BROKEN, strict=True))
    assert "Line 4 " in middle[0]["reason"]


def test_cases_from_standard_input_in_another_dialect(speql: Run) -> None:
    schema = 'CREATE TABLE T (A INT PRIMARY KEY, "B" VARCHAR(3))'
    case = {"id": None, "schema": schema, "views": [{"name": "V", "sql": 'SELECT a, "B" FROM t'}]}
    done = speql(
        "rewrite", "--cases", "-", "--dialect", "postgres", stdin=json.dumps({**case, "query": 'SELECT "B" FROM T'})
    )
    assert done.returncode == 0, done.stderr
    (answer,) = _answers(done)
    assert answer["sql"] == 'SELECT "V"."B" AS "B" FROM "v" AS "V"'
    assert answer["uses"] == ["V"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rewrite", "--cases", "nothing.jsonl"], "Could not read nothing.jsonl"),
        (["rewrite", "--cases", "-", "--dialect", "klingon"], "klingon"),
        (["rewrite", "--cases", "-", "--output", "/nowhere/at/all"], "Could not write"),
        (["rewrite"], "--cases"),
        (["repair"], "--cases"),
        (["repair", "SELECT 1", "--cases", "-"], "either SQL or --cases"),
        (["repair", "SELECT 1", "--output", "x"], "--output goes with --cases"),
        (["repair", "--cases", "-", "--cursor", "3"], "its own cursor"),
    ],
)
def test_wrong_usage_is_told(speql: Run, arguments: list[str], said: str) -> None:
    done = speql(*arguments, stdin="")
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_the_answers_do_not_overwrite_the_cases(speql: Run, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"text": "SELECT 1"}\n')
    done = speql("repair", "--cases", str(path), "--output", str(path))
    assert done.returncode == 2
    assert path.read_text() == '{"text": "SELECT 1"}\n'


def test_repair_of_cases(speql: Run) -> None:
    schema = "CREATE TABLE flights (carrier VARCHAR, delay INTEGER); CREATE TABLE broken (LIKE flights);"
    cases: list[dict[str, Any] | str] = [
        {"id": "schema", "text": "SELECT carrier, count(*) FROM fli", "schema": schema},
        {"id": "no schema", "text": "SELECT a FROM t WHERE (a > 1"},
        {"id": "cursor", "text": "SELECT 1; SELECT carrier, ( FROM flights; SELECT 2", "cursor": 27, "schema": schema},
        "nonsense",
        {"id": "dialect", "text": "SELECT `a FROM t` WHERE a >", "dialect": "bigquery"},
        {"id": "empty", "text": ""},
        {"id": "no dialect", "text": "SELECT 1", "dialect": "klingon"},
        {"id": "no text"},
        {"id": "before the start", "text": "SELECT 1", "cursor": -1},
        {"id": "last", "text": "SELECT carrier FROM flights WHERE delay >", "schema": schema},
    ]
    text = "\n\n".join(case if isinstance(case, str) else json.dumps(case) for case in cases)
    done = speql("repair", "--cases", "-", stdin=text)
    assert done.returncode == 1
    assert done.stderr == ""
    answers = _answers(done)
    assert [answer["id"] for answer in answers] == [case["id"] if isinstance(case, dict) else None for case in cases]
    for answer in answers:
        assert list(answer) == ["id", "sql", "edits", "confidence", "problems", "ms"]
    by_id = {answer["id"]: answer for answer in answers}
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE flights (carrier VARCHAR, delay INTEGER)")
        for id_ in ("schema", "cursor", "last"):
            assert connection.execute(by_id[id_]["sql"]).fetchall() == []
    assert by_id["no schema"]["sql"] == "SELECT a FROM t WHERE (a > 1)"
    assert "carrier" in by_id["cursor"]["sql"]
    assert by_id["cursor"]["edits"]
    assert all(10 <= edit["start"] <= 39 for edit in by_id["cursor"]["edits"])
    assert [problem["code"] for problem in by_id["schema"]["problems"]][-1] == "not-read"
    for id_ in (None, "empty", "no dialect", "no text", "before the start"):
        assert by_id[id_]["sql"] is None
        assert by_id[id_]["problems"]


def test_cases_without_a_schema_are_repaired_against_the_database(speql: Run, small_database: Path) -> None:
    first_case = {"id": 1, "text": "SELECT carrier, count(*) FROM fli"}
    second_case = {"id": 2, "text": "SELECT x FROM u", "schema": "CREATE TABLE u (x INT)"}
    cases = f"{json.dumps(first_case)}\n{json.dumps(second_case)}"
    done = speql("repair", "--cases", "-", "--database", str(small_database), stdin=cases)
    assert done.returncode == 0, done.stderr
    first, second = _answers(done)
    with duckdb.connect(small_database, read_only=True) as connection:
        assert sorted(connection.execute(first["sql"]).fetchall()) == [("AA", 2500), ("UA", 2500)]
    assert second["sql"] == "SELECT x FROM u"
    assert not second["problems"]
