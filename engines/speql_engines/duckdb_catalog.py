"""The catalog of a DuckDB database, read from its system tables."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_sql import Catalog, Column, ForeignKey, Problem, Table
from speql_sql.guard import GuardPolicy, speculation_problems

_Name = tuple[str, str, str]
_ANY_COLUMN = ""

_TABLES = """
    SELECT database_name, schema_name, table_name, 'table', estimated_size, sql
    FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND database_name <> $1
    UNION ALL
    SELECT database_name, schema_name, view_name, 'view', NULL, sql
    FROM duckdb_views() WHERE NOT internal AND NOT temporary AND database_name <> $1
    ORDER BY 1, 2, 3"""
_COLUMNS = """
    SELECT database_name, schema_name, table_name, column_name, data_type, is_nullable, generation_expression
    FROM duckdb_columns() WHERE NOT internal AND database_name <> $1 ORDER BY table_oid, column_index"""
_CONSTRAINTS = """
    SELECT database_name, schema_name, table_name, constraint_type, constraint_column_names,
           referenced_table, referenced_column_names
    FROM duckdb_constraints()
    WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') AND database_name <> $1
    ORDER BY table_oid, constraint_index"""
_MACROS = """
    SELECT DISTINCT lower(function_name) FROM duckdb_functions()
    WHERE NOT internal AND database_name <> $1"""


def read_catalog(cursor: duckdb.DuckDBPyConnection, scratch: str, version: str) -> Catalog:
    """Tables and views of every user schema; never ``scratch`` tables nor the engine's own.

    Row counts are DuckDB's: exact for a table that nothing was deleted from since its last checkpoint, else an upper
    bound. Views have none. A foreign key is within one schema (DuckDB allows no other). ``Table.unsafe`` is set for a
    view, or a table with generated columns, that the guard would not let a speculation compute.
    """
    listed = _rows(cursor, _TABLES, scratch)
    collations = _Collations(cursor, listed)
    columns: dict[_Name, list[Column]] = defaultdict(list)
    generated: dict[_Name, list[str]] = defaultdict(list)
    for database, schema, name, column, type_, nullable, expression in _rows(cursor, _COLUMNS, scratch):
        collated = collations.type_of((database, schema, name), column, type_)
        columns[database, schema, name].append(Column(column, collated, bool(nullable)))
        if expression:
            generated[database, schema, name].append(f"SELECT {expression}")
    keys = _Keys(_rows(cursor, _CONSTRAINTS, scratch))
    macros = frozenset(str(name) for (name,) in _rows(cursor, _MACROS, scratch))
    definitions = {(d, s, n): [sql] for d, s, n, kind, _, sql in listed if kind == "view"} | generated
    unsafe = _unsafe_tables(definitions, macros)
    tables = tuple(
        Table(
            name=name,
            columns=tuple(columns[database, schema, name]),
            schema=schema,
            database=database,
            kind=kind,
            primary_key=keys.primary[database, schema, name],
            unique_keys=tuple(keys.unique[database, schema, name]),
            foreign_keys=tuple(keys.foreign[database, schema, name]),
            row_count=size,
            unsafe=unsafe.get((database, schema, name), ""),
        )
        for database, schema, name, kind, size, _ in listed
    )
    return Catalog(tables=tables, path=_search_path(cursor), version=version, user_functions=macros)


class _Collations:
    """Types with their collation, which DuckDB's own lists of columns leave out.

    Under a collation, values that are equal need not be the same: ``GROUP BY`` and ``=`` then depend on it, so whoever
    compares columns by their type must see it. A view may pass on the collation of any column; where there is one in
    the database, all text of views counts as collated.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, listed: Iterable[tuple[Any, ...]]) -> None:
        found = cursor.execute("SELECT current_setting('default_collation')").fetchone()
        self._default = str(found[0] or "") if found else ""
        self._declared: dict[tuple[_Name, str], str] = {}
        self._views: set[_Name] = set()
        for database, schema, name, kind, _, sql in listed:
            if kind == "view":
                self._views.add((database, schema, name))
            elif "collate" in sql.lower():
                for column, collation in _declared_collations(sql).items():
                    self._declared[(database, schema, name), column] = collation

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


def _unsafe_tables(definitions: dict[_Name, list[str]], macros: frozenset[str]) -> dict[_Name, str]:
    """Why reading each of these would run something that may not be speculated: views of such views too."""
    unsafe: dict[_Name, str] = {}
    pending = dict(definitions)
    while True:
        policy = GuardPolicy(user_functions=macros, unsafe_tables=frozenset(name[-1].lower() for name in unsafe))
        found = {
            name: problems[0].message
            for name, texts in pending.items()
            if (problems := [problem for text in texts for problem in _problems(text, policy)])
        }
        if not found:
            return unsafe
        unsafe |= found
        pending = {name: texts for name, texts in pending.items() if name not in found}


def _problems(text: str, policy: GuardPolicy) -> tuple[Problem, ...]:
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except SqlglotError:
        return (Problem("not-understood", "Its definition could not be read."),)
    if isinstance(tree, exp.Create):
        tree = tree.expression
    return speculation_problems(tree, policy) if tree else (Problem("not-understood", "It has no definition."),)
