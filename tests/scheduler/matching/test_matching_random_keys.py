"""Random views that join along declared keys, and queries that read fewer of their tables.

The random queries of ``test_matching_random.py`` know no keys. ``make fuzz`` runs more of these, too.
"""

import os
import random
from dataclasses import dataclass, field

import duckdb
import sqlglot

from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.view import define_view
from speql_sql.ddl import catalog_of_ddl

CASES = int(os.environ.get("SPEQL_FUZZ_CASES", "1000")) // 2
SEED = os.environ.get("SPEQL_FUZZ_SEED") or "20261124"
DATA_EVERY = 250

SCHEMA = """
CREATE TABLE region (id INTEGER PRIMARY KEY, name VARCHAR, parent INTEGER);
CREATE TABLE shop (id INTEGER PRIMARY KEY, name VARCHAR, region_id INTEGER REFERENCES region (id), size INTEGER);
CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR, shop_id INTEGER NOT NULL REFERENCES shop (id));
CREATE TABLE sale (id INTEGER PRIMARY KEY, shop_id INTEGER REFERENCES shop (id),
  item_id INTEGER NOT NULL REFERENCES item (id), qty INTEGER, price DECIMAL(9, 2));
"""
COLUMNS = {
    "region": ("id", "name", "parent"),
    "shop": ("id", "name", "region_id", "size"),
    "item": ("id", "name", "shop_id"),
    "sale": ("id", "shop_id", "item_id", "qty", "price"),
}
KEYS = {
    "sale": (("shop_id", "shop"), ("item_id", "item")),
    "shop": (("region_id", "region"),),
    "item": (("shop_id", "shop"),),
    "region": (),
}
AGGREGATES = ("count(*)", "sum(s.qty)", "count(s.qty)", "min(s.price)")


@dataclass
class Joined:
    """A SELECT of ``sale AS s`` and tables that it refers to: aliases, and ``(words, table, alias, from, column)``."""

    tables: dict[str, str] = field(default_factory=lambda: {"s": "sale"})
    joins: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    where: list[tuple[str, str]] = field(default_factory=list)

    def columns(self) -> list[str]:
        return [f"{alias}.{column}" for alias, table in self.tables.items() for column in COLUMNS[table]]

    def sql(self, outputs: list[str], keys: list[str] | None) -> str:
        joins = "".join(f" {words} {t} AS {a} ON {a}.id = {o}.{c}" for words, t, a, o, c in self.joins)
        where = f" WHERE {' AND '.join(text for _, text in self.where)}" if self.where else ""
        named = ", ".join(f"{item} AS c{number}" for number, item in enumerate([*(keys or []), *outputs]))
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        return f"SELECT {named} FROM sale AS s{joins}{where}{group}"


def condition(rng: random.Random, joined: Joined) -> tuple[str, str]:
    """A condition on one source, and its alias."""
    alias, table = rng.choice(list(joined.tables.items()))
    column = f"{alias}.{rng.choice(COLUMNS[table])}"
    made = [f"{column} IS NULL", f"{column} IS NOT NULL"]
    if column.endswith(".name"):
        made += [f"{column} = 'a'", f"({column} = 'a' OR {column} IS NULL)"]
    else:
        made += [f"{column} > {rng.randrange(4)}", f"{column} IN (1, 2)", f"({column} < 3 OR {column} IS NULL)"]
        made += [f"{column} <> ANY (SELECT parent FROM region)", f"{column} IN (SELECT size FROM shop)"]
        made += [f"NOT EXISTS (SELECT 1 FROM region AS r WHERE r.parent = {column})"]
    return alias, rng.choice(made)


def random_view(rng: random.Random) -> Joined:
    view = Joined()
    for number in range(rng.randrange(1, 4)):
        ways = [(alias, key, target) for alias, table in view.tables.items() for key, target in KEYS[table]]
        alias, key, target = rng.choice(ways)
        view.joins.append((rng.choice(["JOIN", "JOIN", "LEFT JOIN"]), target, f"t{number}", alias, key))
        view.tables[f"t{number}"] = target
    view.where = [condition(rng, view) for _ in range(rng.choice([0, 0, 1]))]
    return view


def fewer_tables(rng: random.Random, view: Joined) -> Joined:
    """A SELECT that reads some of the view's tables, joined alike or not, with other conditions."""
    query = Joined()
    for words, table, alias, origin, key in view.joins:
        if origin in query.tables and rng.random() < 0.5:
            query.joins.append((rng.choice([words, words, "JOIN", "LEFT JOIN"]), table, alias, origin, key))
            query.tables[alias] = table
    kept = view.where if rng.random() < 0.8 else []
    query.where = [(alias, text) for alias, text in kept if alias in query.tables]
    query.where += [condition(rng, query) for _ in range(rng.choice([0, 1, 1, 2]))]
    return query


def fill(con: duckdb.DuckDBPyConnection, rng: random.Random) -> None:
    def maybe(value: object) -> object:
        return None if rng.random() < 0.3 else value

    for table in reversed(COLUMNS):
        con.execute(f"DELETE FROM {table}")
    made = {
        "region": [(k, rng.choice("ab"), maybe(rng.randrange(4))) for k in range(4)],
        "shop": [(k, maybe(rng.choice("ab")), maybe(rng.randrange(4)), maybe(rng.randrange(4))) for k in range(6)],
        "item": [(k, maybe(rng.choice("ab")), rng.randrange(6)) for k in range(6)],
        "sale": [
            (k, maybe(rng.randrange(6)), rng.randrange(6), maybe(rng.randrange(5)), maybe(rng.randrange(900) / 100))
            for k in range(60)
        ],
    }
    for table, rows in made.items():
        con.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(COLUMNS[table]))})", rows)


def test_tables_that_keys_make_lossless_are_left_out_and_no_others() -> None:
    catalog = catalog_of_ddl(SCHEMA, "duckdb").catalog
    con = duckdb.connect()
    con.execute(SCHEMA)
    served, left_out, wrong = 0, 0, []
    for number in range(CASES):
        rng = random.Random(f"{SEED} {number}")
        if number % DATA_EVERY == 0:
            fill(con, rng)
        joined = random_view(rng)
        keys = None if rng.random() < 0.6 else rng.sample(joined.columns(), rng.randrange(1, 5))
        view_sql = joined.sql(joined.columns() if keys is None else list(AGGREGATES), keys)
        query = fewer_tables(rng, joined)
        keys = None if rng.random() < 0.5 else rng.sample(query.columns(), rng.randrange(3))
        query_sql = query.sql(rng.sample(query.columns() if keys is None else list(AGGREGATES), 2), keys)
        view = define_view("v", "v", sqlglot.parse_one(view_sql, dialect="duckdb"), catalog)
        found = rewrite(sqlglot.parse_one(query_sql, dialect="duckdb"), [view], catalog)
        if found.sql is None:
            continue
        served += 1
        left_out += len(query.joins) < len(joined.joins)
        con.execute(f"CREATE OR REPLACE TEMP TABLE v AS {view.create_sql()}")
        direct, rewritten = (sorted(con.execute(sql).fetchall(), key=repr) for sql in (query_sql, found.sql))
        if direct != rewritten:
            wrong.append(f"view  {view_sql}\nquery {query_sql}\nrewritten {found.sql}")
    print(f"\nseed {SEED}: {CASES} tried, {served} served, {left_out} of them without some of the view's tables")
    assert not wrong, f"seed {SEED}: {len(wrong)} wrong\n" + "\n\n".join(wrong[:10])
    assert left_out > CASES * 0.1
