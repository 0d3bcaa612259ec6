"""The database that a notebook is about: what its cells run on, unless they say otherwise."""

from collections.abc import Callable

from speql_notebook.connected import Database
from speql_notebook.databases import DATABASES, IN_MEMORY, Lease
from speql_notebook.session import Session


class NotebookConnection:
    """One connection at a time: at first an empty database in memory, which is made when it is first needed."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._database: Database = None
        self._named: str | None = None
        self._writable = False
        self._memory: Session | None = None
        self.changed: list[Callable[[], None]] = []
        """Called when it has become another connection."""

    @property
    def session(self) -> Session:
        """The session that cells run in."""
        return self._session or self.connect(self._database, connection=self._named, writable=self._writable)

    @property
    def lease(self) -> Lease:
        """The use of the database, for others to share."""
        return self.session.lease

    @property
    def database(self) -> Database:
        """What it is connected to; None in memory, and for a connection that has a name."""
        return self._database

    @property
    def named(self) -> str | None:
        """The name of the connection that it is; None if it was chosen by its database."""
        return self._named

    def connect(self, database: Database, *, connection: str | None = None, writable: bool = False) -> Session:
        """Change to another database, or to the connection of that name, or stay with the one that it is. The one in
        memory keeps its tables.

        Raises :class:`~speql_sql.SpeqlError`; then it stays what it was.
        """
        wanted = None if database == IN_MEMORY else database
        same = _same(wanted, self._database) and connection == self._named and writable == self._writable
        if self._session is not None and same:
            return self._session
        before, was = self._session, (self._database, self._named, self._writable)
        if before is not None and before is not self._memory:
            # First: DuckDB opens a file once in a process, either for reading or for writing.
            before.close()
        self._session = None
        try:
            self._session = self._opened(wanted, connection, writable)
        except BaseException:
            if before is not None:
                self._session = before if before is self._memory else self._opened(*was)
            raise
        self._database, self._named, self._writable = wanted, connection, writable
        for tell in tuple(self.changed):
            tell()
        return self._session

    def close(self) -> None:
        """Close what was opened. Safe to call twice."""
        for session in (self._session, self._memory):
            if session is not None:
                session.close()
        self._session = self._memory = None
        self._database, self._named, self._writable = None, None, False

    def _opened(self, database: Database, connection: str | None, writable: bool) -> Session:
        if database is not None or connection is not None:
            return Session(DATABASES.use(database, connection=connection, writable=writable))
        if self._memory is None:
            self._memory = Session(DATABASES.use(None))
        return self._memory


def _same(left: Database, right: Database) -> bool:
    """Whether two are the same: of objects it is the very same one."""
    return left == right if isinstance(left, str) and isinstance(right, str) else left is right


NOTEBOOK = NotebookConnection()
"""That of this process: a kernel has one notebook."""
