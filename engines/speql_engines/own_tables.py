"""The temp tables that an engine has made."""

from dataclasses import dataclass

from speql_engines.engine import EngineError, ResultColumn


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A temp table and the session (its ``generation``) that it is in; one that is being made has no name yet.

    ``own_name`` is what it is called in the database, without a schema; ``sql_name`` is how SQL names it.
    """

    sql_name: str = ""
    own_name: str = ""
    generation: int = 0
    rows: int = 0
    bytes: int = 0
    columns: tuple[ResultColumn, ...] = ()


class OwnTables:
    """The temp tables by the names that SpeQL gave them. Engine threads read it while the event loop changes it."""

    def __init__(self) -> None:
        self._tables: dict[str, OwnTable] = {}

    def reserve(self, name: str) -> None:
        """One of that name is being made; it is an error if there is one."""
        if name in self._tables:
            raise EngineError(f"There is a temp table {name} already.", "Drop it first, or use another name.")
        self._tables[name] = OwnTable()

    def add(self, name: str, table: OwnTable) -> None:
        """It has been made."""
        self._tables[name] = table

    def discard(self, name: str) -> None:
        """It is gone, or was never made."""
        self._tables.pop(name, None)

    def of_generation(self, name: str, generation: int) -> OwnTable | None:
        """The table of that name, if it was made in the session of that generation."""
        table = self._tables.get(name)
        return table if table is not None and table.sql_name and table.generation == generation else None

    def named(self, own_name: str) -> OwnTable | None:
        """The table that is called so in the database, in whatever case."""
        wanted = own_name.lower()
        return next((table for table in self._made if table.own_name.lower() == wanted), None)

    def mentioned_in(self, sql: str) -> bool:
        """Whether a text may read one of them."""
        return any(table.own_name in sql for table in self._made)

    def rows_mentioned_in(self, sql: str) -> tuple[int, ...]:
        """How many rows those have that a text may read, in the order of their first mention."""
        found = [(sql.index(table.own_name), table.rows) for table in self._made if table.own_name in sql]
        return tuple(rows for _, rows in sorted(found))

    @property
    def any_being_made(self) -> bool:
        """Whether one is being made now."""
        return any(not table.own_name for table in tuple(self._tables.values()))

    @property
    def sql_names(self) -> frozenset[str]:
        """How SQL names them."""
        return frozenset(table.sql_name for table in self._made)

    @property
    def _made(self) -> tuple[OwnTable, ...]:
        return tuple(table for table in tuple(self._tables.values()) if table.own_name)
