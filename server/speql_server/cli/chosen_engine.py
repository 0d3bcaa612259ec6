"""The engine that `--database` or `--connection` of a command names."""

from speql_engines import Engine
from speql_engines.catalog_keeper import NEVER
from speql_server.connecting.chosen_profile import chosen_profile
from speql_server.connecting.connection import open_engine_of
from speql_server.connecting.profile import ConnectionProfile
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
        return chosen_profile(connection)
    if database is None and needed:
        raise SpeqlError("No database is named.", "Give --database FILE or --connection NAME.")
    return ConnectionProfile(database=database, keep_catalog=False, background_tables=NEVER)
