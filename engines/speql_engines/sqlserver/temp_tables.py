"""What makes, measures and drops a temp table on the server."""

from collections.abc import Sequence

from speql_engines.engine import EngineError
from speql_engines.sqlserver.query_parts import ROWS, parts_of, quoted
from speql_engines.sqlserver.results import Described
from speql_engines.sqlserver.server import Server
from speql_engines.sqlserver.sessions import DriverError, Session
from speql_sql import Problem


def making(server: Server, own_name: str, sql: str, columns: Sequence[Described], most_rows: int | None) -> str:
    """What makes one of a query: in T-SQL its CTEs come first, and all of its columns need names."""
    parts = parts_of(sql)
    named = [column.name.lower() for column in columns]
    if parts is None or not all(named) or len(set(named)) < len(named):
        message = "A temp table of this query cannot be made: each column needs a name of its own, and it no options."
        raise EngineError(message, "Name its columns: ... AS name.", Problem("not-supported", message))
    if server.is_serverless_pool:
        message = "A serverless pool of Synapse has no temp tables that hold rows of files."
        raise EngineError(message, "Its queries run on your files.", Problem("not-supported", message))
    top = f"TOP ({most_rows + 1}) " if most_rows is not None else ""
    if server.is_dedicated_pool:
        head = f"CREATE TABLE {quoted(own_name)} WITH (HEAP, DISTRIBUTION = ROUND_ROBIN) AS\n"
        return head + parts.within(f"SELECT {top}* FROM {ROWS}")
    return parts.within(f"SELECT {top}* INTO {quoted(own_name)} FROM {ROWS}")


def dropping(own_name: str) -> str:
    """What drops it, if it is there."""
    return f"IF OBJECT_ID(N'tempdb..{_told(own_name)}') IS NOT NULL DROP TABLE {quoted(own_name)}"


def bytes_of(session: Session, own_name: str, rows: int, columns: int) -> int:
    """The size that the server tells; to whom it does not tell it, eight bytes a value."""
    asked = (
        "SELECT SUM(used_page_count) * 8192 FROM tempdb.sys.dm_db_partition_stats "
        f"WHERE object_id = OBJECT_ID(N'tempdb..{_told(own_name)}')"
    )
    try:
        found = session.rows(asked)
    except DriverError:
        if session.broken:
            raise
        found = []
    return int(found[0][0]) if found and found[0][0] else rows * columns * 8


def _told(own_name: str) -> str:
    return own_name.replace("'", "''")
