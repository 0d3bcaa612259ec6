"""The tables and columns that matter for a text, as few words as say what they are."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from speql_speculator.parsing.keywords import NO_BARE_ALIAS
from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.tokens import tokenize
from speql_sql import Catalog, Table

MAX_TABLES = 12
MAX_COLUMNS = 20
NEIGHBOUR_COLUMNS = 6
MOST_ALIKE = 50
"""In a large catalog so many tables are looked at for each word."""
MANY_TABLES = 400
"""Names that are nearly alike are looked for in catalogs of up to so many tables: it takes time for each name."""


def linked_schema(text: str, catalog: Catalog) -> str:
    """The part of the catalog that a model needs to see for ``text``, one line a table: names and types, no more.

    In are the tables that the text names; those that have the columns it names; those whose names, or columns, are like
    words of the text, comments too; and the tables that a key joins to one of these. Tables and columns are in the
    catalog's order, so that the same tables make the same text, whatever was typed last.

    >>> from speql_sql import Column
    >>> linked_schema("SELECT nmae FROM t", Catalog((Table("t", (Column("name", "VARCHAR"),)), Table("u", ()))))
    't(name VARCHAR)'
    """
    words = list(dict.fromkeys(_words(text, catalog.dialect)))
    if catalog.large:
        catalog = _around(words, catalog)
    scores = _scores(words, catalog)
    named = sorted(scores, key=lambda place: -scores[place])[:MAX_TABLES]
    neighbours = [place for place in _neighbours(named, catalog) if place not in named]
    chosen = sorted([*named, *neighbours[: max(MAX_TABLES - len(named), 0)]])
    parts = {part for word in words for part in _parts(word)}
    return "\n".join(
        _line(catalog.tables[place], MAX_COLUMNS if place in named else NEIGHBOUR_COLUMNS, words, parts)
        for place in chosen
    )


def _around(words: list[str], catalog: Catalog) -> Catalog:
    """The part of a large catalog that may matter: tables that are named, begin like a word or have a column that is
    named, and those that their keys refer to.
    """
    names = [*words]
    for part in dict.fromkeys(part for word in words for part in _parts(word)):
        names += islice(catalog.table_names.beginning(part), MOST_ALIKE)
    for word in words:
        names += (table.name for table in catalog.tables_by_column.get(word, ())[:MOST_ALIKE])
    tables = catalog.named(*names)
    targets = (key.target.rpartition(".")[2] for table in tables for key in table.foreign_keys)
    return catalog.part(catalog.named(*(table.name for table in tables), *targets))


def _words(text: str, dialect: str) -> Iterator[str]:
    """The folded words that may be names; of comments and strings, their words too."""
    for token in tokenize(text, dialect, comments=True):
        if token.kind == "word" and token.upper not in NO_BARE_ALIAS:
            yield token.text.lower()
        elif token.kind == "quoted":
            yield token.name.lower()
        elif token.kind == "comment":
            yield from (part.lower() for part in token.text.replace("*", " ").split() if part.isidentifier())


def _parts(name: str) -> Iterator[str]:
    """The words that a name is made of, the letter of a plural left out."""
    for part in name.lower().split("_"):
        if len(part) > 2:
            yield part.removesuffix("s")


def _scores(words: list[str], catalog: Catalog) -> dict[int, float]:
    """How much each table, by its place in the catalog, has to do with the words; those that have nothing left out."""
    scores: dict[int, float] = {}
    tables = catalog.tables
    places = {id(table): place for place, table in enumerate(tables)}
    by_name: dict[str, list[int]] = {}
    for place, table in enumerate(tables):
        by_name.setdefault(table.name.lower(), []).append(place)
    parts_of_names = {place: set(_parts(table.name)) for place, table in enumerate(tables)}

    def add(place: int, score: float) -> None:
        scores[place] = scores.get(place, 0.0) + score

    named = {place for word in words for place in by_name.get(word, ())}
    for word in words:
        for place in by_name.get(word, ()):
            add(place, 10.0)
        # A column of a table that is named is that one: others that have one of its name are not meant.
        having = [places[id(table)] for table in catalog.tables_by_column.get(word, ())]
        meant = [place for place in having if place in named] or having
        for place in meant:
            add(place, 3.0 / len(meant))
        if having or word in by_name:
            continue
        parts = set(_parts(word))
        for place, of_name in parts_of_names.items():
            if parts & of_name:
                add(place, 2.0)
        if len(tables) <= MANY_TABLES:
            for near in closest_names(word, by_name):
                for place in by_name[near]:
                    add(place, 4.0)
            for near in closest_names(word, catalog.tables_by_column):
                for table in catalog.tables_by_column[near]:
                    add(places[id(table)], 1.0 / len(catalog.tables_by_column[near]))
    return scores


def _neighbours(places: Iterable[int], catalog: Catalog) -> Iterator[int]:
    """The tables that a declared key joins to one of these, either way."""
    chosen = list(places)
    named = {_full_name(catalog.tables[place]) for place in chosen}
    targets = {key.target.lower() for place in chosen for key in catalog.tables[place].foreign_keys}
    for place, table in enumerate(catalog.tables):
        if _full_name(table) in targets or any(key.target.lower() in named for key in table.foreign_keys):
            yield place


def _full_name(table: Table) -> str:
    return f"{table.schema}.{table.name}".lower()


def _line(table: Table, most: int, words: list[str], parts: set[str]) -> str:
    """A table with its columns; of a wide one those that are keys, or like a word of the text, first."""
    columns = table.columns
    if len(columns) > most:
        keys = {name.lower() for key in table.foreign_keys for name in key.columns}
        keys |= {name.lower() for name in table.primary_key}

        def rank(name: str) -> int:
            return 0 if name in words else 1 if name in keys else 2 if parts & set(_parts(name)) else 3

        best = sorted(range(len(columns)), key=lambda at: rank(columns[at].name.lower()))[:most]
        columns = tuple(columns[at] for at in sorted(best))
    targets = {
        key.columns[0].lower(): f" -> {key.target.rsplit('.', 1)[-1]}.{key.target_columns[0]}"
        for key in table.foreign_keys
        if len(key.columns) == 1 and len(key.target_columns) == 1
    }
    listed = ", ".join(f"{_name(one.name)} {_type(one.type)}{targets.get(one.name.lower(), '')}" for one in columns)
    more = ", ..." if len(columns) < len(table.columns) else ""
    prefix = "" if table.schema in ("main", "public", "") else f"{_name(table.schema)}."
    return f"{prefix}{_name(table.name)}({listed}{more})"


_VALUES_OF_TYPE = re.compile(r"\(\s*'(?:[^']|'')*'(?:\s*,\s*'(?:[^']|'')*')*\s*\)")


def _type(type_name: str) -> str:
    """A type without the values that an ENUM lists, which are what stands in the rows; on one line."""
    return " ".join(_VALUES_OF_TYPE.sub("", type_name).split())


def _name(name: str) -> str:
    """A name as it is written in SQL; on one line, whatever it is made of."""
    if name.isidentifier():
        return name
    return '"' + " ".join(name.replace('"', '""').split()) + '"'
