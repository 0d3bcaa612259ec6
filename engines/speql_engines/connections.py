"""From what the user calls a database to an engine."""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from speql_engines.adapters import Adapter, AskSecret, OpenOptions, adapter_for, schemes
from speql_engines.cache_directory import catalog_file
from speql_engines.catalog_keeper import NEVER
from speql_engines.catalog_store import CatalogStore
from speql_engines.duckdb.engine import DEFAULT_MEMORY_LIMIT, DuckDBEngine
from speql_engines.engine import ConnectionFailedError, Engine
from speql_sql import Catalog

UserConnection = duckdb.DuckDBPyConnection
"""A connection of the user's own that can be worked on."""

_IN_MEMORY = ":memory:"
# At least two letters, so that `C:\data.duckdb` is a path.
_SCHEME = re.compile(r"^([a-z][a-z0-9+.\-]+):(?://)?(.*)$", re.IGNORECASE | re.DOTALL)


async def open_engine(
    database: str | None,
    *,
    workspace: Path | None = None,
    folders: Sequence[Path] = (),
    writable: bool = False,
    threads: int | None = None,
    memory_limit: str | None = None,
    keep_catalog: bool = False,
    background_tables: int = NEVER,
    dropped: Path | None = None,
    secret: AskSecret | None = None,
    own_process: bool = False,
) -> Engine:
    """Open ``database``: the path of a DuckDB file (``~`` and ``duckdb:`` allowed), ``:memory:`` or None, or the URL of
    another engine's (``postgresql://host/database``), whose adapter is found by its scheme.

    Queries may also read files under ``workspace`` and the ``folders``. ``keep_catalog`` keeps the catalog between
    sessions; one of more than ``background_tables`` tables is loaded in the background. Data files that come to the
    folder ``dropped`` are tables, too. Engines that log in ask ``secret`` for a password or token. ``own_process`` says
    that nobody else in this process opens the file. Raises :class:`ConnectionFailedError`, which says what to do.
    """
    readable = [*([workspace] if workspace is not None else []), *folders]
    if (adapter := _adapter(database)) is not None:
        options = OpenOptions(writable, threads, memory_limit, tuple(readable), secret)
        return await adapter(str(database), options)
    path = _path(database)
    return await DuckDBEngine.open(
        path,
        folders=readable,
        writable=writable,
        threads=threads,
        memory_limit=memory_limit or DEFAULT_MEMORY_LIMIT,
        catalog_file=_kept_in(path) if path is not None and keep_catalog else None,
        background_tables=background_tables,
        dropped=dropped,
        own_process=own_process,
    )


async def borrow_engine(connection: UserConnection) -> DuckDBEngine:
    """Work on a connection of the user's own, which stays the user's; see :meth:`DuckDBEngine.borrow`.

    Raises :class:`ConnectionFailedError` for what is no open connection.
    """
    if not isinstance(connection, duckdb.DuckDBPyConnection):
        raise ConnectionFailedError(
            f"{type(connection).__name__} is no connection that is known here.",
            "Give a DuckDB connection, such as duckdb.connect(), or the path of a DuckDB file.",
        )
    return await DuckDBEngine.borrow(connection)


def saved_catalog(database: str) -> Catalog | None:
    """What the last session has kept of the catalog of ``database``, as ``stale``: nobody has compared it. Blocks."""
    if _adapter(database) is not None:
        return None
    path = _path(database)
    known = CatalogStore(_kept_in(path)).load() if path is not None else None
    return known.catalog.as_stale() if known is not None else None


def _kept_in(path: Path) -> Path:
    return catalog_file("duckdb", str(path.absolute().resolve()))


def _adapter(database: str | None) -> Adapter | None:
    """What opens a database that is no DuckDB file's; None if it is."""
    scheme = _SCHEME.match(database) if database else None
    if scheme is None or scheme[1].lower() == "duckdb" or Path(str(database)).exists():
        return None
    return adapter_for(scheme[1])


def _path(database: str | None) -> Path | None:
    if database is None or database == _IN_MEMORY:
        return None
    if not database.strip():
        raise ConnectionFailedError("The name of the database is empty.", "Name a DuckDB file, or leave it out.")
    scheme = _SCHEME.match(database)
    if scheme and scheme[1].lower() == "duckdb":
        return _path(scheme[2] or _IN_MEMORY)
    if scheme and not Path(database).exists():
        raise ConnectionFailedError(
            f"{scheme[1].lower()}: is no kind of database that this installation of SpeQL opens.",
            f"It opens DuckDB files, and what begins with one of these: {', '.join(schemes())}.",
        )
    if "\0" in database:
        raise ConnectionFailedError("The name of the database holds a null character.", "Name a DuckDB file.")
    try:
        return Path(database).expanduser()
    except RuntimeError as error:
        raise ConnectionFailedError(f"{database} has no home directory: {error}", "Write the path out.") from error
