"""``speql.connect``: a session on a database."""

from speql_notebook.connected import Database
from speql_notebook.databases import DATABASES
from speql_notebook.session import Session


def connect(database: Database = None, *, writable: bool = False) -> Session:
    """A session on a DuckDB file, on a DuckDB connection of your own, or on an empty database in memory.

    A file is opened read-only, unless it is ``writable``. On a connection of your own nothing of SpeQL's is to be seen,
    and it stays yours to close. Raises :class:`~speql_engines.ConnectionFailedError`, which says what to do.

    >>> with connect() as session:
    ...     session.submit("SELECT 42 AS answer").rows
    [[42]]
    """
    return Session(DATABASES.use(database, writable=writable))
