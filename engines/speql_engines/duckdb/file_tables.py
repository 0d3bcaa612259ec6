"""Data files as views of a DuckDB instance, kept as the files are."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from speql_engines.data_files import READERS, DataFile, State, named, scan
from speql_engines.engine import ConnectionFailedError

logger = logging.getLogger(__name__)

COUNTED_BYTES = 16 << 20
"""Of files that do not tell their rows, so much is read at once to count them."""


@dataclass(frozen=True, slots=True)
class FileView:
    """A view that reads one file: its definition as DuckDB tells it, the file's state, its rows if they are known."""

    definition: str
    state: int
    rows: int | None


class FileTables:
    """Makes a view of each data file of a folder, or of the one file. Guarded by the lock of whoever owns it.

    A view is what a query over the file itself is: nothing is loaded or copied. What changes in the folder is noticed
    when it is asked for, before each statement. A view that the user has made or replaced is the user's. A folder that
    ``may_be_empty`` is one that files are yet to come to.
    """

    def __init__(self, root: Path, *, may_be_empty: bool = False) -> None:
        self.root = root
        self._seen: tuple[tuple[Path, State], ...] = ()
        self._files: dict[str, DataFile] = {}
        self._views: dict[str, FileView] = {}
        if not may_be_empty and not scan(root):
            raise ConnectionFailedError(
                f"{root} has no data files in it.", f"Name a DuckDB file, or a folder with {', '.join(READERS)}."
            )

    @property
    def views(self) -> Mapping[str, FileView]:
        """The views that are there, by their names."""
        return self._views

    def refresh(self, root: duckdb.DuckDBPyConnection) -> bool:
        """Have the views of the files as they are now; whether anything has changed. Blocks."""
        seen = scan(self.root)
        if seen == self._seen:
            return False
        files = {file.table: file for file in named(seen, self.root)}
        changed = [file for table, file in files.items() if self._files.get(table) != file]
        counted = _counted(changed)
        cursor = root.cursor()
        try:
            for table in [table for table in self._views if table not in files]:
                self._drop(cursor, table)
            for file in changed:
                self._make(cursor, file, with_rows=file in counted)
        finally:
            cursor.close()
        self._seen, self._files = seen, files  # last: what failed half-way is done again
        return True

    def _make(self, cursor: duckdb.DuckDBPyConnection, file: DataFile, *, with_rows: bool) -> None:
        name = _quoted(file.table)
        there = _definition(cursor, file.table)
        known = self._views.pop(file.table, None)
        if there is not None and (known is None or known.definition != there):
            return
        try:
            cursor.execute(f"CREATE OR REPLACE VIEW memory.main.{name} AS {file.query}")
        except duckdb.Error as error:
            # Not its words, which may quote rows: who reads the file by its path is told.
            logger.warning("%s is no table: %s", file.path.name, type(error).__name__)
            cursor.execute(f"DROP VIEW IF EXISTS memory.main.{name}")
            return
        made = _definition(cursor, file.table)
        if made is not None:
            rows = _rows(cursor, file) if with_rows else None
            # Positive, of 62 bits: it is put together with fingerprints of DuckDB's.
            self._views[file.table] = FileView(made, hash(file.state) & (2**62 - 1), rows)

    def _drop(self, cursor: duckdb.DuckDBPyConnection, table: str) -> None:
        if self._views.pop(table).definition == _definition(cursor, table):
            cursor.execute(f"DROP VIEW IF EXISTS memory.main.{_quoted(table)}")


def _definition(cursor: duckdb.DuckDBPyConnection, table: str) -> str | None:
    """What is called so now: of a view its definition, of a table an empty text; None if there is nothing."""
    row = cursor.execute(
        "SELECT sql FROM duckdb_views()"
        " WHERE database_name = 'memory' AND schema_name = 'main' AND lower(view_name) = $1"
        " UNION ALL SELECT '' FROM duckdb_tables()"
        " WHERE database_name = 'memory' AND schema_name = 'main' AND lower(table_name) = $1",
        [table.lower()],
    ).fetchone()
    return str(row[0]) if row is not None else None


def _counted(files: Sequence[DataFile]) -> set[DataFile]:
    """Those whose rows are counted: those that tell them, and of others what is read in no time to speak of."""
    found, left = set[DataFile](), COUNTED_BYTES
    for file in files:
        ending = file.path.suffix.lower()
        if ending == ".parquet":
            found.add(file)
        elif ending != ".gz" and file.bytes <= left:  # of what is packed nobody knows how much it is
            found.add(file)
            left -= file.bytes
    return found


def _rows(cursor: duckdb.DuckDBPyConnection, file: DataFile) -> int | None:
    """Its rows; of a Parquet file as it tells them, without being read."""
    try:
        if file.path.suffix.lower() == ".parquet":
            row = cursor.execute("SELECT sum(num_rows) FROM parquet_file_metadata($1)", [str(file.path)]).fetchone()
        else:
            row = cursor.execute(f"SELECT count(*) FROM ({file.query})").fetchone()
    except duckdb.Error:
        return None
    return int(row[0]) if row is not None and row[0] is not None else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
