"""What is known of the tables of an engine, as one immutable value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from speql_sql.column import Column
from speql_sql.column_index import ColumnIndex
from speql_sql.packed_columns import PackedColumns
from speql_sql.sorted_names import SortedNames

__all__ = ["LARGE", "Catalog", "Column", "ForeignKey", "Table", "TableKind"]

TableKind = Literal["table", "view"]

LARGE = 5_000
"""A catalog with more tables than this is never gone through at a keystroke."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``columns`` of the table that declares it refer to ``target_columns`` of ``target`` (``schema.table``)."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


class _Columns:
    """The field of a table that takes its columns packed, too, and always gives them unpacked."""

    def __get__(self, table: "Table | None", owner: object = None) -> tuple[Column, ...]:
        if table is None:
            raise AttributeError("columns")  # as a dataclass asks for a default: there is none
        given: tuple[Column, ...] | PackedColumns = table.__dict__["columns"]
        return given if isinstance(given, tuple) else given.unpacked()

    def __set__(self, table: "Table", columns: tuple[Column, ...] | PackedColumns) -> None:
        table.__dict__["columns"] = columns


_COLUMNS = _Columns()


@dataclass(frozen=True)
class Table:
    """A table or view. ``row_count`` and ``bytes`` are None where the engine does not tell.

    ``columns`` may be given packed, as a large catalog has them. ``unsafe`` says why reading it may not be speculated
    (a view that calls ``random()``), or is empty. ``listed_only`` is True while a catalog is being loaded, for a table
    of which only the name is known so far.
    """

    name: str
    columns: _Columns = _COLUMNS
    schema: str = "main"
    database: str = ""
    kind: TableKind = "table"
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    row_count: int | None = None
    bytes: int | None = None
    unsafe: str = ""
    listed_only: bool = False

    @cached_property
    def columns_by_name(self) -> dict[str, Column]:
        """Columns by their folded (lower-case) name."""
        return {column.name.lower(): column for column in self.columns}

    def column(self, name: str) -> Column | None:
        """The column of that name, letter case ignored."""
        return self.columns_by_name.get(name.lower())

    @property
    def packed(self) -> PackedColumns | None:
        """The columns as they were packed; None if they were given as they are."""
        given = self.__dict__["columns"]
        return given if isinstance(given, PackedColumns) else None

    def folded_columns(self) -> Iterable[str]:
        """The folded names of the columns, without unpacking the columns for them."""
        packed = self.packed
        return self.columns_by_name if packed is None else packed.folded_names()

    def updated(self, row_count: int | None, unsafe: str) -> "Table":
        """This table with what changes while its columns stay; they stay packed if they are."""
        return replace(self, columns=self.__dict__["columns"], row_count=row_count, unsafe=unsafe)

    @cached_property
    def keys(self) -> tuple[frozenset[str], ...]:
        """Sets of folded column names, each of which identifies a row: the primary key first.

        A unique key is a key only if none of its columns can be NULL (UNIQUE allows many NULLs).
        """
        declared = ([self.primary_key] if self.primary_key else []) + [
            key for key in self.unique_keys if all((c := self.column(name)) and not c.nullable for name in key)
        ]
        return tuple(dict.fromkeys(frozenset(name.lower() for name in key) for key in declared))


@dataclass(frozen=True)
class Catalog:
    """The tables of a connection, as of ``version``.

    ``version`` changes when the catalog does; it is the key of every cache built on a catalog. ``dialect`` is the
    sqlglot name of the engine's SQL. Names are looked up without regard to letter case, as DuckDB does; ``path``
    is the order in which ``(database, schema)`` pairs are searched for an unqualified name. ``user_functions`` are the
    folded names of the functions that the user's database defines: what they do is not known, and one of them may
    stand in for a built-in function of its name.

    ``loaded_at`` is when the engine was last asked, in seconds since 1970, 0 where that is not known. ``partial`` says
    that it is being loaded still: tables, or their columns, are missing. ``stale`` says that the database has changed
    since, and what it is now is being looked up. Neither may prove anything: see `certain`.
    """

    tables: tuple[Table, ...] = ()
    dialect: str = "duckdb"
    path: tuple[tuple[str, str], ...] = (("", "main"),)
    version: str = ""
    user_functions: frozenset[str] = frozenset()
    loaded_at: float = field(default=0.0, compare=False)
    partial: bool = False
    stale: bool = False
    _columns_known: ColumnIndex["Table"] | None = field(default=None, repr=False, compare=False)
    """The index behind `tables_by_column`, where it was made already."""

    def __hash__(self) -> int:
        return hash((self.version, self.dialect, len(self.tables)))

    @property
    def certain(self) -> bool:
        """Whether this is what the engine has: only then do keys and types prove anything of a query."""
        return not (self.partial or self.stale)

    @property
    def large(self) -> bool:
        """Whether it has too many tables to go through all of them at a keystroke."""
        return len(self.tables) > LARGE

    def age(self, now: float) -> float | None:
        """Seconds since the engine was asked, at the time ``now``; None where that is not known."""
        return max(now - self.loaded_at, 0.0) if self.loaded_at else None

    def find(self, name: str, schema: str = "", database: str = "") -> Table | None:
        """The table that ``database.schema.name`` means here, or None."""
        parts = tuple(part.lower() for part in (database, schema, name) if part)
        if not parts:
            return None
        known = self._found.get(parts[-1])
        if known is None:
            if parts[-1] not in self._places:
                return None
            known = self._found[parts[-1]] = _index(self.named(parts[-1]), self.path)
        return known.get(parts)

    def named(self, *names: str) -> tuple[Table, ...]:
        """All tables of these names, whatever their schema, in the order of the catalog."""
        places: set[int] = set()
        for name in names:
            found = self._places.get(name.lower())
            if found is not None:
                places.update((found,) if isinstance(found, int) else found)
        return tuple(self.tables[place] for place in sorted(places))

    def as_stale(self) -> "Catalog":
        """This catalog once the database has changed: as good as before for proposals, and no proof any more."""
        return self.renewed(self.tables, f"{self.version}~stale", self.loaded_at, stale=True)

    def renewed(self, tables: tuple[Table, ...], version: str, loaded_at: float, *, stale: bool = False) -> "Catalog":
        """Another version, in which the same tables with the same columns are in the same places."""
        known = self.__dict__.get("tables_by_column") if self._columns_known is None else self._columns_known
        index = known.over(tables) if isinstance(known, ColumnIndex) else None
        found = replace(
            self, tables=tables, version=version, loaded_at=loaded_at, stale=stale, partial=False, _columns_known=index
        )
        for name in ("_places", "table_names", "schemas"):
            if name in self.__dict__:
                found.__dict__[name] = self.__dict__[name]
        return found

    def prepared(self) -> "Catalog":
        """This catalog, with what a large one is searched by made now: by who loads it, not at the first keystroke."""
        if self.large:
            for prepare in (self._places, self.table_names, self.schemas, self.unsafe_tables, self.tables_by_column):
                assert prepare is not None
        return self

    def with_tables(self, added: Iterable[Table], version: str) -> "Catalog":
        """This catalog with more tables, as another version of it."""
        tables = (*self.tables, *added)
        known = self.__dict__.get("tables_by_column") if self._columns_known is None else self._columns_known
        index = known.with_more(tables) if isinstance(known, ColumnIndex) else None
        return replace(self, tables=tables, version=version, _columns_known=index)

    def part(self, tables: tuple[Table, ...]) -> "Catalog":
        """A catalog of some of these tables, to look at and not to keep."""
        return replace(self, tables=tables, _columns_known=None)

    @cached_property
    def table_names(self) -> SortedNames:
        """The names of all tables, to look for those that begin with something."""
        return SortedNames(table.name for table in self.tables)

    @cached_property
    def schemas(self) -> frozenset[str]:
        """The names of the schemas and databases that tables are in."""
        return frozenset(place for table in self.tables for place in (table.schema, table.database))

    @cached_property
    def unsafe_tables(self) -> frozenset[str]:
        """Folded names of the tables and views that may not be speculated."""
        return frozenset(table.name.lower() for table in self.tables if table.unsafe)

    @cached_property
    def tables_by_column(self) -> Mapping[str, tuple[Table, ...]]:
        """For each folded column name, the tables that have it, in the order of the catalog.

        In a large catalog this is a search and not a dictionary: ask for names, do not go through them.
        """
        if self._columns_known is not None:
            return self._columns_known
        if self.large:
            return ColumnIndex.of(self.tables)
        found: dict[str, list[Table]] = {}
        for table in self.tables:
            for column in table.columns_by_name:
                found.setdefault(column, []).append(table)
        return {name: tuple(tables) for name, tables in found.items()}

    @cached_property
    def _places(self) -> dict[str, int | tuple[int, ...]]:
        """Where in the catalog the tables of each folded name are."""
        places: dict[str, int | tuple[int, ...]] = {}
        for place, table in enumerate(self.tables):
            name = table.name.lower()
            before = places.get(name)
            if before is None:
                places[name] = place
            else:
                places[name] = (*((before,) if isinstance(before, int) else before), place)
        return places

    @cached_property
    def _found(self) -> dict[str, dict[tuple[str, ...], Table]]:
        """The spellings of the names that were looked up so far, by folded name."""
        return {}


def _index(tables: Iterable[Table], path: tuple[tuple[str, str], ...]) -> dict[tuple[str, ...], Table]:
    """All spellings of each table's name: the earlier in the path wins, and ``schema.t`` before ``database.t``."""
    order = {(database.lower(), schema.lower()): rank for rank, (database, schema) in enumerate(path)}
    index: dict[tuple[str, ...], Table] = {}

    def rank(table: Table) -> int:
        return order.get((table.database.lower(), table.schema.lower()), len(order))

    ranked = sorted(tables, key=rank)
    for table in ranked:
        name, schema, database = table.name.lower(), table.schema.lower(), table.database.lower()
        if rank(table) < len(order):
            index.setdefault((name,), table)
        index.setdefault((schema, name), table)
        index.setdefault((database, schema, name), table)
    for table in ranked:
        if (table.database.lower(), table.schema.lower()) in order or table.schema.lower() == "main":
            index.setdefault((table.database.lower(), table.name.lower()), table)
    return index
