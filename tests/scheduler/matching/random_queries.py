"""Random SELECTs, and those that someone might ask after them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

FACT = {
    "k": "INTEGER", "g": "INTEGER", "h": "INTEGER", "n": "BIGINT", "p": "DECIMAL(7,2)", "x": "DOUBLE", "s": "VARCHAR",
    "d": "DATE", "ts": "TIMESTAMP", "f": "BOOLEAN",
}  # fmt: skip
DIMENSION = {"g": "INTEGER", "id": "INTEGER", "w": "INTEGER", "s": "VARCHAR", "d": "DATE"}
SCHEMA = {"fact": FACT, "dim": DIMENSION, "other": {"s": "VARCHAR", "id": "INTEGER", "q": "DECIMAL(7,2)"}}
NOT_NULL = {("fact", "k"), ("dim", "id")}
JOIN_KEYS = {
    ("fact", "dim"): [("g", "id"), ("h", "g"), ("s", "s"), ("d", "d")],
    ("fact", "other"): [("h", "id"), ("s", "s")],
    ("dim", "other"): [("g", "id"), ("w", "id"), ("s", "s")],
    ("fact", "fact"): [("g", "h"), ("k", "k"), ("g", "g")],
    ("dim", "dim"): [("g", "id"), ("w", "g")],
    ("other", "other"): [("id", "id")],
}
UNITS = ["hour", "day", "week", "month", "quarter", "year"]
PATTERNS = ["'a%'", "'ab%'", "'abc%'", "'A%'", "'%b'", "'a_'", "'a%c'", "'ab'", "'%'", "'it''%'"]


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
    limit: str = ""
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
                return r.choice(["'a'", "'A'", "'b'", "'a '", "''", "'ab'", "'abc'", "'abd'", "'it''s'"])
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
        if kind in (8, 9, 12) and type_name == "VARCHAR" and r.random() < 0.7:
            if r.random() < 0.1:
                return f"starts_with({column}, {r.choice(['chr(97)', repr('a'), repr('ab')])})"
            like = r.choice(["LIKE", "LIKE", "LIKE", "NOT LIKE", "NOT LIKE", "ILIKE"])
            return f"{column} {like} {r.choice(PATTERNS)}"
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
                    f"{column} < (SELECT max(e.w) FROM dim AS e WHERE e.g = {column})",
                    f"{column} {r.choice(['', 'NOT '])}IN (SELECT e.w FROM dim AS e WHERE e.g > {r.randint(0, 3)})",
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
        if type_name in ("DATE", "TIMESTAMP"):
            return r.choice([
                f"date_trunc('{r.choice(UNITS)}', {column})", f"date_trunc('{r.choice(UNITS)}', {column})",
                f"{r.choice(UNITS)}({column})", f"EXTRACT({r.choice(UNITS)} FROM {column})", f"CAST({column} AS DATE)",
                f"date_part('dow', {column})", f"{column} + INTERVAL 1 DAY",
            ])  # fmt: skip
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
            f"median({number})", f"stddev_samp({number})", f"var_pop({number})", "count(1)",
            f"sum({number} * {number})", f"sum(CASE WHEN {anything} IS NULL THEN 1 ELSE 0 END)",
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

    def exact_aggregate(self, spec: Spec) -> str:
        """An aggregate of which no digit depends on the order of the rows."""
        number, _ = self.column(spec, ("INTEGER", "BIGINT", "DECIMAL(7,2)"))
        anything, _ = self.column(spec, ("INTEGER", "VARCHAR", "DATE"))
        return self.rng.choice(["count(*)", f"sum({number})", f"count({anything})", f"min({number})", f"max({number})"])

    def having(self, spec: Spec) -> str:
        """A condition on groups: on aggregates with literals, on keys, or on whether there is a value."""
        r = self.rng
        known = [a for a in spec.aggregates if a.startswith(("count(*", "sum({0}.g", "sum({0}.k", "min({0}.g"))]
        aggregate = r.choice(known) if known and r.random() < 0.7 else self.exact_aggregate(spec)
        operator = r.choice(["=", "<", "<=", ">", ">=", ">", ">=", "<>"])
        made = [
            f"{aggregate} {operator} {r.randint(0, 6)}",
            f"{aggregate} {operator} {r.randint(0, 6)}",
            f"{aggregate} BETWEEN {r.randint(0, 2)} AND {r.randint(2, 30)}",
            f"({aggregate} < {r.randint(0, 3)} OR {aggregate} > {r.randint(2, 9)})",
            f"NOT ({aggregate} {operator} {r.randint(0, 6)})",
            f"{aggregate} IS {r.choice(['', 'NOT '])}NULL",
        ]
        if spec.keys:
            key = r.choice(spec.keys)
            made += [f"{key} IS {r.choice(['', 'NOT '])}NULL"]
            if key.endswith((".g", ".h", ".k", ".w", ".id")):
                made += [f"{key} {operator} {r.randint(0, 4)}"] * 3
        return r.choice(made)

    def spec(self) -> Spec:
        r = self.rng
        spec = Spec([r.choice(["fact", "fact", "dim"])])
        for _ in range(r.choice([0, 0, 1, 1, 2])):
            self.add_source(spec)
        spec.where = [self.predicate(spec) for _ in range(r.choice([0, 0, 1, 1, 2, 3]))]
        shape = r.random()
        if shape < 0.4:
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
            if r.random() < 0.3:
                number, type_name = self.column(spec, ("INTEGER", "BIGINT", "DECIMAL(7,2)", "DOUBLE"))
                square = f"CAST({number} AS BIGINT)" if type_name == "INTEGER" else number
                spec.aggregates += [f"sum({number})", f"count({number})", f"sum({square} * {square})"]
            if spec.keys and r.random() < 0.08:
                spec.grouping = self.grouping(spec)
            elif r.random() < 0.2:
                spec.having = [self.having(spec)]
        if r.random() < 0.1:
            spec.join_words = r.choice(["FULL JOIN", "RIGHT JOIN"])
        if spec.keys is None and r.random() < 0.08:
            column, _ = self.column(spec)
            spec.qualify = f"rank() OVER (PARTITION BY {column} ORDER BY {self.column(spec)[0]}) = 1"
        return spec

    def grouping(self, spec: Spec) -> str:
        """Grouping sets of the keys, as the words around ``(a, b, c)`` or with the sets written out."""
        keys = list(dict.fromkeys(spec.keys or []))
        shape = self.rng.randrange(4)
        if shape < 2 or not keys:
            return ["ROLLUP ({})", "CUBE ({})"][self.rng.randrange(2)]
        if shape == 2 and len(keys) > 1:
            return f"{keys[0]}, ROLLUP ({', '.join(keys[1:])})".replace("{", "{{").replace("}", "}}")
        sets = [self.rng.sample(keys, self.rng.randint(0, len(keys))) for _ in range(self.rng.randint(1, 3))]
        made = ", ".join(f"({', '.join(each)})" for each in [keys, *sets])
        return f"GROUPING SETS ({made})".replace("{", "{{").replace("}", "}}")

    def mutated(self, view: Spec) -> Spec:
        """The query that someone might ask next."""
        r = self.rng
        spec = replace(
            view,
            **{
                name: [list(v) if isinstance(v, list) else v for v in value] if isinstance(value, list) else value
                for name, value in vars(view).items()
            },
        )
        for _ in range(r.choice([0, 1, 1, 2, 2, 3, 4])):
            self.mutate(spec)
        return spec

    def mutate(self, spec: Spec) -> None:
        r = self.rng
        kind = r.randrange(20)
        if kind < 3:
            spec.where.append(self.predicate(spec))
        elif kind == 3 and spec.where:
            spec.where.pop(r.randrange(len(spec.where)))
        elif kind == 4 and spec.where:
            self.change(spec.where)
        elif kind == 5 and spec.having:
            self.change(spec.having)
        elif kind in (6, 7) and len(spec.outputs) > 1 and spec.keys is None:
            spec.outputs = r.sample(spec.outputs, r.randint(1, len(spec.outputs)))
        elif kind in (6, 7, 8) and spec.keys:
            spec.keys.pop(r.randrange(len(spec.keys)))
            spec.outputs = list(spec.keys)
            spec.grouping = self.grouping(spec) if spec.grouping and spec.keys else ""
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
            spec.having.append(self.having(spec))
        elif kind == 14:
            if spec.keys is None:
                spec.distinct = not spec.distinct
            elif spec.keys:
                spec.grouping = self.grouping(spec) if r.random() < 0.7 else ""
                if spec.grouping and r.random() < 0.5:
                    spec.aggregates.append(f"grouping({r.choice(spec.keys)})")
        elif kind == 15:
            spec.window = self.window(spec)
        elif kind in (16, 17) and spec.keys:
            self.coarsen(spec)
        elif kind == 18 and spec.having:
            spec.having.pop()
        elif kind == 19:
            spec.limit = r.choice(["LIMIT 3", "LIMIT 5 OFFSET 1", ""])
        elif spec.keys is not None and not spec.grouping and r.random() < 0.5:
            expression = self.expression(spec)
            spec.keys.append(expression)
            spec.outputs.append(expression)

    def window(self, spec: Spec) -> str:
        r = self.rng
        if spec.distinct:
            return ""
        if spec.keys is None:
            column, _ = self.column(spec)
            other, _ = self.column(spec, ("INTEGER", "VARCHAR", "DATE"))
            return r.choice([
                f"count(*) OVER (PARTITION BY {column})", f"rank() OVER (ORDER BY {column})",
                f"max({other}) OVER (PARTITION BY {column})",
            ])  # fmt: skip
        aggregate = self.exact_aggregate(spec)
        part = f"PARTITION BY {r.choice(spec.keys)}" if spec.keys and r.random() < 0.6 else ""
        if spec.grouping and r.random() < 0.5 and spec.keys:
            part = f"PARTITION BY grouping({r.choice(spec.keys)})"
        return r.choice([
            f"rank() OVER ({part} ORDER BY {aggregate})", f"max({aggregate}) OVER ({part})",
            f"count(*) OVER ({part})", f"dense_rank() OVER ({part} ORDER BY {aggregate} DESC)",
        ])  # fmt: skip

    def coarsen(self, spec: Spec) -> None:
        """Another function of time of the moment that a key is about."""
        r = self.rng
        for i, key in enumerate(spec.keys or []):
            name = key[key.rfind("{") : key.rfind("}") + 4].rstrip(") ")
            if not name.endswith((".d", ".ts")):
                continue
            assert spec.keys is not None
            spec.keys[i] = r.choice([
                f"date_trunc('{r.choice(UNITS)}', {name})", f"{r.choice(UNITS)}({name})", f"CAST({name} AS DATE)",
                f"EXTRACT({r.choice(UNITS)} FROM {name})",
            ])  # fmt: skip
            spec.outputs = list(spec.keys)
            spec.grouping = ""
            return

    def change(self, conditions: list[str]) -> None:
        """Change one operator or one number of one condition."""
        r = self.rng
        i = r.randrange(len(conditions))
        operators = [" < ", " <= ", " > ", " >= ", " = ", " <> "]
        found = [operator for operator in operators if operator in conditions[i]]
        digits = [d for d in "0123456" if f" {d}" in conditions[i]]
        if found and (not digits or r.random() < 0.5):
            conditions[i] = conditions[i].replace(r.choice(found), r.choice(operators), 1)
        elif digits:
            conditions[i] = conditions[i].replace(f" {r.choice(digits)}", f" {r.randint(0, 6)}", 1)
        elif "LIKE '" in conditions[i]:
            before, _, after = conditions[i].partition("LIKE '")
            pattern = f"'{after}"
            for old in sorted(PATTERNS, key=len, reverse=True):
                if pattern.startswith(old):
                    conditions[i] = f"{before}LIKE {r.choice(PATTERNS)}{pattern[len(old) :]}"
                    return

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
            sql += f" GROUP BY {(spec.grouping or '{}').format(', '.join(keys))}"
        if spec.having:
            sql += " HAVING " + " AND ".join(spec.having)
        if spec.qualify:
            sql += f" QUALIFY {spec.qualify}"
        rounds = any(word in output for output in outputs for word in (".x", "avg", "std", "var_"))
        if order or (spec.limit and not rounds):
            # Rows that are equal in every column may be taken for each other, so that LIMIT leaves nothing open.
            sql += f" ORDER BY {', '.join(names)} {'' if rounds else spec.limit}"
        return sql.format(*aliases)


def wrapped(maker: Maker, query: Spec, text: Callable[[Spec], str]) -> str:
    """The query alone, or inside a CTE, a derived table or a set operation."""
    sql = text(query)
    shape = maker.rng.random()
    if shape < 0.7:
        return sql
    if shape < 0.8:
        return f"WITH w AS ({sql}) SELECT count(*) AS n, max(w.c0) AS m FROM w JOIN w AS w2 ON w.c0 = w2.c0"
    if shape < 0.88:
        return f"SELECT * FROM ({sql}) AS q WHERE q.c0 IS NOT NULL"
    operator = maker.rng.choice(["UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT"])
    return f"({sql}) {operator} ({text(query)})"
