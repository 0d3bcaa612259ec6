"""The engine that `--database` or `--connection` of a command names."""

from dataclasses import replace
from pathlib import Path

from speql_engines import Engine
from speql_engines.catalog_keeper import NEVER
from speql_server.chosen_profile import chosen_profile
from speql_server.connection import open_engine_of
from speql_server.connection_profile import ConnectionProfile
from speql_sql import SpeqlError


async def open_chosen(database: str | None, connection: str | None = None) -> Engine:
    """Open a database by its name, or a connection by its own; without both an empty database in memory.

    Raises :class:`~speql_sql.SpeqlError` that says what to do.
    """
    return await open_engine_of(chosen(database, connection))


def chosen(database: str | None, connection: str | None, *, needed: bool = False) -> ConnectionProfile:
    """What is opened. Raises :class:`~speql_sql.SpeqlError` if both are given, or none where one is ``needed``."""
    if connection is not None:
        if database is not None:
            raise SpeqlError("--database and --connection name one thing in two ways.", "Give one of them.")
        profile = chosen_profile(connection, Path.cwd())
    elif database is None and needed:
        raise SpeqlError("No database is named.", "Give --database FILE or --connection NAME.")
    else:
        profile = ConnectionProfile(database=database)
    # One question, asked once: nothing is kept of the catalog, and all of it is waited for.
    return replace(profile, keep_catalog=False, background_tables=NEVER)
