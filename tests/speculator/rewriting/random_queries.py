"""Random queries over few names, so that many of them mean several things."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

TABLES = {"a": ("k", "x", "y"), "b": ("k", "x", "z")}
NAMES = ("a", "b", "d", "w", "k", "t")
COLUMNS = ("k", "x", "z", "n", '"N n"')


@dataclass
class _Source:
    text: str
    name: str
    columns: tuple[str, ...]


@dataclass
class _Maker:
    random: Random
    ctes: list[dict[str, tuple[str, ...]]] = field(default_factory=lambda: [{}])

    def query(self, depth: int) -> tuple[str, tuple[str, ...]]:
        """A query and the names of its columns."""
        self.ctes.append(dict(self.ctes[-1]))
        with_ = ""
        if depth > 0 and self.random.random() < 0.45:
            parts = []
            for name in self.random.sample(NAMES, self.random.choice([1, 1, 2])):
                body, columns = self.query(depth - 1)
                listed = ""
                if self.random.random() < 0.25:
                    columns = tuple(self.random.sample(COLUMNS, min(len(columns), 3)))
                    listed = f"({', '.join(columns)})"
                parts.append(f"{name}{listed} AS ({body})")
                self.ctes[-1][name] = columns
            with_ = f"WITH {', '.join(parts)} "
        body, columns = self.select(depth)
        if depth > 0 and self.random.random() < 0.1:
            body += f" UNION ALL {body}"
        self.ctes.pop()
        return with_ + body, columns

    def select(self, depth: int) -> tuple[str, tuple[str, ...]]:
        from_, sources, merged = self.from_(depth)
        grouped = self.random.random() < 0.2
        items: list[tuple[str, str]] = []
        if grouped:
            key = self.column(sources)
            items = [(key, key.split(".")[-1]), (f"count({self.column(sources)}) AS n", "n")]
        elif self.random.random() < 0.4:
            star = self.random.choice(["*", "*", *(f"{source.name}.*" for source in sources if source.name)])
            shown = [source for source in sources if star in ("*", f"{source.name}.*")]
            names = [name for source in shown for name in source.columns]
            if self.random.random() < 0.2 and names:
                gone = self.random.choice(names)
                star += f" EXCLUDE ({gone})"
                names = [name for name in names if name != gone]
            items = [(star, "")]
            columns = tuple(dict.fromkeys(names))
        if not items:
            for _ in range(self.random.choice([1, 2, 2, 3])):
                column = self.column(sources)
                shape = self.random.random()
                if shape < 0.55:
                    items.append((column, column.split(".")[-1]))
                elif shape < 0.85:
                    alias = self.random.choice(COLUMNS)
                    items.append((f"{column} AS {alias}", alias))
                else:
                    items.append((f"{column} + 1", ""))
        if items[0][1] or len(items) > 1 or "*" not in items[0][0]:
            columns = tuple(name for _, name in items if name)
        text = f"SELECT {', '.join(item for item, _ in items)} FROM {from_}"
        if self.random.random() < 0.4:
            text += f" WHERE {self.condition(depth, sources)}"
        if grouped:
            text += f" GROUP BY {self.random.choice([items[0][0], items[0][0], 'ALL'])}"
        del merged
        return text, columns or ("k",)

    def from_(self, depth: int) -> tuple[str, list[_Source], set[str]]:
        sources = [self.source(depth, ())]
        text = sources[0].text
        merged: set[str] = set()
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            other = self.source(depth, [one.name for one in sources])
            shared = [name for name in other.columns if sum(name in one.columns for one in sources) == 1]
            kind = self.random.choice(["JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN", "JOIN"])
            shape = self.random.random()
            if shape < 0.25 and shared:
                merged.add(shared[0])
                text += f" {kind} {other.text} USING ({shared[0]})"
            elif shape < 0.3 and shared:
                text += f" NATURAL {kind} {other.text}"
            elif shape < 0.5:
                text += f", {other.text}"
            else:
                both = [*sources, other]
                left, right = self.column(sources, both), self.column([other], both)
                text += f" {kind} {other.text} ON {left} = {right}"
            sources.append(other)
        return text, sources, merged

    def source(self, depth: int, taken: Sequence[str]) -> _Source:
        known = {**TABLES, **self.ctes[-1]}
        free = [name for name in NAMES if name not in taken]
        alias = self.random.choice(free) if self.random.random() < 0.6 else ""
        if depth > 0 and self.random.random() < 0.3:
            body, columns = self.query(depth - 1)
            if not alias and self.random.random() < 0.8:
                alias = self.random.choice(free)
            if alias and self.random.random() < 0.2:
                columns = tuple(self.random.sample(COLUMNS, min(len(columns), 3)))
                return _Source(f"({body}) AS {alias}({', '.join(columns)})", alias, columns)
            return _Source(f"({body}) {alias}".strip(), alias, columns)
        name = self.random.choice([name for name in sorted(known) if alias or name not in taken] or ["a"])
        written = f"{name} {self.random.choice(['', 'AS '])}{alias}" if alias else name
        return _Source(written, alias or name, known[name])

    def column(self, sources: list[_Source], seen: Sequence[_Source] = ()) -> str:
        """A column of one of the sources; ``seen`` are all that a name alone might mean."""
        source = self.random.choice(sources)
        name = self.random.choice(source.columns)
        clear = sum(name in one.columns for one in seen or sources) == 1 or self.random.random() < 0.03
        return f"{source.name}.{name}" if source.name and (not clear or self.random.random() < 0.4) else name

    def condition(self, depth: int, sources: list[_Source]) -> str:
        shape = self.random.random()
        column = self.column(sources)
        if depth > 0 and shape < 0.25:
            body, columns = self.query(depth - 1)
            return f"{column} IN (SELECT {columns[0]} FROM ({body}) s)"
        if depth > 0 and shape < 0.5:
            inner = self.source(depth - 1, ())
            return f"EXISTS (SELECT 1 FROM {inner.text} WHERE {self.column([inner])} = {column})"
        return f"{column} {self.random.choice(['> 1', 'IS NOT NULL', 'IS NULL', '<> 30'])}"


def random_query(random: Random) -> str:
    return _Maker(random).query(2)[0]
