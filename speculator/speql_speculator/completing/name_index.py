"""The names of a catalog in order, so that a beginning is looked up and not searched for."""

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from speql_speculator.by_identity import ByIdentity
from speql_speculator.completing.packed_names import PackedNames
from speql_sql import Catalog, Column, Table
from speql_sql.catalog import LARGE

_CHUNK = 8_192
"""Sorting holds up other threads: no more than so many names at once."""

_FEW_TABLES = LARGE
"""Of so many tables the middle of a name is found, too."""


class NameIndex:
    """The tables of one catalog by beginnings of their names and of the words in these, folded.

    Making one takes time that grows with the catalog (0.5 s for 100,000 tables), looking up what begins with some
    letters does not. Rows of a lookup are tables, in the order of their names.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        tables = catalog.tables
        folded = [table.name.lower() for table in tables]
        self._order = _sorted(range(len(tables)), folded)
        self._names = [folded[number] for number in self._order]
        parts = [(part, number) for number, name in enumerate(folded) for part in later_words(name)]
        order = _sorted(range(len(parts)), [part for part, _ in parts])
        self._parts = [parts[number][0] for number in order]
        self._part_tables = [parts[number][1] for number in order]
        self._by_schema: dict[tuple[str, ...], list[int]] = {}
        self.schemas: dict[tuple[str, str], Table] = {}
        referring: dict[str, dict[int, Table]] = {}
        for number in self._order:
            table = tables[number]
            database, schema = table.database.lower(), table.schema.lower()
            self._by_schema.setdefault((schema,), []).append(number)
            self._by_schema.setdefault((database, schema), []).append(number)
            self.schemas.setdefault((database, schema), table)
            for key in table.foreign_keys:
                referring.setdefault(key.target.lower().rpartition(".")[2], {})[number] = table
        self._referring = {target: tuple(found.values()) for target, found in referring.items()}

    def beginning(self, wanted: str, schema: Sequence[str] = ()) -> Iterator[Table]:
        """The tables whose name begins with ``wanted`` (folded), of all schemas or of one (``(database,) schema``)."""
        tables = self.catalog.tables
        if schema:
            numbers = self._by_schema.get(tuple(part.lower() for part in schema), [])
            for at in range(bisect_left(numbers, wanted, key=lambda number: tables[number].name.lower()), len(numbers)):
                if not tables[numbers[at]].name.lower().startswith(wanted):
                    return
                yield tables[numbers[at]]
            return
        for at in range(bisect_left(self._names, wanted), len(self._names)):
            if not self._names[at].startswith(wanted):
                return
            yield tables[self._order[at]]

    def with_word(self, wanted: str) -> Iterator[Table]:
        """The tables with ``wanted`` (folded) at the beginning of a later word of their name: ``sales`` of
        ``store_sales``.
        """
        for at in range(bisect_left(self._parts, wanted), len(self._parts)):
            if not self._parts[at].startswith(wanted):
                return
            yield self.catalog.tables[self._part_tables[at]]

    def in_few(self) -> Sequence[Table]:
        """All tables, if they are few enough to be looked through."""
        return self.catalog.tables if len(self.catalog.tables) <= _FEW_TABLES else ()

    def of_schema(self, schema: Sequence[str]) -> Sequence[Table]:
        """The tables of a schema (``(database,) schema``), if it has few enough to be looked through."""
        numbers = self._by_schema.get(tuple(part.lower() for part in schema), [])
        return [self.catalog.tables[number] for number in numbers] if len(numbers) <= _FEW_TABLES else ()

    def on_path(self, table: Table) -> bool:
        """Whether the table's name alone means it."""
        return self.catalog.find(table.name) is table

    def referring_to(self, table: Table) -> Sequence[Table]:
        """Tables with a foreign key to a table of that name."""
        return self._referring.get(table.name.lower(), ())

    @cached_property
    def columns(self) -> "_ColumnNames":
        """The folded names of all columns, in order, each with its first table's number and how many tables have it:
        for a statement without any FROM.
        """
        known: dict[str, int] = {}
        first, count = array("I"), array("I")
        for number, table in enumerate(self.catalog.tables):
            for folded in table.folded_columns():
                place = known.setdefault(folded, len(first))
                if place == len(first):
                    first.append(number)
                    count.append(0)
                count[place] += 1
        names = list(known)
        order = _sorted(range(len(names)), names)
        return _ColumnNames(
            PackedNames(names[place] for place in order),
            array("I", (first[place] for place in order)),
            array("I", (count[place] for place in order)),
        )

    def columns_beginning(self, wanted: str) -> Iterator[tuple[Column, Table, int]]:
        """The columns that begin with ``wanted`` (folded), each with its first table and how many tables have it."""
        names = self.columns.names
        for at in range(bisect_left(names, wanted), len(names)):
            name = names[at]
            if not name.startswith(wanted):
                return
            table = self.catalog.tables[self.columns.first_table[at]]
            yield next(column for column in table.columns if column.name.lower() == name), table, self.columns.count[at]


@dataclass(frozen=True, slots=True)
class _ColumnNames:
    """Names of columns in order; at the same places the number of the first table, and how many tables have one."""

    names: Sequence[str]
    first_table: Sequence[int]
    count: Sequence[int]


def name_index(catalog: Catalog) -> NameIndex:
    """The index of a catalog; those of the last catalogs are kept, of large ones fewer."""
    return (_large_name_index if catalog.large else _name_index)(_Names(catalog))


class _Names(ByIdentity):
    """A catalog as a key: another version with the same tables has the same names."""

    __slots__ = ("catalog",)

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog.tables, catalog.path)
        self.catalog = catalog


@lru_cache(maxsize=8)
def _name_index(names: _Names) -> NameIndex:
    return NameIndex(names.catalog)


@lru_cache(maxsize=2)
def _large_name_index(names: _Names) -> NameIndex:
    return NameIndex(names.catalog)


def later_words(name: str) -> Iterator[str]:
    """What begins at the later words of a folded name.

    >>> list(later_words("fact_store_sales"))
    ['store_sales', 'sales']
    """
    at = name.find("_") + 1
    while 0 < at < len(name):
        yield name[at:]
        at = name.find("_", at) + 1


def _sorted(numbers: Iterable[int], keys: Sequence[str]) -> list[int]:
    """The numbers in the order of their keys."""
    listed = list(numbers)
    chunks = [sorted(listed[at : at + _CHUNK], key=keys.__getitem__) for at in range(0, len(listed), _CHUNK)]
    return chunks[0] if len(chunks) == 1 else list(heapq.merge(*chunks, key=keys.__getitem__))
