"""Random views and queries over random data: what a rewritten query returns is what the query returns.

SPEQL_FUZZ_CASES and SPEQL_FUZZ_SEED choose another size and start; the seed of a failure is in its message.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa
import sqlglot

from speql_engines.compare import rows_differ
from speql_scheduler.matching.canonical import canonical_key
from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.view import define_view
from speql_sql import Catalog, Column, Table
from speql_sql.qualify import qualify_query

CASES = int(os.environ.get("SPEQL_FUZZ_CASES", "300"))
SEED = int(os.environ.get("SPEQL_FUZZ_SEED", "20240611"))

FACT = {
    "k": "INTEGER", "g": "INTEGER", "h": "INTEGER", "n": "BIGINT", "p": "DECIMAL(7,2)", "x": "DOUBLE", "s": "VARCHAR",
    "d": "DATE", "ts": "TIMESTAMP", "f": "BOOLEAN",
}  # fmt: skip
DIMENSION = {"id": "INTEGER", "g": "INTEGER", "w": "INTEGER", "s": "VARCHAR", "d": "DATE"}
SCHEMA = {"fact": FACT, "dim": DIMENSION, "other": {"id": "INTEGER", "s": "VARCHAR", "q": "DECIMAL(7,2)"}}
NOT_NULL = {("fact", "k"), ("dim", "id")}
JOIN_KEYS = {
    ("fact", "dim"): [("g", "id"), ("h", "g"), ("s", "s"), ("d", "d")],
    ("fact", "other"): [("h", "id"), ("s", "s")],
    ("dim", "other"): [("g", "id"), ("w", "id"), ("s", "s")],
    ("fact", "fact"): [("g", "h"), ("k", "k"), ("g", "g")],
    ("dim", "dim"): [("g", "id"), ("w", "g")],
    ("other", "other"): [("id", "id")],
}


@dataclass
class Spec:
    """A SELECT before it is text. Sources are numbers; ``{0}.g`` is column g of source 0."""

    sources: list[str]
    joins: list[list[str]] = field(default_factory=lambda: [[]])
    left: list[bool] = field(default_factory=lambda: [False])
    where: list[str] = field(default_factory=list)
    keys: list[str] | None = None
    outputs: list[str] = field(default_factory=list)
    aggregates: list[str] = field(default_factory=list)
    having: list[str] = field(default_factory=list)
    distinct: bool = False
    grouping: str = ""
    window: str = ""
    join_words: str = "LEFT JOIN"
    qualify: str = ""


class Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def column(self, spec: Spec, types: tuple[str, ...] = ()) -> tuple[str, str]:
        choices = [
            (f"{{{i}}}.{c}", t)
            for i, table in enumerate(spec.sources)
            for c, t in SCHEMA[table].items()
            if not types or t in types
        ]
        return self.rng.choice(choices)

    def literal(self, type_name: str) -> str:
        r = self.rng
        number = r.choice([0, 1, 2, 3, 4, 5])
        match type_name:
            case "INTEGER" | "BIGINT":
                return r.choice([str(number), str(number), str(number), f"{number}.5", f"{number}.0", "-1"])
            case "DECIMAL(7,2)":
                return r.choice([str(number), f"{number}.25", f"{number}.250", "2.255"])
            case "DOUBLE":
                return r.choice([str(number), f"{number}.5", "0.1", "CAST('nan' AS DOUBLE)", "-0.0"])
            case "VARCHAR":
                return r.choice(["'a'", "'A'", "'b'", "'a '", "''", "'ab'", "'it''s'"])
            case "DATE":
                day = r.choice(["2000-01-05", "2000-01-31", "2000-02-01", "2000-1-5"])
                return r.choice([f"'{day}'", f"DATE '{day}'", f"CAST('{day}' AS DATE)", f"TIMESTAMP '{day} 00:00:00'"])
            case "TIMESTAMP":
                return r.choice(
                    ["'2000-01-05'", "'2000-01-05 12:00:00'", "DATE '2000-01-31'", "TIMESTAMP '2000-02-01'"]
                )
        return r.choice(["true", "false"])

    def atom(self, spec: Spec, column: str = "", type_name: str = "") -> str:
        r = self.rng
        if not column:
            column, type_name = self.column(spec)

        def lit() -> str:
            return self.literal(type_name)

        kind = r.randrange(17)
        if kind < 6:
            return f"{column} {r.choice(['=', '<', '<=', '>', '>=', '<>'])} {lit()}"
        if kind == 6:
            return f"{lit()} {r.choice(['=', '<', '<=', '>', '>='])} {column}"
        if kind == 7:
            return f"{column} BETWEEN {lit()} AND {lit()}"
        if kind == 8:
            return f"{column} IN ({', '.join(lit() for _ in range(r.randint(1, 4)))})"
        if kind == 9:
            return (
                f"{column} NOT IN ({', '.join([lit() for _ in range(r.randint(1, 3))] + r.choice([[], [], ['NULL']]))})"
            )
        if kind == 10:
            return f"{column} IS {r.choice(['', 'NOT '])}NULL"
        if kind == 11:
            return f"NOT ({column} {r.choice(['=', '<', '>='])} {lit()})"
        if kind == 12 and type_name == "VARCHAR":
            return f"{column} {r.choice(['', 'NOT '])}LIKE {r.choice(['chr(97)', repr('a%'), repr('%b')])}".replace(
                '"', "'"
            )
        if kind == 13:
            other, _ = self.column(spec, (type_name,))
            return f"{column} {r.choice(['=', '=', '<', '<>'])} {other}"
        if kind == 14 and type_name in ("INTEGER", "BIGINT", "DECIMAL(7,2)"):
            return f"{column} + 1 > {lit()}"
        if kind == 15 and type_name == "INTEGER":
            return r.choice(
                [
                    f"{column} {r.choice(['', 'NOT '])}IN (SELECT id FROM other WHERE q > 1)",
                    f"EXISTS (SELECT 1 FROM other AS o WHERE o.id = {column})",
                    f"{column} > (SELECT min(id) FROM other)",
                    f"NOT EXISTS (SELECT 1 FROM dim AS e WHERE e.id = {column} AND e.w > 2)",
                ]
            )
        return f"coalesce({column}, {lit()}) = {lit()}" if type_name != "BOOLEAN" else column

    def predicate(self, spec: Spec) -> str:
        r = self.rng
        column, type_name = self.column(spec)
        shape = r.randrange(10)
        if shape < 7:
            return self.atom(spec, column, type_name)
        if shape == 7:
            return f"({self.atom(spec, column, type_name)} OR {self.atom(spec, column, type_name)})"
        if shape == 8:
            return f"({self.atom(spec)} OR {self.atom(spec)})"
        return f"({self.atom(spec, column, type_name)} AND {self.atom(spec)} OR {self.atom(spec, column, type_name)})"

    def expression(self, spec: Spec) -> str:
        r = self.rng
        column, type_name = self.column(spec)
        if r.random() < 0.75:
            return column
        if type_name in ("INTEGER", "BIGINT", "DECIMAL(7,2)", "DOUBLE"):
            return r.choice([f"{column} + 1", f"-{column}", f"{column} * 2", f"CASE WHEN {column} > 2 THEN 'hi' END"])
        if type_name == "DATE":
            return r.choice([f"date_trunc('month', {column})", f"year({column})", f"{column} + INTERVAL 1 DAY"])
        if type_name == "VARCHAR":
            return r.choice([f"upper({column})", f"{column} || 'z'", f"length({column})"])
        return f"coalesce({column}, {self.literal(type_name)})"

    def aggregate(self, spec: Spec) -> str:
        r = self.rng
        number, _ = self.column(spec, ("INTEGER", "BIGINT", "DECIMAL(7,2)", "DOUBLE"))
        anything, _ = self.column(spec)
        made = r.choice([
            "count(*)", "count(*)", f"count({anything})", f"sum({number})", f"sum({number})", f"sum({number} * 2)",
            f"min({anything})", f"max({anything})", f"avg({number})", f"count(DISTINCT {anything})",
            f"sum(DISTINCT {number})", f"bool_and({anything} IS NULL)", f"bool_or({number} > 2)", f"max({number} + 1)",
            f"median({number})", f"stddev_samp({number})", "count(1)",
            f"sum(CASE WHEN {anything} IS NULL THEN 1 ELSE 0 END)",
        ])  # fmt: skip
        if r.random() < 0.15:
            made += f" FILTER (WHERE {self.atom(spec)})"
        return made

    def join_on(self, spec: Spec, number: int) -> list[str]:
        """Conditions that join source ``number`` to an earlier one."""
        choices = []
        for earlier in range(number):
            pair = (spec.sources[earlier], spec.sources[number])
            for left, right in JOIN_KEYS.get(pair, []):
                choices.append(f"{{{earlier}}}.{left} = {{{number}}}.{right}")
            for left, right in JOIN_KEYS.get((pair[1], pair[0]), []):
                choices.append(f"{{{number}}}.{left} = {{{earlier}}}.{right}")
        on = [self.rng.choice(choices)] if choices else []
        if self.rng.random() < 0.15:
            on.append(self.atom(replace(spec, sources=spec.sources[: number + 1])))
        return on

    def add_source(self, spec: Spec) -> None:
        spec.sources.append(self.rng.choice(["fact", "dim", "dim", "other"]))
        number = len(spec.sources) - 1
        spec.joins.append(self.join_on(spec, number))
        spec.left.append(self.rng.random() < 0.3)

    def spec(self) -> Spec:
        r = self.rng
        spec = Spec([r.choice(["fact", "fact", "dim"])])
        for _ in range(r.choice([0, 0, 1, 1, 2])):
            self.add_source(spec)
        spec.where = [self.predicate(spec) for _ in range(r.choice([0, 0, 1, 1, 2, 3]))]
        shape = r.random()
        if shape < 0.5:
            spec.outputs = [self.expression(spec) for _ in range(r.randint(2, 8))]
            if r.random() < 0.6:
                spec.outputs = [f"{{{i}}}.{c}" for i, t in enumerate(spec.sources) for c in SCHEMA[t]]
            spec.distinct = r.random() < 0.12
        else:
            spec.keys = [self.expression(spec) for _ in range(r.choice([0, 1, 2, 3, 4]))]
            spec.outputs = list(spec.keys)
            spec.aggregates = [self.aggregate(spec) for _ in range(r.randint(1, 5))]
            if r.random() < 0.5:
                spec.aggregates += ["count(*)"]
            if spec.keys and r.random() < 0.08:
                spec.grouping = r.choice(["ROLLUP", "CUBE"])
        if r.random() < 0.1:
            spec.join_words = r.choice(["FULL JOIN", "RIGHT JOIN"])
        if spec.keys is None and r.random() < 0.08:
            column, _ = self.column(spec)
            spec.qualify = f"rank() OVER (PARTITION BY {column} ORDER BY {self.column(spec)[0]}) = 1"
        return spec

    def mutated(self, view: Spec) -> Spec:
        """The query that someone might ask next."""
        r = self.rng
        spec = Spec(
            list(view.sources), [list(on) for on in view.joins], list(view.left), list(view.where),
            None if view.keys is None else list(view.keys), list(view.outputs), list(view.aggregates),
            list(view.having), view.distinct, view.grouping, view.window, view.join_words, view.qualify,
        )  # fmt: skip
        for _ in range(r.choice([0, 1, 1, 2, 2, 3, 4])):
            self.mutate(spec)
        return spec

    def mutate(self, spec: Spec) -> None:
        r = self.rng
        kind = r.randrange(16)
        if kind < 3:
            spec.where.append(self.predicate(spec))
        elif kind == 3 and spec.where:
            spec.where.pop(r.randrange(len(spec.where)))
        elif kind == 4 and spec.where:
            i = r.randrange(len(spec.where))
            for operator, other in [
                (" < ", " <= "),
                (" >= ", " > "),
                (" <= ", " < "),
                (" > ", " >= "),
                (" = ", " >= "),
            ]:
                if operator in spec.where[i]:
                    spec.where[i] = spec.where[i].replace(operator, other, 1)
                    break
        elif kind == 5 and spec.where:
            i = r.randrange(len(spec.where))
            digits = [d for d in "12345" if f" {d}" in spec.where[i]]
            if digits:
                spec.where[i] = spec.where[i].replace(f" {r.choice(digits)}", f" {r.randint(0, 5)}", 1)
        elif kind in (6, 7) and len(spec.outputs) > 1 and spec.keys is None:
            spec.outputs = r.sample(spec.outputs, r.randint(1, len(spec.outputs)))
        elif kind in (6, 7, 8) and spec.keys:
            spec.keys.pop(r.randrange(len(spec.keys)))
            spec.outputs = list(spec.keys)
        elif kind == 8 and spec.keys is None and not spec.distinct:
            spec.keys = r.sample(spec.outputs, min(len(spec.outputs), r.randint(0, 2)))
            spec.outputs = list(spec.keys)
            spec.aggregates = [self.aggregate(spec) for _ in range(r.randint(1, 3))]
        elif kind == 9 and spec.aggregates:
            spec.aggregates = r.sample(spec.aggregates, r.randint(1, len(spec.aggregates)))
        elif kind == 10 and spec.aggregates:
            spec.aggregates.append(self.aggregate(spec))
        elif kind == 11 and len(spec.sources) < 4:
            self.add_source(spec)
        elif kind == 12 and len(spec.sources) > 1:
            i = r.randrange(1, len(spec.sources))
            spec.left[i] = not spec.left[i]
        elif kind == 13 and spec.keys is not None and spec.aggregates:
            spec.having.append(f"{r.choice(spec.aggregates)} IS NOT NULL")
            if r.random() < 0.5:
                spec.having.append("count(*) > 1")
        elif kind == 14:
            if spec.keys is None:
                spec.distinct = not spec.distinct
            elif spec.keys and r.random() < 0.5:
                spec.grouping = r.choice(["ROLLUP", "CUBE"])
        elif kind == 15 and spec.keys is None and not spec.distinct:
            column, _ = self.column(spec)
            other, _ = self.column(spec)
            spec.window = r.choice(
                [
                    f"count(*) OVER (PARTITION BY {column})",
                    f"rank() OVER (ORDER BY {column})",
                    f"max({other}) OVER (PARTITION BY {column})",
                ]
            )
        elif spec.keys is not None and r.random() < 0.5:
            expression = self.expression(spec)
            spec.keys.append(expression)
            spec.outputs.append(expression)

    def text(self, spec: Spec, order: bool) -> str:
        """One of the many spellings of a SELECT."""
        r = self.rng
        aliases = r.sample(["t", "u", "v", "fact", "dim", "a1", "zz", "other"], len(spec.sources))
        first, *others = [f"{table} AS {alias}" for table, alias in zip(spec.sources, aliases, strict=True)]
        where = list(spec.where)
        parts = first
        commas = r.random() < 0.3 and not any(spec.left)
        for i, source in enumerate(others, start=1):
            on = list(spec.joins[i])
            if spec.left[i]:
                parts += f" {spec.join_words} {source} ON {' AND '.join(on) or 'true'}"
            elif commas:
                parts += f", {source}"
                where += on
            elif on:
                parts += f" JOIN {source} ON {' AND '.join(on)}"
            else:
                parts += f" CROSS JOIN {source}"
        r.shuffle(where)
        outputs = list(spec.outputs) + list(spec.aggregates) + ([spec.window] if spec.window else [])
        outputs = outputs or ["1"]
        names = [f"c{number}" for number in range(len(outputs))]
        sql = "SELECT " + ("DISTINCT " if spec.distinct else "")
        sql += ", ".join(f"{o} AS {n}" for o, n in zip(outputs, names, strict=True)) + f" FROM {parts}"
        if where:
            sql += " WHERE " + " AND ".join(where)
        if spec.keys:
            keys = list(spec.keys)
            r.shuffle(keys)
            sql += f" GROUP BY {spec.grouping} ({', '.join(keys)})" if spec.grouping else f" GROUP BY {', '.join(keys)}"
        if spec.having:
            sql += " HAVING " + " AND ".join(spec.having)
        if spec.qualify:
            sql += f" QUALIFY {spec.qualify}"
        if order:
            sql += " ORDER BY " + ", ".join(names)
        return sql.format(*aliases)


def differ(left: pa.Table, right: pa.Table) -> str | None:
    """Like rows_differ, which is only asked where the rows are not the same to the letter."""
    if left.schema == right.schema and sorted(map(repr, left.to_pylist())) == sorted(map(repr, right.to_pylist())):
        return None
    return rows_differ(left, right)


def make_data(rng: random.Random, con: duckdb.DuckDBPyConnection) -> None:
    maker = Maker(rng)
    for table, columns in SCHEMA.items():
        nulls = {c: rng.choice([0.0, 0.1, 0.4]) for c in columns}
        con.execute(f"DROP TABLE IF EXISTS {table}")
        declared = [f"{c} {t}{' NOT NULL' if (table, c) in NOT_NULL else ''}" for c, t in columns.items()]
        con.execute(f"CREATE TABLE {table} ({', '.join(declared)})")
        rows = rng.choice([0, 1, 5, 25, 25, 60]) if table == "fact" else rng.choice([0, 2, 6, 6, 12])
        for _ in range(rows):
            values = []
            for c, t in columns.items():
                if (table, c) not in NOT_NULL and rng.random() < nulls[c]:
                    values.append("NULL")
                else:
                    values.append(maker.literal(t))
            con.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})")


def catalog() -> Catalog:
    return Catalog(
        tuple(
            Table(table, tuple(Column(c, t, (table, c) not in NOT_NULL) for c, t in columns.items()), "main", "memory")
            for table, columns in SCHEMA.items()
        ),
        path=(("memory", "main"),),
    )


def wrapped(maker: Maker, query: Spec, text: Callable[[Spec], str]) -> str:
    """The query alone, or inside a CTE, a derived table or a set operation."""
    sql = text(query)
    shape = maker.rng.random()
    if shape < 0.7:
        return sql
    if shape < 0.8:
        return f"WITH w AS ({sql}) SELECT count(*) AS n, max(w.c0) AS m FROM w JOIN w AS w2 ON w.c0 = w2.c0"
    if shape < 0.9:
        return f"SELECT * FROM ({sql}) AS q WHERE q.c0 IS NOT NULL"
    return f"({sql}) UNION ALL ({text(query)})"


@dataclass
class Counts:
    tried: int = 0
    matched: int = 0
    keys_equal: int = 0
    failures: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)


def check(con: duckdb.DuckDBPyConnection, known: Catalog, view_sql: str, query_sql: str, counts: Counts) -> str | None:
    """What is wrong with the rewriting of the query over the view, or None."""
    try:
        direct = con.sql(query_sql).to_arrow_table()
        of_view = con.sql(view_sql).to_arrow_table()
    except duckdb.Error:
        return None
    counts.tried += 1
    view = define_view("sv", "memory.main.sv", sqlglot.parse_one(view_sql, dialect="duckdb"), known)
    query = sqlglot.parse_one(query_sql, dialect="duckdb")
    qualified = qualify_query(query, known).query
    if qualified is not None:
        plain = con.sql(qualified.sql("duckdb", identify=True)).to_arrow_table()
        if wrong := differ(direct, plain):
            return f"qualified: {wrong}\n{qualified.sql('duckdb')}"
        if canonical_key(qualified) == view.key:
            counts.keys_equal += 1
            if wrong := differ(direct, of_view):
                return f"equal keys: {wrong}"
    found = rewrite(query, [view], known)
    if found.sql is None:
        reason = found.decisions[0].reason
        counts.reasons[reason] = counts.reasons.get(reason, 0) + 1
        return None
    counts.matched += 1
    con.execute(f"CREATE OR REPLACE TABLE sv AS {view.create_sql()}")
    try:
        served = con.sql(found.sql).to_arrow_table()
    except duckdb.Error as error:
        return f"{error}\n{found.sql}"
    wrong = differ(direct, served)
    return f"{wrong}\nrewritten: {found.sql}" if wrong else None


def test_random_rewrites_return_what_the_query_returns() -> None:
    con = duckdb.connect()
    known = catalog()
    counts = Counts()
    for number in range(CASES):
        maker = Maker(random.Random(f"{SEED} {number}"))
        if number % 20 == 0:
            make_data(random.Random(f"{SEED} data {number}"), con)
        view_spec = maker.spec()
        view_sql = maker.text(view_spec, False)
        query_spec = maker.mutated(view_spec)
        query_sql = wrapped(maker, query_spec, lambda spec, m=maker: m.text(spec, m.rng.random() < 0.2))
        if wrong := check(con, known, view_sql, query_sql, counts):
            counts.failures.append(f"seed {SEED} case {number}: {wrong}\nview:  {view_sql}\nquery: {query_sql}")
    print(f"{counts.tried} tried, {counts.matched} matched, {counts.keys_equal} with the key of the view")
    if os.environ.get("SPEQL_FUZZ_REASONS"):
        for reason, count in sorted(counts.reasons.items(), key=lambda item: -item[1])[:40]:
            print(count, reason)
    assert not counts.failures, f"{len(counts.failures)} wrong\n\n" + "\n\n".join(counts.failures[:10])
    assert counts.tried > CASES * 0.5
    assert counts.matched > counts.tried * 0.25
    assert counts.keys_equal > counts.tried * 0.03
