"""A session on PostgreSQL: typed, previewed and submitted, and each result compared with what psycopg itself gets."""

from collections.abc import Callable, Iterator

import pytest

import speql
from speql_notebook.answer_view import AnswerView
from speql_notebook.cell_error import CellError

psycopg = pytest.importorskip("psycopg")

SCHEMA = """
CREATE TABLE regions (name varchar(20) PRIMARY KEY, boss text);
INSERT INTO regions VALUES ('north', 'Ann'), ('south', NULL), ('West', 'Cid');
CREATE TABLE sales (id int PRIMARY KEY, region varchar(20) REFERENCES regions, amount numeric(9, 2), day date, padded char(6));
INSERT INTO sales SELECT i, (ARRAY['north', 'south', 'West', NULL])[1 + i % 4], i * 1.25, date '2024-01-01' + i % 365,
    CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'a ' ELSE 'B' END FROM generate_series(0, 4999) AS r(i);
ANALYZE
"""  # noqa: E501

QUERIES = [
    "SELECT region, sum(amount) AS total, count(*) FROM sales GROUP BY region ORDER BY region",
    "SELECT region, avg(id), avg(amount), id / 2 AS half FROM sales WHERE id < 9 GROUP BY region, id ORDER BY id",
    "SELECT padded, count(*) FROM sales WHERE padded = 'a' GROUP BY padded",
    "SELECT region FROM sales WHERE region > 'a' AND id < 40 ORDER BY region DESC NULLS LAST, id LIMIT 7",
    "SELECT boss, max(day), min(amount) FROM sales s JOIN regions r ON s.region = r.name GROUP BY boss ORDER BY boss",
    """WITH monthly AS (SELECT date_trunc('month', day) AS m, sum(amount) AS total FROM sales GROUP BY 1)
    SELECT m, total, lag(total) OVER (ORDER BY m) AS before FROM monthly WHERE total > 1000 ORDER BY m""",
    "SELECT name FROM regions WHERE name NOT IN (SELECT region FROM sales WHERE region IS NOT NULL AND id < 3)",
    "SELECT region, amount::int, '' AS empty, NULL AS nothing FROM sales WHERE amount BETWEEN 10 AND 12.5 ORDER BY id",
]


@pytest.fixture
def url(postgres_database: Callable[[], str]) -> str:
    url = postgres_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA)
    return url


@pytest.fixture
def session(url: str) -> Iterator[speql.Session]:
    with speql.connect(url) as session:
        yield session


def direct(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()


def rows(view: AnswerView) -> list[tuple[object, ...]]:
    table = view.arrow()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def same(found: list[tuple[object, ...]], wanted: list[tuple[object, ...]]) -> bool:
    return [tuple(map(_value, row)) for row in found] == [tuple(map(_value, row)) for row in wanted]


def _value(value: object) -> object:
    return value.timestamp() if hasattr(value, "timestamp") else value


@pytest.mark.parametrize("sql", QUERIES)
def test_what_was_typed_and_submitted_is_what_postgresql_says(session, url, sql):
    words = sql.split(" ")
    for count in range(1, len(words) + 1):
        session.type(" ".join(words[:count]))
    shown = session.preview(exact=True).result(30)
    answer = session.submit()

    assert same(rows(shown), direct(url, sql))
    assert same(rows(answer), direct(url, sql))
    assert not shown.preview.served_from


def test_an_edit_is_answered_anew(session, url):
    session.type(QUERIES[0])
    session.preview(exact=True).result(30)
    session.submit()
    edited = QUERIES[0].replace("sum", "max")
    session.type(edited)
    session.preview(exact=True).result(30)

    assert same(rows(session.submit()), direct(url, edited))


def test_rows_that_others_write_are_seen(session, url):
    sql = "SELECT count(*) AS n FROM sales"
    assert rows(session.submit(sql)) == [(5000,)]
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("DELETE FROM sales WHERE id < 1000")

        assert rows(session.submit(sql)) == [(4000,)]


def test_what_may_do_anything_runs_only_when_it_is_submitted(session, url):
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("CREATE SEQUENCE numbers")
    session.type("SELECT nextval('numbers')")

    with pytest.raises(CellError, match="nextval"):
        session.preview(exact=True).result(30)
    assert direct(url, "SELECT is_called FROM numbers") == [(False,)]
