"""Random views and queries over random data: what a rewritten query returns is what the query returns.

``make fuzz N=100000`` runs more of them, ``SEED=7`` the same again. A failure is printed as a case that can be pasted
into ``tests/fixtures/matching/found.sql``, with no more rows than it needs.
"""

import os
import random
import secrets
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from speql_engines.compare import rows_differ
from speql_scheduler.matching.canonical import canonical_key, no_names
from speql_scheduler.matching.components import finer_select
from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.rows_key import rows_key
from speql_scheduler.matching.spjg import Block
from speql_scheduler.matching.view import View, define_view
from speql_sql import Catalog, Column, Table
from speql_sql.qualify import qualify_query

from .random_expressions import NOT_NULL, SCHEMA, Spec
from .random_queries import Maker, wrapped

CASES = int(os.environ.get("SPEQL_FUZZ_CASES", "300"))
SEED = os.environ.get("SPEQL_FUZZ_SEED", "20240611") or str(secrets.randbelow(10**9))
DATA_EVERY = 20
Rows = dict[str, list[str]]


def random_rows(rng: random.Random) -> Rows:
    """The rows of each table, as SQL."""
    maker = Maker(rng)
    found: Rows = {}
    for table, columns in SCHEMA.items():
        nulls = {c: 0.0 if (table, c) in NOT_NULL else rng.choice([0.0, 0.1, 0.4]) for c in columns}
        count = rng.choice([0, 1, 5, 25, 25, 60]) if table == "fact" else rng.choice([0, 2, 6, 6, 12])
        found[table] = [
            f"({', '.join('NULL' if rng.random() < nulls[c] else maker.literal(t) for c, t in columns.items())})"
            for _ in range(count)
        ]
    return found


def fill(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    for table, columns in SCHEMA.items():
        declared = [f"{c} {t}{' NOT NULL' if (table, c) in NOT_NULL else ''}" for c, t in columns.items()]
        con.execute(f"CREATE OR REPLACE TABLE {table} ({', '.join(declared)})")
        if rows[table]:
            con.execute(f"INSERT INTO {table} VALUES {', '.join(rows[table])}")


def known_catalog() -> Catalog:
    return Catalog(
        tuple(
            Table(table, tuple(Column(c, t, (table, c) not in NOT_NULL) for c, t in columns.items()), "main", "memory")
            for table, columns in SCHEMA.items()
        ),
        path=(("memory", "main"),),
    )


def differ(left: pa.Table, right: pa.Table) -> str | None:
    """Like rows_differ, which is only asked where the rows are not the same to the letter."""
    if left.schema == right.schema and sorted(map(repr, left.to_pylist())) == sorted(map(repr, right.to_pylist())):
        return None
    return rows_differ(left, right)


@dataclass
class Counts:
    tried: int = 0
    matched: int = 0
    keys_equal: int = 0
    variants_equal: int = 0
    failures: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)


def variants(query: exp.Query) -> list[exp.Query]:
    """Queries that may have the rows of this one: it as a source, and its columns called like each other."""
    text = query.sql("duckdb")
    found = [sqlglot.parse_one(f"{before}{text}{after}", dialect="duckdb") for before, after in AROUND]
    names = query.named_selects
    if isinstance(query, exp.Select) and len(set(names)) == len(names):
        turned = query.copy()
        columns = [item.unalias() for item in turned.expressions]
        turned.set("expressions", [exp.alias_(c, n) for c, n in zip(columns, [*names[1:], names[0]], strict=True)])
        found.append(turned)
    return found


AROUND = [
    ("SELECT * FROM (", ") AS w"),
    ("WITH w AS (", ") SELECT * FROM w"),
    ("SELECT * FROM (", ") AS w WHERE 1 = 1"),
]


def other_rows(
    con: duckdb.DuckDBPyConnection, known: Catalog, query: exp.Query, direct: pa.Table, counts: Counts
) -> str | None:
    """A variant of the query that has its key, and other rows, if there is one."""
    qualified = qualify_query(query, known).query
    for variant in variants(query) if qualified is not None else ():
        other = qualify_query(variant, known).query
        if other is None or qualified is None or rows_key(other) != rows_key(qualified):
            continue
        counts.variants_equal += 1
        found = con.sql(variant.sql("duckdb")).to_arrow_table()
        places = [str(place) for place in range(direct.num_columns)]
        if wrong := differ(direct.rename_columns(places), found.rename_columns(places)):
            return f"{wrong}\nequal keys of rows: {variant.sql('duckdb')}"
    return None


def finer_view(maker: Maker, sql: str, catalog: Catalog) -> str | None:
    """Groups from which those of the query can be computed, some of its conditions left out."""
    qualified = qualify_query(sqlglot.parse_one(sql, dialect="duckdb"), catalog).query
    if not isinstance(qualified, exp.Select):
        return None
    block = Block(qualified, no_names(), catalog)
    left_out = [node for node in block.clause.where if maker.rng.random() < 0.4]
    columns = [exp.column(c, table=s) for s in block.clause.inner for c in SCHEMA[block.clause.sources[s].name]]
    finer = finer_select(block, maker.rng.sample(columns, min(len(columns), maker.rng.randrange(3))), left_out)
    return finer if isinstance(finer, str) else finer.sql("duckdb")


def random_case(maker: Maker, catalog: Catalog) -> tuple[list[str], str]:
    """The texts of one or two views, and of a query that is like the first."""

    def text(spec: Spec) -> str:
        return maker.text(spec, maker.rng.random() < 0.2)

    first = maker.spec()
    query = maker.mutated(first)
    sql = wrapped(maker, query, text)
    views = [maker.text(first, False)]
    if maker.rng.random() < 0.15:
        views.append(maker.text(maker.mutated(query), False))
    if query.keys is not None and maker.rng.random() < 0.3:
        finer = finer_view(maker, maker.text(query, False), catalog)
        views = [finer] if finer is not None and finer.startswith("SELECT") else views
    return views, sql


def check(
    con: duckdb.DuckDBPyConnection, known: Catalog, view_sqls: list[str], query_sql: str, counts: Counts
) -> str | None:
    """What is wrong with the rewriting of the query over the views, or None."""
    try:
        direct = con.sql(query_sql).to_arrow_table()
        of_views = [con.sql(sql).to_arrow_table() for sql in view_sqls]
    except duckdb.Error:
        return None
    counts.tried += 1
    views: list[View] = [
        define_view(f"v{number}", f"memory.main.v{number}", sqlglot.parse_one(sql, dialect="duckdb"), known)
        for number, sql in enumerate(view_sqls, start=1)
    ]
    query = sqlglot.parse_one(query_sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    qualified = qualify_query(query, known).query
    if qualified is not None:
        plain = con.sql(qualified.sql("duckdb", identify=True)).to_arrow_table()
        if wrong := differ(direct, plain):
            return f"qualified: {wrong}\n{qualified.sql('duckdb')}"
        if canonical_key(qualified) == views[0].key:
            counts.keys_equal += 1
            if wrong := differ(direct, of_views[0]):
                return f"equal keys: {wrong}"
        if wrong := other_rows(con, known, query, direct, counts):
            return wrong
    found = rewrite(query, views, known)
    if found.sql is None:
        reason = found.decisions[0].reason
        counts.reasons[reason] = counts.reasons.get(reason, 0) + 1
        return None
    counts.matched += 1
    for view in views:
        con.execute(f"CREATE OR REPLACE TABLE {view.sql_name} AS {view.create_sql()}")
    try:
        served = con.sql(found.sql).to_arrow_table()
    except duckdb.Error as error:
        return f"{error}\n{found.sql}"
    wrong = differ(direct, served)
    return f"{wrong}\nrewritten: {found.sql}" if wrong else None


def fewest_rows(con: duckdb.DuckDBPyConnection, known: Catalog, rows: Rows, views: list[str], query: str) -> Rows:
    """As few rows of those as still show that something is wrong."""
    rows = dict(rows)
    for table in SCHEMA:
        size = len(rows[table])
        while size > 0:
            start = 0
            while start < len(rows[table]):
                fewer = {**rows, table: rows[table][:start] + rows[table][start + size :]}
                fill(con, fewer)
                if check(con, known, views, query, Counts()):
                    rows = fewer
                else:
                    start += size
            size //= 2
    return rows


def as_fixture(name: str, rows: Rows, views: list[str], query: str) -> str:
    data = [f"data  INSERT INTO {table} VALUES {', '.join(rows[table])}" for table in SCHEMA if rows[table]]
    return "\n".join([f"== {name}", *data, *(f"view  {view}" for view in views), f"query {query}", "used  yes"])


def test_random_rewrites_return_what_the_query_returns() -> None:
    con = duckdb.connect()
    known = known_catalog()
    counts = Counts()
    rows: Rows = {}
    print(f"\nseed {SEED}", flush=True)
    for number in range(CASES):
        maker = Maker(random.Random(f"{SEED} {number}"))
        if number % DATA_EVERY == 0:
            rows = random_rows(random.Random(f"{SEED} data {number}"))
            fill(con, rows)
        views, query = random_case(maker, known)
        if wrong := check(con, known, views, query, counts):
            fewest = fewest_rows(con, known, rows, views, query)
            fill(con, rows)
            counts.failures.append(f"{wrong}\n{as_fixture(f'{SEED} {number}', fewest, views, query)}")
            print(counts.failures[-1], flush=True)
        if number % 1000 == 999:
            print(f"{number + 1}: {counts.matched} matched, {len(counts.failures)} wrong", flush=True)
    print(f"{counts.tried} tried, {counts.matched} matched, {counts.keys_equal} with the key of the view")
    print(f"{counts.variants_equal} variants with the key of the query's rows")
    if os.environ.get("SPEQL_FUZZ_REASONS"):
        for reason, count in sorted(counts.reasons.items(), key=lambda item: -item[1])[:40]:
            print(count, reason)
    assert not counts.failures, f"seed {SEED}: {len(counts.failures)} wrong\n\n" + "\n\n".join(counts.failures[:10])
    assert counts.tried > CASES * 0.5
    assert counts.matched > counts.tried * 0.25
    assert counts.keys_equal > counts.tried * 0.02
    assert counts.variants_equal > counts.tried * 0.5
