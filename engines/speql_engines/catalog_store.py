"""The catalog of a database, kept in a file between sessions.

What we want: the next session knows the tables at once; what is in the file is one whole state, whoever else writes it
at the same time; and a file that is damaged costs nothing but its making.

So all of it is one SQLite file. A whole catalog is written beside it and put in its place, which nobody can see half
done. A change is written into the file, in one transaction, and only what has changed; but only if the file is still
the one that this process read or wrote last, by a random `revision`. Two servers of one database that write in turn
thus replace each other's file, or leave it if it says the same. The file is never held open.
"""

import json
import logging
import sqlite3
import struct
import uuid
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from speql_engines.known_catalog import KnownCatalog
from speql_sql import Catalog, ForeignKey, Table
from speql_sql.catalog import TableKind
from speql_sql.column_index import ColumnIndex
from speql_sql.packed_columns import PackedColumns, TypeSpellings

logger = logging.getLogger(__name__)

FORMAT = 1
"""The number of the layout below: a file with another one is not read."""

_BUSY_SECONDS = 5.0
_BROKEN = (sqlite3.DatabaseError, ValueError, KeyError, TypeError, IndexError, struct.error)
_LAYOUT = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE types (number INTEGER PRIMARY KEY, spelling TEXT NOT NULL);
CREATE TABLE tables (
    database TEXT NOT NULL, schema TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, row_count INTEGER,
    fingerprint INTEGER NOT NULL, columns BLOB NOT NULL, details TEXT,
    PRIMARY KEY (database, schema, name)
) WITHOUT ROWID;
"""
_PUT = "INSERT OR REPLACE INTO tables VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_Row = tuple[str, str, str, str, int | None, int, bytes, str | None]


class CatalogStore:
    """The file of one database's catalog. Every method blocks, and none raises: what cannot be kept is made again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: KnownCatalog | None = None
        self._revision = ""

    def load(self) -> KnownCatalog | None:
        """What was saved last; None if there is nothing, or nothing that can be read."""
        if not self.path.exists():
            return None
        try:
            with closing(self._open(self.path)) as file:
                known, self._revision = _read(file)
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                self._discard(error)
            return None
        except _BROKEN as error:
            self._discard(error)
            return None
        self._kept = known
        return known

    def save(self, known: KnownCatalog) -> None:
        """Keep a catalog that was read as a whole; only what has changed is written, where that is possible."""
        try:
            if self._kept is None or not self._save_changes(self._kept, known):
                self._save_all(known)
        except (OSError, *_BROKEN) as error:
            logger.warning("The catalog cannot be kept in %s: %s", self.path, error)
            self._kept = None
            return
        self._kept = known

    def _open(self, path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)

    def _discard(self, error: Exception) -> None:
        logger.warning("The saved catalog %s cannot be read and is made again: %s", self.path, type(error).__name__)
        for path in (self.path, self.path.with_name(self.path.name + "-journal")):
            path.unlink(missing_ok=True)

    def _save_all(self, known: KnownCatalog) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        revision = uuid.uuid4().hex
        beside = self.path.with_name(f"{self.path.name}.{revision}")
        try:
            with closing(self._open(beside)) as file:
                # Nobody reads it before it is whole: no journal, no waiting for the disk.
                file.execute("PRAGMA synchronous = OFF")
                file.execute("PRAGMA journal_mode = OFF")
                file.execute("BEGIN")
                for statement in filter(str.strip, _LAYOUT.split(";")):
                    file.execute(statement)
                file.executemany(_PUT, _rows(known, range(len(known.catalog.tables))))
                file.executemany("INSERT INTO types VALUES (?, ?)", enumerate(known.types.from_number(0)))
                _write_meta(file, known, revision)
                _write_index(file, known)
                file.execute("COMMIT")
            beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)
        self._revision = revision

    def _save_changes(self, before: KnownCatalog, known: KnownCatalog) -> bool:
        """Write what has changed since ``before`` into the file; False if that is not what is in the file."""
        if not self.path.exists() or known.types is not before.types:
            return False
        with closing(self._open(self.path)) as file:
            file.execute("BEGIN IMMEDIATE")
            meta = dict(file.execute("SELECT name, value FROM meta"))
            if meta.get("revision") != self._revision:
                # Another server has written. If it knows the same, there is nothing to do.
                return bool(known.state) and (meta.get("state"), meta.get("context")) == (known.state, known.context)
            gone, changed = _difference(before, known)
            file.executemany("DELETE FROM tables WHERE database = ? AND schema = ? AND name = ?", gone)
            file.executemany(_PUT, _rows(known, changed))
            first = file.execute("SELECT count(*) FROM types").fetchone()[0]
            file.executemany("INSERT INTO types VALUES (?, ?)", enumerate(known.types.from_number(first), first))
            revision = uuid.uuid4().hex
            _write_meta(file, known, revision)
            if _entries(before) is not _entries(known):
                _write_index(file, known)
            file.execute("COMMIT")
        self._revision = revision
        return True


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _difference(before: KnownCatalog, known: KnownCatalog) -> tuple[list[tuple[str, str, str]], list[int]]:
    """The names of the tables that are gone, and the places of those that are new or not what they were."""
    old = {_name(table): place for place, table in enumerate(before.catalog.tables)}
    changed: list[int] = []
    for place, table in enumerate(known.catalog.tables):
        was = old.pop(_name(table), None)
        same = was is not None and before.fingerprints[was] == known.fingerprints[place]
        if not same or (was is not None and before.catalog.tables[was] is not table):
            changed.append(place)
    return list(old), changed


def _name(table: Table) -> tuple[str, str, str]:
    return table.database, table.schema, table.name


def _rows(known: KnownCatalog, places: Iterable[int]) -> Iterator[_Row]:
    for place in places:
        table = known.catalog.tables[place]
        packed = table.packed or PackedColumns.of(table.columns, known.types)
        fingerprint = known.fingerprints[place]
        yield (*_name(table), table.kind, table.row_count, fingerprint, packed.data, _details(table))


def _details(table: Table) -> str | None:
    """What few tables have, as JSON."""
    keys = [[key.columns, key.target, key.target_columns] for key in table.foreign_keys]
    details = [table.primary_key, table.unique_keys, keys, table.unsafe]
    return json.dumps(details) if any(details) else None


def _write_meta(file: sqlite3.Connection, known: KnownCatalog, revision: str) -> None:
    catalog = known.catalog
    file.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        {
            "format": FORMAT,
            "revision": revision,
            "state": known.state,
            "context": known.context,
            "loaded_at": catalog.loaded_at,
            "dialect": catalog.dialect,
            "path": json.dumps(catalog.path),
            "user_functions": json.dumps(sorted(catalog.user_functions)),
        }.items(),
    )


def _write_index(file: sqlite3.Connection, known: KnownCatalog) -> None:
    index = known.catalog.tables_by_column
    data = index.data if isinstance(index, ColumnIndex) else None
    file.execute("INSERT OR REPLACE INTO meta VALUES ('index', ?)", (data,))


def _entries(known: KnownCatalog) -> object:
    index = known.catalog.tables_by_column
    return index.entries if isinstance(index, ColumnIndex) else None


def _read(file: sqlite3.Connection) -> tuple[KnownCatalog, str]:
    """The catalog in a file, and its revision."""
    file.execute("BEGIN")  # one state, whoever writes meanwhile
    meta: dict[str, Any] = dict(file.execute("SELECT name, value FROM meta"))
    if meta["format"] != FORMAT:
        raise ValueError(f"it is of format {meta['format']}")
    types = TypeSpellings(spelling for (spelling,) in file.execute("SELECT spelling FROM types ORDER BY number"))
    shared: dict[str, str] = {}
    fingerprints: array[int] = array("q")
    tables: list[Table] = []
    rows = file.execute(
        "SELECT database, schema, name, kind, row_count, fingerprint, columns, details FROM tables ORDER BY 1, 2, 3"
    )
    for database, schema, name, kind, row_count, fingerprint, columns, details in rows:
        keys = _keys(details) if details else {}
        database, schema = shared.setdefault(database, database), shared.setdefault(schema, schema)
        packed = PackedColumns(columns, types)
        known_kind: TableKind = "view" if kind == "view" else "table"
        tables.append(Table(name, packed, schema, database, known_kind, row_count=row_count, **keys))
        fingerprints.append(fingerprint)
    catalog = Catalog(
        tables=tuple(tables),
        dialect=meta["dialect"],
        path=tuple((database, schema) for database, schema in json.loads(meta["path"])),
        version="saved",
        user_functions=frozenset(json.loads(meta["user_functions"])),
        loaded_at=meta["loaded_at"],
        _columns_known=ColumnIndex.from_data(tables, meta["index"]) if meta["index"] is not None else None,
    )
    if not catalog.large:
        catalog = _unpacked(catalog)
    return KnownCatalog(catalog, fingerprints, meta["context"], meta["state"], types), meta["revision"]


def _unpacked(catalog: Catalog) -> Catalog:
    """A small catalog is kept as objects: that is faster, and every mistake in the file shows now."""
    tables = tuple(
        Table(
            table.name,
            table.columns,
            table.schema,
            table.database,
            table.kind,
            table.primary_key,
            table.unique_keys,
            table.foreign_keys,
            table.row_count,
            table.bytes,
            table.unsafe,
        )
        for table in catalog.tables
    )
    return catalog.renewed(tables, catalog.version, catalog.loaded_at)


def _keys(details: str) -> dict[str, Any]:
    primary, unique, foreign, unsafe = json.loads(details)
    return {
        "primary_key": tuple(primary),
        "unique_keys": tuple(tuple(key) for key in unique),
        "foreign_keys": tuple(ForeignKey(tuple(columns), target, tuple(names)) for columns, target, names in foreign),
        "unsafe": unsafe,
    }
