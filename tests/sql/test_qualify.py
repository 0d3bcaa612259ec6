"""Qualified queries return what the query as written returns, or are refused."""

import duckdb
import pytest
import sqlglot

from speql_engines.compare import rows_differ
from speql_sql import Catalog, Column, Table
from speql_sql.qualify import qualify_query

SCHEMA = """
CREATE TABLE t (a INTEGER, b INTEGER, "Foo" VARCHAR, s VARCHAR);
CREATE TABLE u (a BIGINT, c INTEGER);
CREATE SCHEMA other; CREATE TABLE other.t (a INTEGER, z INTEGER);
INSERT INTO t VALUES (1, 10, 'x', 'q'), (1, 20, 'y', NULL), (2, 30, 'z', 'r'), (-2, 5, 'z', 'r'), (NULL, 1, NULL, 'q');
INSERT INTO u VALUES (1, 1), (1, 2), (2, 3), (NULL, 4), (7, 1);
INSERT INTO other.t VALUES (1, 5), (2, 6);
"""
CATALOG = Catalog(
    (
        Table("t", (Column("a", "INTEGER"), Column("b", "INTEGER"), Column("Foo", "VARCHAR"), Column("s", "VARCHAR")),
              "main", "memory"),
        Table("u", (Column("a", "BIGINT"), Column("c", "INTEGER")), "main", "memory"),
        Table("t", (Column("a", "INTEGER"), Column("z", "INTEGER")), "other", "memory"),
    ),
    path=(("memory", "main"),),
)  # fmt: skip
ANSWERED = """
select foo, FOO, t.Foo as BaR from t
select "Foo" AS "BaZ", count(*), a+1 from T group by all
select abs(a) as a, count(*) from t group by a order by 1, 2
select -a as a from t order by a
select -a as a from t where a > 0
select sum(b) as b from t group by a having b > 20
select a as k, sum(b) as z from t group by k having z > 20
select sum(b) as a, a as k from t group by a having a > 0
select a as k, -a as a from t qualify row_number() over (order by a, b) = 1
select b+1 as b, b*2 as c from t
select a+1 as z, z*2 as c from t
select a, sum(b) as s from t group by 1 order by 2 desc
select * from t join u using (a)
select a, count(*) from t left join u using (a) group by a
select t.a, u.a, c from t left join u using (a)
select * from t natural join u
select * exclude (a) from t
select * replace (a+1 as a) from t
from t
from t select a where a = 1
with t as (select * from t) select * from t
with t as (select a from t), v as (select a from t) select * from v
with x(p, q) as (select a, b from t) select p from x
select * from (select a, b from t) as d(p, q)
select * from (values (1, 2)) v(x, y)
select * from (values (1), (2)) v(x)
select * from t, lateral (select t.a+1 as z) l
select (select max(c) from u where u.a = t.a) m from t
select a from t where exists (select 1 from u where u.a = t.a and b = 10)
select a from t where a in (select c from u)
select a from t union all select c from u order by a
select a as k from t union select c from u order by 1
(select a from t) union all (select c from u)
select a from main.t where main.t.a = 1
select t.z from other.t
select memory.other.t.z from memory.other.t
select count(*) filter (where a > 1) as n from t
select b, sum(b) over (partition by a order by b) as w from t
select distinct on (a) a, b from t order by a, b
select a, b, sum(b) from t group by grouping sets ((a, b), (a), ())
select a, sum(b), grouping(a) from t group by rollup (a) order by grouping(a), a
with recursive r as (select 1 as n union all select n+1 from r where n < 5) select * from r
select x.a from t x semi join u on x.a = u.a
select * from t x anti join u on x.a = u.a
select sum(b) s from t having s > 3
select case a when 1 then 2 end as a2 from t where a2 > 1
select 1 as one, a from t group by one, a
select 2 as b, count(*) from t group by 1
select * from t where a = (select min(a) from u) and not (b between 1 and 2)
select d.*, 1 from (select * from t) d
select t.*, u.* from t, u
select list_transform([1, 2], lambda x: x + 1) from t
select a from t order by sum(b) over (), a
select sum(b) as b, sum(b) + 1 as c from t
select a, case when s = 30 then 0 else 1 end as k from (select a, sum(b) as s from t group by a) q order by k, a
select a as x, sum(b) as total from t group by a order by case when total = 30 then 0 else 1 end, x
select t1.a from t t1 join t t2 on t1.a = t2.a join u on u.a = t2.a
select x.a from t as x where x.b > (select avg(x.b) from t as x)
select count(*) from (select a from t) x, (select c from u) y where x.a = y.c
select a b, b a from t order by a, b
select distinct a + 1 as n from t order by n
select sum(a) from t group by b % 2 having count(*) > 1
""".strip().splitlines()
REFUSED = {
    "select * from (select t1.a, t2.a from t t1 join t t2 on t1.b = t2.b)": "unsupported-query",
    "select x.a from (select t1.a, t2.a from t t1 join t t2 on t1.b = t2.b) x": "duplicate-column",
    "select columns('a') from t": "unsupported-query",
    "pivot t on a using sum(b)": "unsupported-query",
    "(values (1)) order by 1": "unsupported-query",
    "((values (1), (2)))": "unsupported-query",
    "select -a as a from t order by a+0": "ambiguous-name",
    "select a from t full join u using (a)": "unsupported-query",
    "select a from t order by all": "unsupported-query",
    "select t from t": "unsupported-query",
    "select nosuch from t": "unknown-column",
    "select a from nosuch": "unknown-table",
    "select a from t, u": "unknown-column",
    "select x.a from t": "unknown-column",
    "select t.a from t, other.t": "unsupported-query",
    "(values (1), (2) order by 1)": "unsupported-query",
    "select max((a,))::varchar from t": "unsupported-query",
    "select count(distinct (a,)) from t": "unsupported-query",
    "select b from t where (a,) in ((1,), (2,))": "unsupported-query",
    "select a from t where nosuch.a = 1": "unknown-column",
}  # fmt: skip


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(SCHEMA)
    return connection


@pytest.mark.parametrize("sql", ANSWERED)
def test_qualified_queries_return_the_same(sql: str, con: duckdb.DuckDBPyConnection) -> None:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    before = repr(tree)
    qualified = qualify_query(tree, CATALOG)
    assert repr(tree) == before
    assert qualified.query is not None, qualified.problems
    written = qualified.query.sql("duckdb", identify=True)
    direct, again = con.sql(sql).to_arrow_table(), con.sql(written).to_arrow_table()
    assert rows_differ(direct, again, ordered="order by" in sql.rpartition(")")[2], same_names=False) is None, written
    names = zip(direct.column_names, again.column_names, strict=True)
    assert all(one == other for one, other in names if one.isidentifier() and not other.startswith("_col_")), written
    twice = qualify_query(sqlglot.parse_one(written, dialect="duckdb"), CATALOG).query
    assert twice is not None
    assert twice.sql("duckdb", identify=True) == written


@pytest.mark.parametrize("sql", REFUSED)
def test_what_cannot_be_resolved_for_certain_is_refused(sql: str) -> None:
    found = qualify_query(sqlglot.parse_one(sql, dialect="duckdb"), CATALOG)
    assert found.query is None
    assert [problem.code for problem in found.problems] == [REFUSED[sql]] or (
        REFUSED[sql] == "unknown-column" and found.problems[0].code == "unresolved-query"
    )
    assert found.problems[0].message


def test_a_problem_has_its_place() -> None:
    sql = "select a from nosuch"
    problem = qualify_query(sqlglot.parse_one(sql, dialect="duckdb"), CATALOG).problems[0]
    assert problem.span is not None
    assert problem.span.of(sql) == "nosuch"


def test_a_large_catalog_costs_nothing() -> None:
    others = [Table(f"x{n}", (Column("a", "INTEGER"),), "main", "memory") for n in range(50_000)]
    many = Catalog((*CATALOG.tables, *others), path=CATALOG.path)
    found = qualify_query(sqlglot.parse_one("select a from x49999", dialect="duckdb"), many)
    assert found.query is not None
    assert found.query.sql("duckdb") == "SELECT x49999.a AS a FROM memory.main.x49999 AS x49999"
