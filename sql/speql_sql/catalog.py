"""What is known of the tables of an engine, as one immutable value."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

TableKind = Literal["table", "view"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``type`` is the engine's own spelling, with its collation if it has one: ``VARCHAR COLLATE NOCASE``."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``columns`` of the table that declares it refer to ``target_columns`` of ``target`` (``schema.table``)."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table or view. ``row_count`` and ``bytes`` are None where the engine does not tell.

    ``unsafe`` says why reading it may not be speculated (a view that calls ``random()``), or is empty.
    """

    name: str
    columns: tuple[Column, ...]
    schema: str = "main"
    database: str = ""
    kind: TableKind = "table"
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    row_count: int | None = None
    bytes: int | None = None
    unsafe: str = ""

    @cached_property
    def columns_by_name(self) -> dict[str, Column]:
        """Columns by their folded (lower-case) name."""
        return {column.name.lower(): column for column in self.columns}

    def column(self, name: str) -> Column | None:
        """The column of that name, letter case ignored."""
        return self.columns_by_name.get(name.lower())

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
    """

    tables: tuple[Table, ...] = ()
    dialect: str = "duckdb"
    path: tuple[tuple[str, str], ...] = (("", "main"),)
    version: str = ""
    user_functions: frozenset[str] = frozenset()
    _index: dict[tuple[str, ...], Table] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _index(self.tables, self.path))

    def find(self, name: str, schema: str = "", database: str = "") -> Table | None:
        """The table that ``database.schema.name`` means here, or None."""
        parts = tuple(part.lower() for part in (database, schema, name) if part)
        return self._index.get(parts)

    @cached_property
    def unsafe_tables(self) -> frozenset[str]:
        """Folded names of the tables and views that may not be speculated."""
        return frozenset(table.name.lower() for table in self.tables if table.unsafe)

    @cached_property
    def tables_by_column(self) -> dict[str, tuple[Table, ...]]:
        """For each folded column name, the tables that have it, in the order of the catalog."""
        found: dict[str, list[Table]] = {}
        for table in self.tables:
            for column in table.columns_by_name:
                found.setdefault(column, []).append(table)
        return {name: tuple(tables) for name, tables in found.items()}


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
