"""What an analyst does after the first result: three edits of a query."""

import random
import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from speql_engines import Engine, EngineError
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Column, Table

_AGGREGATES = {"sum": "avg", "avg": "max", "min": "max", "max": "min", "count": "count", "stddev_samp": "avg"}
_COMPARED = {"=", ">", ">=", "<", "<=", "BETWEEN", "IN"}
_CLAUSES = {"GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "QUALIFY", "WINDOW", ";"}
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}$")


@dataclass(frozen=True, slots=True)
class Exploration:
    """An edit: what it is called, and the versions that the text goes through, the last one being its outcome."""

    name: str
    versions: tuple[str, ...]


async def explorations(text: str, engine: Engine, catalog: Catalog, name: str) -> AsyncIterator[Exploration]:
    """Three edits, each of the text that the one before has left: a constant, a predicate more, a measure or a key.

    Which constant, column or measure is chosen by ``name`` as a seed, among those after which the query still binds.
    An edit of a kind that the query offers no place for is left out.
    """
    dice = random.Random(zlib.crc32(name.encode()))
    kinds: dict[str, Callable[[_Text, Engine], AsyncIterator[list[str]]]] = {
        "constant": _other_constants,
        "predicate": _more_predicates,
        "measure or key": _other_measures,
    }
    for kind, candidates in kinds.items():
        found = _Text(text, catalog, random.Random(dice.random()))
        async for versions in candidates(found, engine):
            if (await engine.bind(versions[-1])).ok:
                yield Exploration(kind, (text, *versions))
                text = versions[-1]
                break


class _Text:
    """A text taken apart, and dice."""

    def __init__(self, text: str, catalog: Catalog, dice: random.Random) -> None:
        self.text = text
        self.tokens = tokenize(text, catalog.dialect)
        self.dice = dice
        named = {token.name.lower() for token in self.tokens}
        self.tables = [table for table in catalog.tables if table.name.lower() in named]

    def column(self, token: Token) -> tuple[Table, Column] | None:
        """The column that a token names, of whatever table of the text has one of that name."""
        return next(((table, found) for table in self.tables if (found := table.column(token.name))), None)

    def replaced(self, token: Token, new: str) -> str:
        """The text with another word in place of a token."""
        return self.text[: token.start] + new + self.text[token.end :]

    def shuffled(self, indexes: list[int]) -> list[int]:
        """The same in an order of chance."""
        return self.dice.sample(indexes, len(indexes))

    def is_call(self, index: int) -> bool:
        """Whether a parenthesis follows."""
        return index + 1 < len(self.tokens) and self.tokens[index + 1].text == "("


async def _other_constants(found: _Text, engine: Engine) -> AsyncIterator[list[str]]:
    tokens = found.tokens
    compared = [i for i, token in enumerate(tokens) if token.text.upper() in _COMPARED]
    places = []
    for i in compared:
        for j in range(i + 1, min(i + 6, len(tokens))):
            if tokens[j].kind in ("number", "string"):
                places.append((i, j))
                break
    for i, j in found.dice.sample(places, len(places)):
        token, left = tokens[j], tokens[i - 1]
        value = token.text.strip("'")
        if token.kind == "number":
            step = 1 if "." not in token.text else 0.5
            number = float(token.text) + step
            yield [found.replaced(token, f"{number:g}" if number < 1e6 else str(int(number)))]
        elif _DATE.match(value):
            year, month, day = (int(part) for part in value.split("-"))
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            yield [found.replaced(token, f"'{year}-{month:02}-{min(day, 28):02}'")]
        elif (column := found.column(left)) is not None:
            other = await _other_value(engine, column, value)
            if other is not None:
                yield [found.replaced(token, "'" + other.replace("'", "''") + "'")]


async def _other_value(engine: Engine, column: tuple[Table, Column], value: str) -> str | None:
    table, name = _name(column[0]), f'"{column[1].name}"'
    literal = "'" + value.replace("'", "''") + "'"
    for bound in (f"min({name}) FROM {table} WHERE {name} > {literal}", f"min({name}) FROM {table}"):
        try:
            rows = (await engine.execute(f"SELECT {bound}")).rows.to_pylist()
        except EngineError:
            return None
        found = next(iter(rows[0].values()))
        if isinstance(found, str) and found != value:
            return found
    return None


async def _more_predicates(found: _Text, engine: Engine) -> AsyncIterator[list[str]]:
    """One more condition at the end of a WHERE, on a column of a table of its FROM that the text does not name yet."""
    for i in found.shuffled([i for i, t in enumerate(found.tokens) if t.upper == "WHERE"]):
        end = _end_of_clause(found.tokens, i)
        position = found.tokens[end - 1].end
        for table in found.dice.sample(found.tables, len(found.tables)):
            for column in found.dice.sample(table.columns, len(table.columns))[:6]:
                value = await _common_value(engine, table, column)
                if value is None or any(t.name.lower() == column.name.lower() for t in found.tokens):
                    continue
                yield [f"{found.text[:position]}\n  AND {column.name} {value}{found.text[position:]}"]


async def _common_value(engine: Engine, table: Table, column: Column) -> str | None:
    name = f'"{column.name}"'
    number = column.type.startswith(("INTEGER", "BIGINT", "DECIMAL", "DOUBLE"))
    asked = f"approx_quantile({name}, 0.2)" if number else f"mode({name})"
    if not number and not column.type.startswith("VARCHAR"):
        return None
    try:
        rows = (await engine.execute(f"SELECT {asked} FROM {_name(table)}")).rows.to_pylist()
    except EngineError:
        return None
    value = next(iter(rows[0].values()))
    if value is None:
        return None
    return f">= {value}" if number else "= '" + str(value).replace("'", "''") + "'"


async def _other_measures(found: _Text, engine: Engine) -> AsyncIterator[list[str]]:
    """Another aggregate of the same column, the same aggregate of another column, or another grouping column."""
    del engine
    edits = [*_other_functions(found), *_other_columns(found)]
    for versions in found.dice.sample(edits, len(edits)):
        yield versions


def _other_functions(found: _Text) -> Iterator[list[str]]:
    for i, token in enumerate(found.tokens):
        other = _AGGREGATES.get(token.text.lower())
        if other is not None and other != token.text.lower() and found.is_call(i):
            yield [found.replaced(token, other)]


def _other_columns(found: _Text) -> Iterator[list[str]]:
    """Every mention of a grouping column replaced by another one of its table, a mention at a time."""
    grouped: list[Token] = []
    for i, token in enumerate(found.tokens):
        if token.upper == "GROUP":
            grouped += found.tokens[i + 1 : _end_of_clause(found.tokens, i)]
    for token in grouped:
        column = found.column(token)
        if column is None:
            continue
        kind = column[1].type.split("(")[0]
        named = {t.name.lower() for t in found.tokens}
        others = [c for c in column[0].columns if c.type.split("(")[0] == kind and c.name.lower() not in named]
        if not others:
            continue
        other, versions, text = found.dice.choice(others).name, [], found.text
        mentions = [t for t in found.tokens if t.text.lower() == token.text.lower()]
        for mention in reversed(mentions):
            text = text[: mention.start] + other + text[mention.end :]
            versions.append(text)
        yield versions


def _end_of_clause(tokens: list[Token], start: int) -> int:
    """The index after the last token of the clause that begins at ``start``."""
    depth = 0
    for i in range(start + 1, len(tokens)):
        if tokens[i].text == "(":
            depth += 1
        elif tokens[i].text == ")":
            depth -= 1
            if depth < 0:
                return i
        elif depth == 0 and tokens[i].upper in _CLAUSES:
            return i
    return len(tokens)


def _name(table: Table) -> str:
    return ".".join(f'"{part}"' for part in (table.database, table.schema, table.name) if part)
