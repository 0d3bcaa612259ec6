"""The guard: what may be speculated, and what may not and why. A row of these tables is a case."""

import pytest
import sqlglot

from speql_sql import Catalog, Column, Table
from speql_sql.guard import GuardPolicy, is_query, speculation_problems

ALLOWED = [
    "SELECT 1",
    "FROM t",
    "FROM t SELECT a WHERE b > 1",
    "TABLE t",
    "VALUES (1, 'a'), (2, 'b')",
    "(SELECT a FROM t) UNION ALL (SELECT a FROM u) EXCEPT SELECT 1",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT * FROM r",
    "WITH a AS MATERIALIZED (SELECT 1 AS x) SELECT x FROM a, LATERAL (SELECT x + 1) AS l(y)",
    "SELECT DISTINCT ON (a) a, b FROM main.t ORDER BY a NULLS LAST LIMIT 5 OFFSET 2",
    "SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM t",
    "SELECT COLUMNS('a.*') FROM t",
    "SELECT g, count(*), sum(x) FILTER (WHERE x > 0), avg(DISTINCT x) FROM t GROUP BY ALL HAVING count(*) > 1",
    "SELECT a, b, sum(c) FROM t GROUP BY ROLLUP (a, b)",
    "SELECT a, b, grouping(a) FROM t GROUP BY GROUPING SETS ((a), (b), ())",
    "SELECT row_number() OVER w, lag(x, 1) OVER w FROM t WINDOW w AS (PARTITION BY g ORDER BY d)",
    "SELECT rank() OVER (ORDER BY x DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS r FROM t QUALIFY r = 1",
    "SELECT sum(sum(x)) OVER (PARTITION BY g) FROM t GROUP BY g",
    "SELECT * FROM t JOIN u USING (id) LEFT JOIN v ON t.a = v.a AND v.b IS NOT NULL CROSS JOIN w",
    "SELECT * FROM t ASOF JOIN u ON t.k = u.k AND t.ts >= u.ts",
    "SELECT * FROM t SEMI JOIN u USING (id)",
    "SELECT * FROM t POSITIONAL JOIN u",
    "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND t.b NOT IN (SELECT b FROM v)",
    "SELECT * FROM t WHERE a = ANY (SELECT 1) OR b > ALL (SELECT 2)",
    "SELECT CASE WHEN a THEN 1 ELSE 2 END, CAST(a AS DECIMAL(7, 2)), TRY_CAST(b AS DATE), c::STRUCT(x INTEGER)",
    "SELECT coalesce(a, b), nullif(a, 0), greatest(a, b), a BETWEEN 1 AND 2, a IN (1, 2), a IS DISTINCT FROM b FROM t",
    "SELECT a LIKE 'x%', a ILIKE 'y', a SIMILAR TO 'z', a ~ 'r', a GLOB '*', a NOT LIKE 'q' ESCAPE '!' FROM t",
    "SELECT upper(s), lower(s), substr(s, 1, 2), substring(s FROM 2 FOR 3), trim(BOTH 'x' FROM s), s || 'x' FROM t",
    "SELECT position('a' IN s), strlen(s), replace(s, 'a', 'b'), split_part(s, '-', 1), concat_ws(',', a, b) FROM t",
    "SELECT regexp_matches(s, 'a'), regexp_replace(s, 'a', 'b', 'g'), regexp_extract(s, '(a)', 1) FROM t",
    "SELECT extract(year FROM d), year(d), date_trunc('month', d), date_part('dow', d), d + INTERVAL 1 DAY FROM t",
    "SELECT d - INTERVAL '3 days', date_diff('day', a, b), strftime(d, '%Y'), last_day(d), epoch_ms(d) FROM t",
    "SELECT DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00', ts AT TIME ZONE 'UTC', make_date(2020, 1, 1) FROM t",
    "SELECT abs(x), round(x, 2), floor(x), ceil(x), sqrt(x), ln(x), x % 2, x // 2, x ** 2, -x, ~x, x << 1 FROM t",
    "SELECT median(x), quantile_cont(x, 0.5), stddev(x), variance(x), corr(x, y), mode(x), arg_max(a, x) FROM t",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), string_agg(s, ',' ORDER BY s), list(x ORDER BY x) FROM t",
    "SELECT any_value(x), first(x ORDER BY y), bool_and(b), bit_xor(x), approx_count_distinct(x), histogram(x) FROM t",
    "SELECT [1, 2, 3][1], l[1:2], {'a': 1}.a, s.a.b, MAP {'k': 1}, row(1, 2), struct_pack(a := 1) FROM t",
    "SELECT list_transform(l, x -> x + 1), list_filter(l, lambda x: x > 1), [x * 2 FOR x IN l IF x > 1] FROM t",
    "SELECT unnest([1, 2]), len(l), list_contains(l, 1), array_agg(x), list_sum(l) FROM t",
    "SELECT j->'$.a', j->>'b', json_extract(j, '$.a'), json_array_length(j) FROM t",
    "SELECT * FROM range(10), generate_series(1, 3), unnest([1, 2]) AS u(x)",
    "SELECT * FROM t PIVOT (sum(x) FOR g IN ('a', 'b'))",
    "SELECT * FROM t UNPIVOT (v FOR k IN (a, b))",
    "SELECT md5(s), sha256(s), hash(s), bar(x, 0, 10), format('{}', x), printf('%d', x), typeof(x) FROM t",
    "SELECT t FROM t",
    "SELECT s.upper().lower() FROM t",
    "SELECT main.upper('a')",
    'SELECT "now" FROM t',
    "SELECT if(a, 1, 2), ifnull(a, 1), a COLLATE NOCASE FROM t",
]

REFUSED = [
    # Other statements
    ("INSERT INTO t VALUES (1)", "not-a-query"),
    ("UPDATE t SET a = 1", "not-a-query"),
    ("DELETE FROM t", "not-a-query"),
    ("MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE", "not-a-query"),
    ("CREATE TABLE x AS SELECT 1", "not-a-query"),
    ("CREATE MACRO f(x) AS x", "not-a-query"),
    ("DROP TABLE t", "not-a-query"),
    ("ALTER TABLE t ADD COLUMN x INTEGER", "not-a-query"),
    ("TRUNCATE t", "not-a-query"),
    ("COPY t TO 'x.csv'", "not-a-query"),
    ("PRAGMA version", "not-a-query"),
    ("SET threads = 1", "not-a-query"),
    ("ATTACH 'x.duckdb'", "not-a-query"),
    ("DETACH x", "not-a-query"),
    ("INSTALL httpfs", "not-a-query"),
    ("LOAD httpfs", "not-a-query"),
    ("CALL pragma_version()", "not-a-query"),
    ("USE x", "not-a-query"),
    ("BEGIN", "not-a-query"),
    ("SHOW TABLES", "not-a-query"),
    ("DESCRIBE t", "not-a-query"),
    ("SUMMARIZE t", "not-a-query"),
    ("EXPLAIN SELECT 1", "not-a-query"),
    ("PIVOT t ON g USING sum(x)", "not-a-query"),
    # Writes within a query
    ("WITH a AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a", "writes"),
    ("WITH a AS (DELETE FROM t RETURNING *) FROM a", "writes"),
    ("WITH a AS (UPDATE t SET x = 1 RETURNING *) SELECT 1", "writes"),
    ("SELECT * FROM (WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a)", "writes"),
    ("SELECT * INTO x FROM t", "writes"),
    ("SELECT * FROM t FOR UPDATE", "locks-rows"),
    ("SELECT * FROM t FOR SHARE", "locks-rows"),
    ("SELECT * FROM (SELECT * FROM t FOR UPDATE)", "locks-rows"),
    # Volatile functions, however spelt
    ("SELECT random()", "volatile-function"),
    ("SELECT RANDOM ( )", "volatile-function"),
    ('SELECT "random"()', "volatile-function"),
    ("SELECT main.random()", "volatile-function"),
    ("SELECT system.main.random()", "volatile-function"),
    ('SELECT system."main"."RANDOM"()', "volatile-function"),
    ("SELECT a FROM t WHERE x < random()", "volatile-function"),
    ("SELECT a FROM t ORDER BY random()", "volatile-function"),
    ("SELECT a FROM t LIMIT (SELECT (random() * 9)::INTEGER)", "volatile-function"),
    ("SELECT list_transform(l, x -> x + random()) FROM t", "volatile-function"),
    ("SELECT [random() FOR x IN l] FROM t", "volatile-function"),
    ("SELECT (SELECT max(random()) FROM u) FROM t", "volatile-function"),
    ("WITH a AS (SELECT uuid() AS id) SELECT * FROM a", "volatile-function"),
    ("SELECT 1 UNION SELECT random()", "volatile-function"),
    ("SELECT * FROM t JOIN u ON random() < 0.5", "volatile-function"),
    ("SELECT sum(x) FILTER (WHERE random() < 0.5) FROM t", "volatile-function"),
    ("SELECT sum(x) OVER (ORDER BY random()) FROM t", "volatile-function"),
    ("SELECT * FROM t PIVOT (sum(random()) FOR g IN ('a'))", "volatile-function"),
    ("VALUES (random())", "volatile-function"),
    ("SELECT {'a': [random()]}", "volatile-function"),
    ("SELECT gen_random_uuid()", "volatile-function"),
    ("SELECT uuidv7()", "volatile-function"),
    ("SELECT nextval('s')", "volatile-function"),
    ("SELECT currval('s')", "volatile-function"),
    ("SELECT setval('s', 1)", "volatile-function"),
    ("SELECT 's'.nextval()", "volatile-function"),
    ("SELECT setseed(0.5)", "volatile-function"),
    ("SELECT sleep_ms(1000)", "volatile-function"),
    ("SELECT write_log('x')", "volatile-function"),
    ("SELECT getenv('HOME')", "volatile-function"),
    ("SELECT error('x')", "volatile-function"),
    ("SELECT getvariable('x')", "volatile-function"),
    ("SELECT current_setting('threads')", "volatile-function"),
    ("SELECT reservoir_quantile(x, 0.5) FROM t", "volatile-function"),
    # The clock
    ("SELECT now()", "volatile-function"),
    ("SELECT current_date", "volatile-function"),
    ("SELECT current_timestamp", "volatile-function"),
    ("SELECT CURRENT_TIME", "volatile-function"),
    ("SELECT localtimestamp", "volatile-function"),
    ("SELECT localtime", "volatile-function"),
    ("SELECT current_localtimestamp()", "volatile-function"),
    ("SELECT get_current_timestamp()", "volatile-function"),
    ("SELECT transaction_timestamp()", "volatile-function"),
    ("SELECT today()", "volatile-function"),
    ("SELECT age(d) FROM t", "volatile-function"),
    ("SELECT ago(INTERVAL 1 DAY)", "volatile-function"),
    ("SELECT * FROM t WHERE d > current_date - 7", "volatile-function"),
    # Samples
    ("SELECT * FROM t TABLESAMPLE 10%", "volatile-function"),
    ("SELECT * FROM t USING SAMPLE 3", "volatile-function"),
    # Functions that are not known
    ("SELECT my_macro(x) FROM t", "unknown-function"),
    ("SELECT s2.my_macro(x) FROM t", "unknown-function"),
    ('SELECT "My Macro"(x) FROM t', "unknown-function"),
    ("SELECT x.my_macro() FROM t", "unknown-function"),
    ("SELECT read_text('/etc/passwd')", "unknown-function"),
    ("SELECT 'a'.read_text()", "unknown-function"),
    ("SELECT 'SELECT 1'.query()", "volatile-function"),
    ("SELECT pg_sleep(1)", "volatile-function"),
    # Table functions
    ("FROM query('DELETE FROM t')", "table-function"),
    ("FROM query_table('t')", "table-function"),
    ("FROM main.query('SELECT 1')", "table-function"),
    ("FROM pragma_version()", "table-function"),
    ("FROM duckdb_settings()", "table-function"),
    ("FROM checkpoint()", "table-function"),
    ("FROM my_table_macro(1)", "table-function"),
    ("FROM json_execute_serialized_sql('{}')", "table-function"),
    ("FROM which_secret('s3://x', 's3')", "table-function"),
    ("SELECT * FROM t, LATERAL query('SELECT 1')", "table-function"),
    ("FROM range((random() * 9)::INTEGER)", "volatile-function"),
    # The session described as tables
    ("FROM information_schema.tables", "system-table"),
    ("FROM pg_catalog.pg_class", "system-table"),
    ("FROM duckdb_tables", "system-table"),
    ("FROM sqlite_master", "system-table"),
    # Files and networks, with no path allowed
    ("FROM 'data.parquet'", "file-access"),
    ('FROM "data.parquet"', "file-access"),
    ("FROM '/etc/passwd'", "file-access"),
    ("FROM 'data/*.csv' AS d", "file-access"),
    ("SELECT * FROM t JOIN 'x.json' ON true", "file-access"),
    ("FROM read_csv('x.csv')", "file-access"),
    ("FROM READ_CSV_AUTO('x.csv')", "file-access"),
    ("FROM main.read_csv('x.csv')", "file-access"),
    ("FROM x.y.read_csv('x.csv')", "file-access"),
    ("FROM \"read_csv\"('x.csv')", "file-access"),
    ("FROM read_parquet(['a.parquet', 'b.parquet'])", "file-access"),
    ("FROM parquet_scan('a.parquet')", "file-access"),
    ("FROM read_text('a')", "file-access"),
    ("FROM read_blob('a')", "file-access"),
    ("FROM glob('*')", "file-access"),
    ("FROM sniff_csv('a.csv')", "file-access"),
    ("FROM read_csv('https://example.com/x.csv')", "network-access"),
    ("FROM 's3://bucket/x.parquet'", "network-access"),
    ("FROM 'hf://datasets/x'", "network-access"),
    ("FROM read_parquet('file:///etc/passwd')", "network-access"),
    # Others
    ("SELECT * FROM t WHERE a = ?", "parameter"),
    ("SELECT $1", "parameter"),
    ("FROM (PIVOT t ON g USING sum(x))", "not-understood"),
    ("FROM (DESCRIBE t)", "not-understood"),
    ("FROM (SHOW TABLES)", "system-table"),
    ("SELECT * FROM t AT (VERSION => 1)", "not-understood"),
]


def problems_of(sql: str, policy: GuardPolicy | None = None) -> list[str]:
    tree = sqlglot.parse_one(sql, read="duckdb")
    before = tree.copy()
    problems = speculation_problems(tree, policy) if policy else speculation_problems(tree)
    assert tree == before, "the guard changes nothing"
    assert all(problem.message for problem in problems)
    return [problem.code for problem in problems]


@pytest.mark.parametrize("sql", ALLOWED)
def test_allows(sql: str) -> None:
    assert problems_of(sql) == []


@pytest.mark.parametrize(("sql", "code"), REFUSED)
def test_refuses(sql: str, code: str) -> None:
    assert code in problems_of(sql)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("inside.csv", None),
        ("folder/../inside.csv", None),
        ("folder/*.parquet", None),
        ("*.csv", None),
        ("../outside.csv", "file-access"),
        ("folder/../../outside.csv", "file-access"),
        ("folder/*/../../../outside.csv", "file-access"),
        ("link/outside.csv", "file-access"),
        ("link/*.csv", "file-access"),
        ("~/x.csv", "file-access"),
        ("~nobody-of-this-name/x.csv", "file-access"),
        ("/etc/passwd", "file-access"),
        ("/*.csv", "file-access"),
        ("http://127.0.0.1/inside.csv", "network-access"),
    ],
)
@pytest.mark.parametrize("form", ["FROM '{}'", "FROM read_csv('{}')", "FROM read_parquet(['inside.csv', '{}'])"])
def test_files_within_the_workspace(tmp_path, monkeypatch, path: str, code: str | None, form: str) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "folder").mkdir(parents=True)
    (workspace / "link").symlink_to(tmp_path)
    monkeypatch.chdir(workspace)
    codes = problems_of(form.format(path), GuardPolicy(allowed_paths=(str(workspace),)))
    assert codes == ([] if code is None else [code])


def test_a_path_allowed_by_name_allows_that_file_only(tmp_path) -> None:
    policy = GuardPolicy(allowed_paths=(str(tmp_path / "a.csv"),))
    assert problems_of(f"FROM '{tmp_path}/a.csv'", policy) == []
    assert problems_of(f"FROM '{tmp_path}/a.csv.gz'", policy) == ["file-access"]
    assert problems_of(f"FROM '{tmp_path}/*.csv'", policy) == ["file-access"]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("read_csv('a.csv', header = true, delim := ';')", None),
        ("read_csv('a.csv', store_rejects = true)", "writes"),
        ("read_csv('a.csv', rejects_table := 'x')", "writes"),
        ("read_csv('a' || '.csv')", "file-access"),
        ("read_csv((SELECT path FROM t))", "file-access"),
        ("read_csv(['a.csv', p])", "file-access"),
    ],
)
def test_options_and_computed_paths(tmp_path, monkeypatch, call: str, code: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    codes = problems_of(f"SELECT * FROM {call}", GuardPolicy(allowed_paths=(str(tmp_path),)))
    assert codes == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("macro", "sql", "code"),
    [
        ("mine", "SELECT mine(1)", "unknown-function"),
        ("mine", "SELECT upper('a')", None),
        ("upper", "SELECT 1", "shadowed-function"),
        ("+", "SELECT 1", "shadowed-function"),
        ("list_value", "SELECT [1]", "shadowed-function"),
        ("range", "FROM range(3)", "shadowed-function"),
        ("if", "SELECT 1", "shadowed-function"),
    ],
)
def test_functions_of_the_database(macro: str, sql: str, code: str | None) -> None:
    codes = problems_of(sql, GuardPolicy(user_functions=frozenset({macro})))
    assert codes == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("own", "sql", "passes"),
    [
        ("operator %", "SELECT a FROM t WHERE b LIKE '%x%' -- 5 % 2", True),
        ("operator %", "SELECT a % 2 FROM t", False),
        ("operator ->", "SELECT b ->> 'x' FROM t", False),
        ("operator =", "SELECT 1", False),
        ("operator ~~", "SELECT a FROM t", False),
        ("operator cast", "SELECT 1", False),
        ("domain check", "SELECT a::small FROM t", False),
        ("domain check", "SELECT a::int FROM t", True),
    ],
)
@pytest.mark.parametrize("with_text", [True, False])
def test_operators_and_domains_of_the_database(own: str, sql: str, passes: bool, with_text: bool) -> None:
    tree = sqlglot.parse_one(sql, read="postgres")
    policy = GuardPolicy("postgres", user_functions=frozenset({own}))
    assert (not speculation_problems(tree, policy, sql if with_text else None)) is passes


def test_policy_of_a_catalog() -> None:
    columns = (Column("a", "INTEGER"),)
    catalog = Catalog(
        (Table("good", columns), Table("Bad", columns, kind="view", unsafe="It calls random().")),
        user_functions=frozenset({"mine"}),
    )
    policy = GuardPolicy.for_catalog(catalog)
    assert problems_of("FROM good", policy) == []
    assert problems_of("FROM main.bad", policy) == ["unsafe-table"]
    assert problems_of("SELECT mine(a) FROM good", policy) == ["unknown-function"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", True),
        ("((SELECT 1))", True),
        ("SELECT 1 UNION SELECT 2", True),
        ("VALUES (1)", True),
        ("FROM t", True),
        ("WITH a AS (SELECT 1) FROM a", True),
        ("INSERT INTO t SELECT 1", False),
        ("CREATE VIEW v AS SELECT 1", False),
        ("EXPLAIN SELECT 1", False),
        ("PIVOT t ON a", False),
    ],
)
def test_is_query(sql: str, expected: bool) -> None:
    assert is_query(sqlglot.parse_one(sql, read="duckdb")) is expected


def test_each_problem_is_told_once() -> None:
    assert problems_of("SELECT random(), random() + random()") == ["volatile-function"]
