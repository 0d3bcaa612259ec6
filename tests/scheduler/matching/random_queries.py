"""Random SELECTs, and those that someone might ask after them."""

from collections.abc import Callable
from dataclasses import replace

from .random_expressions import PATTERNS, SCHEMA, UNITS, Expressions, Spec


class Maker(Expressions):
    """SELECTs of one source of randomness."""

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
        self.add_theme(spec)
        if r.random() < 0.1:
            spec.join_words = r.choice(["FULL JOIN", "RIGHT JOIN"])
        if spec.keys is None and r.random() < 0.08:
            column, _ = self.column(spec)
            spec.qualify = f"rank() OVER (PARTITION BY {column} ORDER BY {self.column(spec)[0]}) = 1"
        return spec

    def add_theme(self, spec: Spec) -> None:
        """Something that the mutations then come back to: a moment, a text, or the moments of a number."""
        r = self.rng
        spec.theme = r.choice(["time", "text", "moments", "zero", "", "", "", ""])
        grouped = spec.keys is not None and not spec.grouping
        if spec.theme == "time" and grouped and spec.sources[0] == "fact":
            spec.subject = r.choice(["{0}.d", "{0}.ts"])
            spec.keys = [*(spec.keys or [])[:2], self.truncated(spec, UNITS[:4])]
            spec.outputs = list(spec.keys)
            spec.aggregates = [self.exact_aggregate(spec) for _ in range(r.randint(1, 3))]
            spec.having = []
        elif spec.theme == "text":
            spec.subject = r.choice([f"{{{i}}}.s" for i in range(len(spec.sources))])
            spec.where.append(self.atom_on_text(spec))
            if grouped and r.random() < 0.5:
                spec.keys = [*(spec.keys or []), spec.subject]
                spec.outputs = list(spec.keys)
        elif spec.theme == "zero" and grouped and spec.sources[0] == "fact":
            spec.subject = "{0}.x"
            spec.keys = [*(spec.keys or [])[:1], spec.subject]
            spec.outputs = list(spec.keys)
            spec.aggregates = [self.exact_aggregate(spec) for _ in range(r.randint(1, 2))]
            spec.having = []
        elif spec.theme == "moments" and grouped:
            spec.subject, type_name = self.column(spec, ("INTEGER", "INTEGER", "DECIMAL(7,2)", "BIGINT"))
            square = f"CAST({spec.subject} AS BIGINT)" if type_name == "INTEGER" and r.random() < 0.5 else spec.subject
            made = [f"sum({spec.subject})", f"count({spec.subject})", f"sum({square} * {square})", "count(*)"]
            condition = f" FILTER (WHERE {self.atom(spec)})" if r.random() < 0.2 else ""
            spec.aggregates += [f"{each}{condition}" for each in made]
        else:
            spec.theme = ""

    def mutate_theme(self, spec: Spec) -> None:
        """Another question about the same thing."""
        r = self.rng
        if spec.theme == "text":
            if r.random() < 0.5:
                spec.where = [w for w in spec.where if spec.subject not in w] or spec.where
            spec.where.append(self.atom_on_text(spec))
        elif spec.theme == "time" and spec.keys:
            spec.keys = [key for key in spec.keys if spec.subject not in key]
            coarser = [
                self.truncated(spec, UNITS), f"{r.choice(UNITS)}({spec.subject})",
                f"EXTRACT({r.choice(UNITS)} FROM {spec.subject})",
                f"date_part('{r.choice(['dow', 'doy', 'isoyear', *UNITS])}', {spec.subject})",
            ]  # fmt: skip
            if r.random() < 0.3:
                spec.where.append(f"{r.choice(coarser[1:])} {r.choice(['=', '>', '<'])} {r.choice([1, 2, 2000, 5])}")
            spec.keys += r.sample(coarser, r.choice([0, 1, 1, 2]))
            spec.outputs, spec.grouping = list(spec.keys), ""
        elif spec.theme == "zero" and spec.keys:
            of_zero = [f"CAST({spec.subject} AS VARCHAR)", f"1 / {spec.subject}", f"{spec.subject} * 2", spec.subject]
            if r.random() < 0.5:
                spec.where.append(f"{of_zero[0]} {r.choice(['=', '<>'])} {r.choice(['0.0', '-0.0'])!r}")
            else:
                spec.keys[-1] = r.choice(of_zero)
                spec.outputs = list(spec.keys)
        elif spec.theme == "moments" and spec.keys is not None:
            made = [
                f"{name}({spec.subject})" for name in ("avg", "stddev", "stddev_pop", "var_samp", "variance", "var_pop")
            ]
            condition = ""
            filters = [a.partition(" FILTER")[2] for a in spec.aggregates if " FILTER" in a]
            if filters and r.random() < 0.7:
                condition = f" FILTER{r.choice(filters)}"
            elif r.random() < 0.2:
                condition = f" FILTER (WHERE {r.choice(spec.keys) if spec.keys else '1'} IS NOT NULL)"
            spec.aggregates = [f"{each}{condition}" for each in r.sample(made, 2)]
            if spec.keys and r.random() < 0.7:
                spec.keys.pop(r.randrange(len(spec.keys)))
                spec.outputs = list(spec.keys)
                spec.grouping = ""

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
        if view.theme and r.random() < 0.8:
            self.mutate_theme(spec)
        for _ in range(r.choice([0, 1, 1, 2, 2, 3, 4] if not view.theme else [0, 0, 0, 1, 2])):
            self.mutate(spec)
        return spec

    def mutate(self, spec: Spec) -> None:
        r = self.rng
        kind = r.randrange(21)
        if kind == 20:
            self.negate(spec)
        elif kind < 3:
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

    def negate(self, spec: Spec) -> None:
        """Say conditions by NOT, the same thing or its opposite."""
        r = self.rng
        if not spec.where:
            return
        one = spec.where.pop(r.randrange(len(spec.where)))
        other = spec.where.pop() if spec.where and r.random() < 0.5 else self.atom(spec)
        spec.where.append(
            r.choice([
                f"NOT ({one})", f"NOT (NOT ({one}))", f"NOT (NOT ({one}) OR NOT ({other}))", f"NOT ({one} AND {other})",
                f"(NOT ({one}) OR NOT ({other}))", f"NOT ({one} OR {other})", f"NOT (({one}) IS NOT TRUE)",
            ])
        )  # fmt: skip

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
    # Rows that differ in the last digit of a number are two rows to these, in one direct run and not in the next.
    rounds = any(word in sql for word in (".x", "avg(", "std", "var"))
    operator = "UNION ALL" if rounds else maker.rng.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT"])
    return f"({sql}) {operator} ({text(query)})"
