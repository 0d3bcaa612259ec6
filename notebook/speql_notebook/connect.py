"""``speql.connect``: a session on a database."""

from speql_notebook.connected import Database
from speql_notebook.databases import DATABASES
from speql_notebook.session import Session


def connect(database: Database = None, *, connection: str | None = None, writable: bool = False) -> Session:
    """A session on a DuckDB file, on a DuckDB connection of your own, or on an empty database in memory.

    ``connection`` is the name of one that ``speql connections list`` shows, in the place of a database. Either is
    opened read-only, unless it is ``writable``. On a DuckDB connection of your own nothing of SpeQL's is to be seen,
    and it stays yours to close. Raises :class:`~speql_sql.SpeqlError`, which says what to do.

    >>> with connect() as session:
    ...     session.submit("SELECT 42 AS answer").rows
    [[42]]
    """
    return Session(DATABASES.use(database, connection=connection, writable=writable))
