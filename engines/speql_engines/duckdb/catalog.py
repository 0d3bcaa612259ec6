"""The catalog of a DuckDB database, read from its system tables."""

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.duckdb.file_tables import FileView
from speql_engines.known_catalog import KnownCatalog
from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, ForeignKey, Table
from speql_sql.catalog import LARGE, TableKind
from speql_sql.packed_columns import PackedColumns, TypeSpellings

_Name = tuple[str, str, str]
_Row = tuple[Any, ...]
_ANY_COLUMN = ""

Progress = Callable[[Catalog], None]
"""Called with what is known of a large catalog while it is being read, on the thread that reads it."""

_BATCH_ROWS = 2_000
"""So many rows are made objects at once: while that goes on, no other thread of Python's runs."""

_BATCH_TABLES = 20_000
"""After so many tables it is told what is there."""

# Of a table, the text that makes it holds all that is read of it; of a view it does not.
_TABLES = """
    SELECT database_name, schema_name, table_name, 'table', estimated_size, (hash(sql) >> 1)::BIGINT,
           CASE WHEN contains(lower(sql), 'collate') THEN sql END
    FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND database_name <> $1
    UNION ALL
    SELECT database_name, schema_name, view_name, 'view', NULL, (hash(sql) >> 1)::BIGINT, sql
    FROM duckdb_views() WHERE NOT internal AND NOT temporary AND database_name <> $1"""
_COLUMNS = """
    SELECT database_name, schema_name, table_name, column_name, data_type, is_nullable, generation_expression,
           column_index
    FROM duckdb_columns() {joined} WHERE NOT internal AND database_name <> $1"""
_CONSTRAINTS = """
    SELECT database_name, schema_name, table_name, constraint_type, constraint_column_names,
           referenced_table, referenced_column_names
    FROM duckdb_constraints() {joined}
    WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') AND database_name <> $1
    ORDER BY table_oid, constraint_index"""
_GENERATED = """
    SELECT database_name, schema_name, table_name, generation_expression FROM duckdb_columns()
    WHERE NOT internal AND database_name <> $1 AND generation_expression IS NOT NULL"""
_WANTED = """
    JOIN (SELECT unnest($2::VARCHAR[]) AS database_name, unnest($3::VARCHAR[]) AS schema_name,
                 unnest($4::VARCHAR[]) AS table_name) USING (database_name, schema_name, table_name)"""
_MACROS = """
    SELECT DISTINCT lower(function_name) FROM duckdb_functions()
    WHERE NOT internal AND database_name <> $1"""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A table as it is listed. ``sql`` is there for views, and for tables that may have collations.

    ``watched`` is the view of a data file: a change of the file is one of the data version.
    """

    name: _Name
    kind: str
    rows: int | None
    fingerprint: int
    sql: str | None
    watched: bool = False


def read_catalog(
    cursor: duckdb.DuckDBPyConnection,
    scratch: str,
    version: str,
    *,
    state: str = "",
    now: float = 0.0,
    known: KnownCatalog | None = None,
    progress: Progress = lambda _: None,
    background_tables: int = LARGE,
    file_views: Mapping[str, FileView] | None = None,
) -> KnownCatalog:
    """Tables and views of every user schema; never ``scratch`` tables nor the engine's own.

    Of what is ``known``, only that is read again which has changed. Row counts are DuckDB's: exact for a table that
    nothing was deleted from since its last checkpoint, else an upper bound. Views have none. A foreign key is within
    one schema (DuckDB allows no other). ``Table.unsafe`` is set for a view, or a table with generated columns, that
    the guard would not let a speculation compute. Of more than ``background_tables`` tables, ``progress`` is told.
    ``file_views`` are data files, which the connection watches: they are safe, and may have other columns under the
    same definition.
    """
    found = (_listed(row) for row in _rows(cursor, _TABLES, scratch))
    listed = sorted((_of_file(one, file_views or {}) for one in found), key=lambda one: one.name)
    collations = _Collations(cursor, listed)
    context = json.dumps([duckdb.__version__, collations.context])
    macros = frozenset(str(name) for (name,) in _rows(cursor, _MACROS, scratch))
    if known is not None and known.context != context:
        known = None
    kept = _still_so(known, listed)
    wanted = {one.name for one in listed if one.name not in kept}
    base = Catalog(path=_search_path(cursor), version=version, user_functions=macros, loaded_at=now)
    told = len(listed) > background_tables
    names_only = {one.name: _not_read(one) for one in listed if told and one.name in wanted}
    if told and wanted:
        progress(_partial(base, listed, kept, names_only))
    types = known.types if known is not None else TypeSpellings()
    reader = _TableReader(cursor, scratch, listed, wanted, collations, types)
    for number, table in enumerate(reader.tables(), start=1):
        kept[table.database, table.schema, table.name] = table
        if told and number % _BATCH_TABLES == 0:
            progress(_partial(base, listed, kept, names_only))
    unsafe = _unsafe(cursor, scratch, listed, wanted, reader.generated, macros, known)
    tables = tuple(_updated(kept[one.name], one.rows, unsafe.get(one.name, "")) for one in listed)
    if known is not None and not wanted and len(known.catalog.tables) == len(tables):
        before = known.catalog.tables
        same = all(old is new for old, new in zip(before, tables, strict=True))
        renewed = known.catalog.renewed(before if same else tables, version, now)
        # The same tables; what else belongs to a catalog may have changed.
        catalog = _with_base(renewed, base)
    else:
        catalog = Catalog(tables, "duckdb", base.path, version, macros, now)
    fingerprints = array("q", (one.fingerprint for one in listed))
    return KnownCatalog(catalog.prepared(), fingerprints, context, state, types)


def _listed(row: _Row) -> _Listed:
    database, schema, name, kind, rows, fingerprint, sql = row
    return _Listed((database, schema, name), kind, rows, fingerprint, sql)


def _of_file(one: _Listed, views: Mapping[str, FileView]) -> _Listed:
    """What is listed, with what is known of its file if it is the view of one, and still that view."""
    database, schema, name = one.name
    view = views.get(name) if (database, schema) == ("memory", "main") and one.kind == "view" else None
    if view is None or view.definition != one.sql:
        return one
    return replace(one, rows=view.rows, fingerprint=one.fingerprint ^ view.state, watched=True)


def _still_so(known: KnownCatalog | None, listed: Sequence[_Listed]) -> dict[_Name, Table]:
    """The known tables that are as they were. What a view has depends on others: it is only so if all are."""
    if known is None:
        return {}
    before = {
        (table.database, table.schema, table.name): (table, fingerprint)
        for table, fingerprint in zip(known.catalog.tables, known.fingerprints, strict=True)
    }
    same = {one.name: before[one.name][0] for one in listed if before.get(one.name, (None, None))[1] == one.fingerprint}
    if len(same) == len(listed) == len(before):
        return same
    return {name: table for name, table in same.items() if table.kind != "view"}


def _partial(
    base: Catalog, listed: Sequence[_Listed], read: dict[_Name, Table], names_only: dict[_Name, Table]
) -> Catalog:
    """What is known so far: of the tables that are not read yet, the name."""
    tables = tuple(read.get(one.name) or names_only[one.name] for one in listed)
    count = sum(not table.listed_only for table in tables)
    return Catalog(tables, "duckdb", base.path, f"{base.version}+{count}", base.user_functions, partial=True)


def _not_read(one: _Listed) -> Table:
    database, schema, name = one.name
    kind: TableKind = "view" if one.kind == "view" else "table"
    unsafe = "its definition has not been looked at yet" if kind == "view" else ""
    return Table(name, (), schema, database, kind, row_count=one.rows, unsafe=unsafe, listed_only=True)


def _updated(table: Table, rows: int | None, unsafe: str) -> Table:
    """The table with its rows as they are now; the same object if nothing has changed."""
    return table if (table.row_count, table.unsafe) == (rows, unsafe) else table.updated(rows, unsafe)


def _with_base(catalog: Catalog, base: Catalog) -> Catalog:
    if (catalog.path, catalog.user_functions) == (base.path, base.user_functions):
        return catalog
    return Catalog(catalog.tables, "duckdb", base.path, base.version, base.user_functions, base.loaded_at)


class _TableReader:
    """Reads the tables that are wanted, one after another."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        scratch: str,
        listed: Sequence[_Listed],
        wanted: set[_Name],
        collations: "_Collations",
        types: TypeSpellings,
    ) -> None:
        self._cursor = cursor
        self._listed = {one.name: one for one in listed if one.name in wanted}
        self._collations = collations
        self._types = types
        self._packs = len(listed) > LARGE
        # Looking for a few costs the engine as much as giving them all, and us much less.
        self._filtered = len(wanted) * 4 < len(listed)
        self._parameters: list[Any] = [scratch]
        if self._filtered:
            self._parameters += [list(part) for part in zip(*sorted(wanted), strict=True)] or [[], [], []]
        self.generated: dict[_Name, list[str]] = defaultdict(list)
        """The definitions of generated columns that were met."""

    def tables(self) -> Iterator[Table]:
        """The tables, in no order; those without any column too."""
        if not self._listed:
            return
        keys = _Keys(self._rows(_CONSTRAINTS))
        done: set[_Name] = set()
        for name, rows in groupby(self._streamed(_COLUMNS), key=itemgetter(0, 1, 2)):
            if name in self._listed and name not in done:
                done.add(name)
                yield self._table(self._listed[name], self._columns(name, list(rows)), keys)
        for name in self._listed.keys() - done:
            yield self._table(self._listed[name], (), keys)

    def _columns(self, name: _Name, rows: list[_Row]) -> tuple[Column, ...]:
        rows.sort(key=itemgetter(7))
        self.generated_of(name, rows)
        return tuple(Column(row[3], self._collations.type_of(name, row[3], row[4]), bool(row[5])) for row in rows)

    def generated_of(self, name: _Name, rows: Iterable[_Row]) -> None:
        """Keep the expressions of generated columns."""
        found = [f"SELECT {row[6]}" for row in rows if row[6]]
        if found:
            self.generated[name] = found

    def _table(self, one: _Listed, columns: tuple[Column, ...], keys: "_Keys") -> Table:
        database, schema, name = one.name
        return Table(
            name=name,
            columns=PackedColumns.of(columns, self._types) if self._packs else columns,
            schema=schema,
            database=database,
            kind="view" if one.kind == "view" else "table",
            primary_key=keys.primary.get(one.name, ()),
            unique_keys=tuple(keys.unique.get(one.name, ())),
            foreign_keys=tuple(keys.foreign.get(one.name, ())),
            row_count=one.rows,
        )

    def _rows(self, sql: str) -> list[_Row]:
        return self._cursor.execute(self._sql(sql), self._parameters).fetchall()

    def _streamed(self, sql: str) -> Iterator[_Row]:
        # The columns of a table come together; only where they are looked for, the engine may mix them.
        ordered = self._sql(sql) + (" ORDER BY ALL" if self._filtered else "")
        found = self._cursor.execute(ordered, self._parameters)
        while rows := found.fetchmany(_BATCH_ROWS):
            yield from rows

    def _sql(self, sql: str) -> str:
        return sql.format(joined=_WANTED if self._filtered else "")


def _unsafe(
    cursor: duckdb.DuckDBPyConnection,
    scratch: str,
    listed: Sequence[_Listed],
    wanted: set[_Name],
    generated: dict[_Name, list[str]],
    macros: frozenset[str],
    known: KnownCatalog | None,
) -> dict[_Name, str]:
    """Why some tables may not be speculated; looked at again only if something that it depends on has changed."""
    if known is not None and not wanted and macros == known.catalog.user_functions:
        return {(table.database, table.schema, table.name): table.unsafe for table in known.catalog.tables}
    if known is not None:
        generated = defaultdict(list)
        for database, schema, name, expression in _rows(cursor, _GENERATED, scratch):
            generated[database, schema, name].append(f"SELECT {expression}")
    definitions = {one.name: [one.sql or ""] for one in listed if one.kind == "view" and not one.watched} | generated
    return unsafe_views(definitions, macros, "duckdb")


class _Collations:
    """Types with their collation, which DuckDB's own lists of columns leave out.

    Under a collation, values that are equal need not be the same: ``GROUP BY`` and ``=`` then depend on it, so whoever
    compares columns by their type must see it. A view may pass on the collation of any column; where there is one in
    the database, all text of views counts as collated.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, listed: Iterable[_Listed]) -> None:
        found = cursor.execute("SELECT current_setting('default_collation')").fetchone()
        self._default = str(found[0] or "") if found else ""
        self._declared: dict[tuple[_Name, str], str] = {}
        self._views: set[_Name] = set()
        for one in listed:
            if one.kind == "view":
                self._views.add(one.name)
            elif one.sql is not None:
                for column, collation in _declared_collations(one.sql).items():
                    self._declared[one.name, column] = collation

    @property
    def context(self) -> str:
        """What the types of all tables depend on."""
        return f"{self._default} {bool(self._declared)}"

    def type_of(self, table: _Name, column: str, type_: str) -> str:
        """``VARCHAR COLLATE NOCASE``, or the type as it is."""
        if "VARCHAR" not in type_:
            return type_
        passed_on = "UNKNOWN" if table in self._views and self._declared else ""
        declared = self._declared.get((table, column)) or self._declared.get((table, _ANY_COLUMN))
        collation = declared or self._default or passed_on
        return f"{type_} COLLATE {collation.upper()}" if collation else type_


def _declared_collations(create: str) -> dict[str, str]:
    """Collations by column of a ``CREATE TABLE``; of a text that cannot be read, an unknown one for every column."""
    try:
        definitions = list(sqlglot.parse_one(create, read="duckdb").find_all(exp.ColumnDef))
    except SqlglotError:
        return {_ANY_COLUMN: "UNKNOWN"}
    declared = ((one.name, one.find(exp.CollateColumnConstraint)) for one in definitions)
    return {name: collation.this.sql() for name, collation in declared if collation}


class _Keys:
    """The declared keys of each table."""

    def __init__(self, constraints: Iterable[tuple[Any, ...]]) -> None:
        self.primary: defaultdict[_Name, tuple[str, ...]] = defaultdict(tuple)
        self.unique: defaultdict[_Name, list[tuple[str, ...]]] = defaultdict(list)
        self.foreign: defaultdict[_Name, list[ForeignKey]] = defaultdict(list)
        for database, schema, name, kind, columns, target, target_columns in constraints:
            table = (database, schema, name)
            if kind == "PRIMARY KEY":
                self.primary[table] = tuple(columns)
            elif kind == "UNIQUE":
                self.unique[table].append(tuple(columns))
            else:
                self.foreign[table].append(ForeignKey(tuple(columns), f"{schema}.{target}", tuple(target_columns)))


def _rows(cursor: duckdb.DuckDBPyConnection, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
    return cursor.execute(sql, list(parameters)).fetchall()


def _search_path(cursor: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str], ...]:
    """The ``(database, schema)`` pairs that an unqualified name is looked up in."""
    found = cursor.execute("SELECT current_setting('search_path'), current_database(), current_schema()").fetchone()
    assert found is not None, "a SELECT of constants has one row"
    setting, database, schema = (str(part) for part in found)
    # The setting is a list of `database.schema` in which names are not quoted: looked up, not parsed.
    schemas = cursor.execute("SELECT database_name, schema_name FROM duckdb_schemas()").fetchall()
    known = {f"{in_database}.{name}".lower(): (str(in_database), str(name)) for in_database, name in schemas}
    known |= {name.lower(): (in_database, name) for in_database, name in known.values() if in_database == database}
    listed = (known.get(entry.replace('"', "").strip().lower()) for entry in setting.split(","))
    return tuple(dict.fromkeys([(database, schema), *(pair for pair in listed if pair)]))
