"""Random expressions and conditions over the sources of a SELECT."""

import random
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
    theme: str = ""
    subject: str = ""
    distinct: bool = False
    grouping: str = ""
    window: str = ""
    join_words: str = "LEFT JOIN"
    qualify: str = ""


class Expressions:
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
                return r.choice(
                    [str(number), f"{number}.5", "0.1", "CAST('nan' AS DOUBLE)", "CAST('-0.0' AS DOUBLE)", "0.0"]
                )
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

        kind = r.randrange(20)
        if kind >= 18:
            return self.rarer_atom(spec, column, type_name)
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
        if type_name == "DOUBLE" and r.random() < 0.5:
            return f"CAST({column} AS VARCHAR) {r.choice(['=', '<>'])} {r.choice(['0.0', '-0.0', '1.0', 'nan'])!r}"
        return f"coalesce({column}, {lit()}) = {lit()}" if type_name != "BOOLEAN" else column

    def rarer_atom(self, spec: Spec, column: str, type_name: str) -> str:
        """A condition whose other spellings and whose NOT are easily got wrong."""
        r = self.rng
        lit = self.literal(type_name)
        operator = r.choice(["=", "<>", "<", "<=", ">", ">="])
        made = [f"{column} IS {r.choice(['', 'NOT '])}DISTINCT FROM {r.choice([lit, lit, 'NULL'])}"]
        if type_name == "BOOLEAN":
            made += [f"{column} IS {r.choice(['', 'NOT '])}{r.choice(['TRUE', 'FALSE'])}", column, f"NOT {column}"]
            made += [f"{column} = {lit}", f"{column} <> {lit}"]
        elif type_name == "INTEGER":
            inside = r.choice(
                ["SELECT id FROM other", "SELECT e.w FROM dim AS e", "SELECT id FROM other WHERE id > 99"]
            )
            made += [f"{column} {operator} {r.choice(['ANY', 'ALL'])} ({inside})"] * 2
            other, _ = self.column(spec, ("INTEGER",))
            made += [f"{column} + {other} {operator} 4", f"{column} * {other} {operator} 4", f"{column} - {other} > 0"]
            made += [f"({column}, {other}) {r.choice(['=', '<>', '<', '>='])} ({r.randint(0, 3)}, {r.randint(0, 3)})"]
            chosen = r.choice(["1", "*", "DISTINCT o.id", "max(o.q)", "o.id + 1", "unnest([])"])
            end = r.choice(["", "", "", " LIMIT 0", " LIMIT 1", " GROUP BY o.id HAVING count(*) > 1"])
            end = "" if chosen in ("*", "unnest([])") and "GROUP" in end else end
            made += [f"EXISTS (SELECT {chosen} FROM other AS o WHERE o.id = {column}{end})"] * 2
        elif type_name in ("DATE", "TIMESTAMP"):
            day = r.choice(["2000-01-05", "2000-01-31", "2000-02-01"])
            interval = r.choice(["INTERVAL 1 MONTH", "INTERVAL '26' DAY", "INTERVAL '1 day'", "INTERVAL 36 HOUR"])
            made += [f"{column} {operator} DATE '{day}' {r.choice('+-')} {interval}"] * 3
            made += [f"{column} BETWEEN DATE '{day}' AND DATE '{day}' + {interval}"]
            unit = r.choice(["year", "month", "day"])
            made += [f"{unit}({column}) {operator} {r.choice([1, 2, 5, 2000])}"]
            made += [f"extract({unit} FROM {column}) {operator} {r.choice([1, 2, 5, 2000])}"]
        elif type_name == "DOUBLE":
            made += [f"{column} {operator} {r.choice(['1e0', '5e-1', '2E0'])}"]
        return r.choice(made)

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
        if type_name == "DOUBLE" and r.random() < 0.3:
            return r.choice([f"CAST({column} AS VARCHAR)", f"1 / {column}", f"coalesce({column}, 0) + 0"])
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
            f"{r.choice(['sum', 'min', 'avg', 'count'])}(CASE WHEN {self.atom(spec)} THEN {number} END)",
            f"sum(CASE WHEN {self.atom(spec)} THEN {r.choice([number, number, '1'])} ELSE 0 END)",
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

    def atom_on_text(self, spec: Spec) -> str:
        r = self.rng
        column, literals = spec.subject, ["'a'", "'ab'", "'abc'", "'abd'", "'b'", "'A'", "'ac'", "''"]
        return r.choice([
            f"{column} LIKE {r.choice(PATTERNS)}", f"{column} LIKE {r.choice(PATTERNS)}",
            f"{column} NOT LIKE {r.choice(PATTERNS)}", f"{column} = {r.choice(literals)}",
            f"{column} IN ({r.choice(literals)}, {r.choice(literals)})", f"{column} < {r.choice(literals)}",
            f"{column} >= {r.choice(literals)}", f"NOT ({column} LIKE {r.choice(PATTERNS)})",
            f"({column} LIKE {r.choice(PATTERNS)} OR {column} = {r.choice(literals)})", f"{column} IS NOT NULL",
            f"starts_with({column}, {r.choice(literals)})",
        ])  # fmt: skip

    def truncated(self, spec: Spec, units: list[str]) -> str:
        r = self.rng
        return r.choice([f"date_trunc('{r.choice(units)}', {spec.subject})"] * 3 + [f"CAST({spec.subject} AS DATE)"])
