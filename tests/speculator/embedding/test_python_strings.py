"""Which strings of Python are SQL, and where they end; cases as data."""

import pytest

from speql_speculator.embedding.project import project

CASES = [
    ("any string of sql", "duckdb.sql('x y')", ["x y"]),
    ("a keyword argument", "pd.read_sql(sql='SELECT 1', con=c)", ["SELECT 1"]),
    ("a name of a table", "pd.read_sql('flights', c)", []),
    ("another query", "frame.query('a > 3')", []),
    ("in text()", "c.execute(text('SELECT 1'))", ["SELECT 1"]),
    ("nothing yet", "con.execute('')", [""]),
    ("a beginning", "con.execute('SEL')", ["SEL"]),
    ("behind a comment", "con.execute('-- all\\nSELECT 1')", ["-- all\nSELECT 1"]),
    ("in a comment", "# duckdb.sql('SELECT 1')", []),
    ("in a string", "x = \"duckdb.sql('SELECT 1')\"", []),
    ("in a docstring", '"""Calls duckdb.sql(\'SELECT 1\')."""\nduckdb.sql("SELECT 2")', ["SELECT 2"]),
    ("bytes", "con.execute(b'SELECT 1')", []),
    ("raw", "duckdb.sql(r'SELECT 1 -- \\d')", ["SELECT 1 -- \\d"]),
    ("not closed, one line", "duckdb.sql('SELECT a\nx = 5", ["SELECT a"]),
    ("not closed, before Python", 'duckdb.sql("""SELECT a\nFROM t\n\nx = f(1)\n', ["SELECT a\nFROM t"]),
    (
        "not closed, before another",
        'r = db.sql("""SELECT a\nFROM t\ns = db.sql("""SELECT 2""")',
        ["SELECT a\nFROM t", "SELECT 2"],
    ),
    ("closed, with an empty line", 'db.sql("""SELECT a\n\nFROM t""")', ["SELECT a\n\nFROM t"]),
    ("a broken line before", "def f(:\n  ((\nduckdb.sql('SELECT 1')", ["SELECT 1"]),
    ("an f-string's own quotes", 'mo.sql(f"SELECT {x["a"]} FROM t")', ["SELECT NULL FROM t"]),
    (
        "a table's name",
        "mo.sql(f'SELECT * FROM {table} WHERE {a}.b IN {c}')",
        ["SELECT * FROM table WHERE a.b IN (NULL)"],
    ),
    ("a part of a name", "mo.sql(f'SELECT * FROM sales_{year}')", ["SELECT * FROM sales_year"]),
    ("format", "con.execute('SELECT {} FROM {t}'.format(1, t=2))", ["SELECT NULL FROM t"]),
    ("added", "con.execute('SELECT 1 ' + more)", ["SELECT 1 "]),
    ("no call", "query = 'SELECT 1'", []),
]


@pytest.mark.parametrize(("text", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_sql_of_python(text: str, found: list[str]) -> None:
    projection = project(text, "python")
    assert projection is not None
    assert [region.sql.of(projection.sql) for region in projection.regions] == found


CELLS = [
    ("%%sql\nSELECT 1", ["SELECT 1"], [""]),
    ("%%sql SELECT 1\nFROM t", ["SELECT 1\nFROM t"], [""]),
    ("%%sql duckdb:///a.db --save kept\nSELECT 1", ["SELECT 1"], ["kept"]),
    ("%%sql rows <<\nSELECT 1", ["SELECT 1"], ["rows"]),
    ("\n# a comment\n%%duckdb -t df\nSELECT 1", ["SELECT 1"], [""]),
    ("%sql\nSELECT 1\nFROM t", ["SELECT 1\nFROM t"], [""]),
    ("a = %sql SELECT 1\nb = 2\n%sql SELECT 2", ["SELECT 1", "SELECT 2"], ["a", ""]),
    ("%%bigquery frame --params {'a': 1}\nSELECT 1", ["SELECT 1"], ["frame"]),
    ("%%speql --database a.db --writable\nSELECT 1", ["SELECT 1"], [""]),
    ("x = '''\n%sql SELECT 1\n'''", [], []),
    ("%%timeit\n%sql SELECT 1", ["SELECT 1"], [""]),
    ("%%sql\nSELECT {{ x }} FROM t", ["SELECT NULL FROM t"], [""]),
    ("r = duckdb.sql('SELECT 1')\n%matplotlib inline", ["SELECT 1"], ["r"]),
]


@pytest.mark.parametrize(("text", "found", "names"), CELLS, ids=[case[0] for case in CELLS])
def test_the_sql_of_a_cell(text: str, found: list[str], names: list[str]) -> None:
    projection = project(text, "python-cell")
    assert projection is not None
    assert [region.sql.of(projection.sql) for region in projection.regions] == found
    assert [region.name for region in projection.regions] == names
